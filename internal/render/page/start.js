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
// A page of paper is as wide as it is.
window.addEventListener("beforeprint", () => (matrix.style.zoom = Math.min(0.8, 1040 / matrix.offsetWidth)));
window.addEventListener("afterprint", () => (matrix.style.zoom = ""));
window.addEventListener("hashchange", followFragment);
followFragment();
