// SPDX-License-Identifier: GPL-2.0-or-later

// The matrix: sorting, filters, the number that cells show, and going about in it by keys. The table itself is in the page's HTML.
const matrix = document.getElementById("matrix");
const body = matrix.tBodies[0];
const bootAt = (td) => (td && td.dataset.boot !== undefined ? boots[td.dataset.boot] : null);

const state = {
  sort: null, // {kind: "label" | "release", column, direction: 1 | -1}
  words: [],
  classes: new Set(),
  marks: new Set(),
  from: 0,
  to: Infinity,
  metric: metrics[0],
};

const tableRows = [...body.rows].map((tr, order) => ({
  tr,
  order,
  labels: [...tr.cells[0].querySelectorAll("span[title]")].map((s) => s.title),
  cells: [...tr.cells].slice(1, -1).map((td) => ({ td, boot: bootAt(td) })),
}));
for (const row of tableRows) row.words = row.labels.join(" ").toLowerCase();

const releaseHeads = [...matrix.tHead.rows[0].cells].slice(1, -1);

// A head sorts: first one way, then the other, then as it was.
function sortBy(kind, column, head) {
  const first = kind === "label" ? 1 : -1; // names from a to z, numbers from the largest
  const s = state.sort;
  if (!s || s.kind !== kind || s.column !== column) state.sort = { kind, column, direction: first, head };
  else if (s.direction === first) state.sort = { ...s, direction: -first };
  else state.sort = null;
  showOrder();
}

function showOrder() {
  const s = state.sort;
  let list = tableRows;
  if (s) {
    const value = (row) => {
      if (s.kind === "label") return row.labels[s.column];
      const boot = row.cells[s.column].boot;
      return boot && boot.well ? boot.counts[state.metric.at] : null;
    };
    list = sorted(tableRows, value, s.direction < 0);
  }
  body.append(...list.map((row) => row.tr));
  for (const e of matrix.tHead.querySelectorAll("[data-direction]")) delete e.dataset.direction;
  for (const th of matrix.tHead.querySelectorAll("[aria-sort]")) th.removeAttribute("aria-sort");
  if (s) {
    s.head.dataset.direction = s.direction > 0 ? "up" : "down";
    s.head.closest("th").setAttribute("aria-sort", s.direction > 0 ? "ascending" : "descending");
  }
  showRepeats();
}

// Words of the row above are not said again.
function showRepeats() {
  let above = [];
  for (const tr of body.rows) {
    if (tr.hidden) continue;
    let same = true;
    [...tr.cells[0].querySelectorAll("span[title]")].forEach((span, i) => {
      same = same && above[i] === span.title;
      span.classList.toggle("repeat", same);
      above[i] = span.title;
    });
  }
}

// matches says whether a cell is among what was asked for.
function matches(boot) {
  if (!boot) return false;
  const byClass = state.classes.size === 0 || state.classes.has(boot.class.split(" ")[0]);
  const byMark = state.marks.size === 0 || [...(boot.marks || "")].some((m) => state.marks.has(m));
  return byClass && byMark;
}

function showFilter() {
  const picking = state.classes.size > 0 || state.marks.size > 0;
  const seen = (column) => column >= state.from && column <= state.to;
  let shownRows = 0;
  let shownBoots = 0;
  for (const row of tableRows) {
    const named = state.words.every((w) => (w[0] === "-" && w.length > 1 ? !row.words.includes(w.slice(1)) : row.words.includes(w)));
    let hits = 0;
    row.cells.forEach((cell, column) => {
      cell.td.hidden = !seen(column);
      const hit = matches(cell.boot);
      cell.td.classList.toggle("dim", picking && !hit);
      if (hit && seen(column)) hits++;
    });
    row.tr.hidden = !named || (picking && hits === 0);
    if (!row.tr.hidden) {
      shownRows++;
      shownBoots += hits;
    }
  }
  releaseHeads.forEach((th, column) => (th.hidden = !seen(column)));
  const filtered = picking || state.words.length > 0 || state.from > 0 || state.to < releaseHeads.length - 1;
  document.getElementById("shown").textContent = filtered ? `${count(shownBoots)} of ${count(boots.length)} boots, ${shownRows} of ${tableRows.length} rows` : "";
  document.getElementById("reset").hidden = !filtered;
  showRepeats();
  rove();
}

// The number that cells show; their colour goes with it, by the same threshold.
function showMetric() {
  for (const { cells } of tableRows) {
    for (const { td, boot } of cells) {
      if (!boot || !boot.well) continue;
      const at = state.metric.at;
      const now = boot.counts[at];
      const previous = boots[boot.previous];
      const [head, cost] = [td.querySelector("b"), td.querySelector("i")];
      if (at === INSTRUCTIONS) {
        head.textContent = td.dataset.head;
        cost.textContent = td.dataset.cost;
        td.className = boot.class;
        continue;
      }
      head.textContent = now < 0 ? "–" : count(now);
      let [name, arrow] = previous ? (previous.well ? ["same", "="] : ["other", ""]) : ["first", ""];
      let changed = "";
      if (previous && previous.well) {
        const old = previous.counts[at];
        changed = old < 0 || now < 0 ? "" : share(old, now);
        const size = old > 0 ? Math.abs(now - old) / old : Number(now !== old);
        if (changed !== "" && size > data.threshold) {
          [name, arrow] = now > old ? ["slower", "▲"] : ["faster", "▼"];
          name += size >= 0.25 ? " step3" : size >= 0.1 ? " step2" : " step1";
        } else if (changed !== "" || boot.marks) {
          [name, arrow] = ["other", ""];
        }
      }
      cost.textContent = arrow + changed;
      td.className = name;
    }
  }
  document.querySelector("#matrix caption").textContent = `${state.metric.name} to the point asked for, by release`;
  showFilter();
  if (state.sort) showOrder();
}

// One cell of the matrix is in the order of the tabulator; arrows go from there.
let roving = null;

function rove(link) {
  if (!link && roving && roving.offsetParent) return;
  link = link || [...body.querySelectorAll("td a")].find((a) => a.offsetParent);
  if (roving) roving.tabIndex = -1;
  roving = link || null;
  if (roving) roving.tabIndex = 0;
}

const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function goByKey(event) {
  const link = event.target.closest("td a");
  const step = steps[event.key];
  if (!link || !step || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const shown = [...body.rows].filter((tr) => !tr.hidden);
  let row = shown.indexOf(link.closest("tr"));
  let column = link.closest("td").cellIndex;
  for (;;) {
    row += step[0];
    column += step[1];
    const td = shown[row] && shown[row].cells[column];
    if (!td) return;
    const next = td.hidden ? null : td.querySelector("a");
    if (next) {
      rove(next);
      next.focus();
      return;
    }
  }
}

// toggles makes buttons of the legend: what is pressed is shown, the rest is dimmed, and rows without any of it are hidden.
function toggles(container, key, set, has) {
  for (const chip of document.querySelectorAll(`#${container} .chip`)) {
    const value = chip.dataset[key];
    const n = boots.filter((b) => has(b, value)).length;
    const button = h("button.chip", { type: "button", ariaPressed: "false", disabled: n === 0, title: "show these only" }, [...chip.childNodes], h("em", {}, count(n)));
    button.dataset[key] = value;
    button.addEventListener("click", () => {
      if (!set.delete(value)) set.add(value);
      button.ariaPressed = String(set.has(value));
      showFilter();
    });
    chip.replaceWith(button);
  }
}

function setUpMatrix() {
  for (const { cells } of tableRows) {
    for (const { td } of cells) {
      const a = td.querySelector("a");
      if (!a) continue;
      a.tabIndex = -1;
      td.dataset.head = td.querySelector("b").textContent;
      td.dataset.cost = td.querySelector("i").textContent;
    }
  }
  for (const span of matrix.tHead.querySelectorAll("[data-sort]")) {
    const kind = span.dataset.sort;
    const column = kind === "label" ? Number(span.dataset.label) : releaseHeads.indexOf(span.closest("th"));
    const button = h("button", { type: "button", title: "sort" }, [...span.childNodes]);
    button.addEventListener("click", () => sortBy(kind, column, button));
    span.append(button);
  }
  const [from, to, metric, filter] = ["from", "to", "metric", "filter"].map((id) => document.getElementById(id));
  releaseHeads.forEach((th, i) => {
    from.append(h("option", { value: i }, th.title));
    to.append(h("option", { value: i }, th.title));
  });
  state.to = Math.max(releaseHeads.length - 1, 0);
  to.value = state.to;
  from.addEventListener("change", () => {
    state.from = Number(from.value);
    if (state.from > state.to) to.value = state.to = state.from;
    showFilter();
  });
  to.addEventListener("change", () => {
    state.to = Number(to.value);
    if (state.to < state.from) from.value = state.from = state.to;
    showFilter();
  });
  metrics.forEach((m, i) => metric.append(h("option", { value: i }, m.name)));
  metric.addEventListener("change", () => {
    state.metric = metrics[metric.value];
    showMetric();
  });
  filter.addEventListener("input", () => {
    state.words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    showFilter();
  });
  toggles("chips", "class", state.classes, (b, c) => b.class.split(" ")[0] === c);
  toggles("marks", "mark", state.marks, (b, m) => (b.marks || "").includes(m));
  document.getElementById("reset").addEventListener("click", () => {
    state.words = [];
    filter.value = "";
    state.classes.clear();
    state.marks.clear();
    for (const b of document.querySelectorAll("button.chip")) b.ariaPressed = "false";
    from.value = state.from = 0;
    to.value = state.to = Math.max(releaseHeads.length - 1, 0);
    showFilter();
  });
  body.addEventListener("keydown", goByKey);
  body.addEventListener("focusin", (event) => {
    const link = event.target.closest("td a");
    if (link) rove(link);
  });
  document.getElementById("controls").hidden = false;
  showFilter();
}
