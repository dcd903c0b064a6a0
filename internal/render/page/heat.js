// SPDX-License-Identifier: GPL-2.0-or-later

// The map of a sweep, as internal/render/heatpage.go packs it. A cell is known by its number: maps, then rows, then columns.
const frame = document.getElementById("frame");
const picture = frame.querySelector("svg");
const panel = document.getElementById("variant");
const SVG = "http://www.w3.org/2000/svg";

// unpack makes a list of numbers of one that is told as runs.
function unpack(packed) {
  if (packed.list) return packed.list;
  const list = [];
  const runs = packed.runs || [];
  for (let i = 0; i < runs.length; i += 2) {
    for (let k = 0; k < runs[i + 1]; k++) list.push(runs[i]);
  }
  return list;
}

const state = unpack(data.state);
const end = unpack(data.end);
const facts = data.facts.map((f) => ({ title: f.title, values: unpack(f.values) }));
const parents = unpack(data.parents);
const last = unpack(data.last);
const commands = unpack(data.command);
const WELL = 2; // the states up to this one are those of boots that are well

// Where a cell is.
const perMap = data.across * data.down;
const mapOf = (cell) => Math.floor(cell / perMap);
const rowOf = (cell) => Math.floor((cell % perMap) / data.across);
const columnOf = (cell) => cell % data.across;
const cellAt = (map, row, column) => map * perMap + row * data.across + column;
const across = data.axes[data.axes.length - 1];

// exists says whether a cell stands for a variant: the last row of a long axis may be shorter.
function exists(cell) {
  if (cell < 0 || cell >= state.length) return false;
  return !data.wrapped || cell % perMap < across.labels.length;
}

// place is a cell's values of the axes, in the order of the sweep.
function place(cell) {
  const list = [];
  const n = data.axes.length;
  const inMap = data.wrapped ? 1 : Math.min(2, n);
  const add = (axis, k) => list.push({ at: axis.at, title: axis.title, value: axis.labels[k] });
  let map = mapOf(cell) % data.maps;
  for (let i = n - inMap - 1; i >= 0; i--) {
    const axis = data.axes[i];
    add(axis, map % axis.labels.length);
    map = Math.floor(map / axis.labels.length);
  }
  if (inMap === 2) add(data.axes[n - 2], rowOf(cell));
  if (n > 0) add(across, data.wrapped ? cell % perMap : columnOf(cell));
  list.sort((a, b) => a.at - b.at);
  if (data.binaries.length > 1) list.unshift({ title: "binary", value: data.binaries[Math.floor(mapOf(cell) / data.maps)] });
  return list;
}

const nameOf = (cell) => place(cell).map((p) => p.title + "=" + p.value).join(", ") || "the machine as it is";

function command(cell) {
  const list = [];
  for (let n = commands[cell] || 0; n > 0; n = parents[n]) list.unshift(data.words[last[n]]);
  return list.join(" ");
}

// show tells of a cell in the panel.
function show(cell) {
  const ended = state[cell] ? data.ends[end[cell]] : data.states[0];
  const rows = facts.map((f) => [f.title, data.texts[f.values[cell]]]).filter((r) => state[cell] && r[1] && r[1] !== "–");
  const line = command(cell);
  const code = h("code", { id: "command" }, line);
  const copy = h("button", { type: "button" }, "copy");
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(line);
      copy.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(code); // no clipboard here: it is marked, so that Ctrl-C takes it
    }
  });
  panel.replaceChildren(
    h("h2", {}, nameOf(cell)),
    h(state[cell] > WELL ? "p.ended.bad" : "p.ended", {}, ended),
    h("table", {}, h("tbody", {}, rows.map(([k, v]) => h("tr", {}, h("th", { scope: "row" }, k), h("td", {}, v))))),
    line ? h("p.command", {}, code, copy) : "",
  );
}

// The cell that is looked at, -1: none; and whether it stays when the pointer goes on.
let current = -1;
let kept = false;
const marks = ["halo", "cursor"].map((name) => {
  const r = document.createElementNS(SVG, "rect");
  r.setAttribute("class", name);
  return r;
});

function look(cell) {
  if (!exists(cell) || cell === current) return;
  current = cell;
  const plot = data.plots[mapOf(cell)];
  for (const r of marks) {
    r.setAttribute("x", plot.x + columnOf(cell) * data.width);
    r.setAttribute("y", plot.y + rowOf(cell) * data.height);
    r.setAttribute("width", data.width);
    r.setAttribute("height", data.height);
    if (!r.isConnected) picture.append(r);
  }
  show(cell);
}

function keep(cell) {
  look(cell);
  kept = true;
  history.replaceState(null, "", "#" + cell);
}

function drop() {
  kept = false;
  history.replaceState(null, "", location.pathname + location.search);
}

// under is the cell below the pointer; -1: none.
function under(event) {
  const box = picture.getBoundingClientRect();
  const scale = picture.viewBox.baseVal.width / box.width;
  const x = (event.clientX - box.left) * scale;
  const y = (event.clientY - box.top) * scale;
  for (const [map, plot] of data.plots.entries()) {
    const column = Math.floor((x - plot.x) / data.width);
    const row = Math.floor((y - plot.y) / data.height);
    if (column < 0 || row < 0 || column >= data.across || row >= data.down) continue;
    const cell = cellAt(map, row, column);
    return exists(cell) ? cell : -1;
  }
  return -1;
}

// beside is the cell so many columns and rows on; over the edge of a map comes the next one.
function beside(columns, rows) {
  const map = mapOf(current);
  const row = rowOf(current) + rows;
  const column = columnOf(current) + columns;
  if (column < 0 || column >= data.across) return data.wrapped ? current + columns : current;
  if (row < 0) return map > 0 ? cellAt(map - 1, data.down - 1, column) : current;
  if (row >= data.down) return cellAt(map + 1, 0, column);
  return cellAt(map, row, column);
}

// change is the next cell that was booted and ended otherwise; back: the one before.
function change(step) {
  const from = Math.max(current, 0);
  for (let cell = from + step; cell >= 0 && cell < state.length; cell += step) {
    if (state[cell] && (state[cell] !== state[from] || end[cell] !== end[from])) return cell;
  }
  return from;
}

const keys = {
  ArrowRight: () => beside(1, 0),
  ArrowLeft: () => beside(-1, 0),
  ArrowDown: () => beside(0, 1),
  ArrowUp: () => beside(0, -1),
  Home: () => cellAt(mapOf(current), rowOf(current), 0),
  End: () => cellAt(mapOf(current), rowOf(current), data.across - 1),
  PageDown: () => (mapOf(current) + 1) * perMap,
  PageUp: () => Math.max(mapOf(current) - 1, 0) * perMap,
  n: () => change(1),
  p: () => change(-1),
};

frame.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Escape") return drop();
  if (event.key === "Enter" && current >= 0) return keep(current);
  const go = keys[event.key];
  if (!go) return;
  event.preventDefault();
  kept = false;
  look(current < 0 ? 0 : go()); // where nothing was looked at, the first comes first
});
picture.addEventListener("pointermove", (event) => {
  const cell = under(event);
  if (cell >= 0 && !kept) look(cell);
});
picture.addEventListener("click", (event) => {
  const cell = under(event);
  if (cell >= 0) keep(cell);
  else drop();
});
document.getElementById("next").addEventListener("click", () => keep(change(1)));
document.getElementById("before").addEventListener("click", () => keep(change(-1)));

// The fragment is the number of a cell that was kept.
function follow() {
  const cell = Number(location.hash.slice(1));
  if (location.hash.length > 1 && Number.isInteger(cell) && exists(cell)) {
    look(cell);
    kept = true;
  }
}
window.addEventListener("hashchange", follow);
document.getElementById("controls").hidden = false;
follow();
