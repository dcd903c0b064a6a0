// SPDX-License-Identifier: GPL-2.0-or-later

setUpMatrix();
dialog.addEventListener("close", closedBoot);
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) closeBoot(); // beside the panel
});
document.addEventListener("keydown", turnByKey);
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || dialog.open || event.target.closest("input, select, textarea")) return;
  event.preventDefault();
  document.getElementById("filter").focus();
});
window.addEventListener("hashchange", followFragment);
followFragment();
