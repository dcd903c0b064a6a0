// SPDX-License-Identifier: GPL-2.0-or-later

// The page's data, as internal/render/pagedata.go packs it: texts and columns are kept once, boots tell them by number.
const data = JSON.parse(document.getElementById("data").textContent);
const boots = data.boots;
const text = (n) => data.texts[n || 0];

// What boots[i].counts holds.
const metrics = [
  { name: "instructions", at: 0 },
  { name: "system calls", at: 1 },
  { name: "memory pages", at: 2 },
  { name: "threads", at: 3 },
  { name: "Ps", at: 4 },
  { name: "files asked for", at: 5 },
];
const INSTRUCTIONS = 0;

// rows makes objects of a table's columns; a field that begins with # is a number, the others are texts.
function rows(columns, ...fields) {
  if (!columns || columns.length === 0) return [];
  const lists = columns.map((c) => data.columns[c]);
  return lists[0].map((_, i) => {
    const row = {};
    fields.forEach((f, k) => {
      if (f[0] === "#") row[f.slice(1)] = lists[k][i];
      else row[f] = text(lists[k][i]);
    });
    return row;
  });
}

const lines = (column) => data.columns[column || 0].map(text);

// systemCalls are a boot's, with the instructions of all threads before each.
function systemCalls(boot) {
  const list = [];
  for (const r of rows(boot.calls, "#run", "#at", "#n")) {
    const [thread, phase, calls, distances] = data.runs[r.run];
    let at = r.at;
    data.columns[calls].forEach((c, i) => {
      const [name, result, ...args] = data.calls[c].map(text);
      at += data.columns[distances][i];
      list.push({ n: r.n + i, thread, phase: text(phase), name, args: args.join(", "), result, at });
    });
  }
  return list;
}

const count = (n) => n.toLocaleString("en-US");

// share is a change for people, as diff.Amount.Percent writes it.
function share(old, now) {
  if (old === now) return "";
  if (old === 0) return "new";
  if (now === 0) return "gone";
  const s = (now - old) / old;
  if (s >= 2) return "×" + Number((s + 1).toPrecision(3));
  const digits = Math.abs(s) < 0.095 ? 1 : 0;
  if (Math.abs(s) < 0.0005) return "≈";
  return (s < 0 ? "-" : "+") + (100 * Math.abs(s)).toFixed(digits) + "%";
}

// h makes an element: h("td.number", {title: "x"}, "text", other). Texts stay texts: nothing of a report becomes markup.
function h(tag, properties, ...children) {
  const [name, ...classes] = tag.split(".");
  const e = document.createElement(name);
  if (classes.length) e.className = classes.join(" ");
  for (const [k, v] of Object.entries(properties || {})) {
    if (v === undefined || v === null || v === false) continue;
    if (k in e) e[k] = v;
    else e.setAttribute(k, v === true ? "" : v);
  }
  e.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false && c !== ""));
  return e;
}

// sorted is a list by a value, descending when so asked; what is equal stays as it was.
function sorted(list, value, descending) {
  const sign = descending ? -1 : 1;
  return [...list].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === y) return 0;
    if (x === null) return 1; // what has no value stands last, either way
    if (y === null) return -1;
    return typeof x === "number" && typeof y === "number" ? sign * (x - y) : sign * String(x).localeCompare(String(y), "en", { numeric: true });
  });
}
