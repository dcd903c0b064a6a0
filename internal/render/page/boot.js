// SPDX-License-Identifier: GPL-2.0-or-later

// A boot's panel. It is made when it is opened, and has the boot's name as the page's fragment.
const dialog = document.getElementById("boot");
const byID = new Map(boots.map((b, i) => [b.id, i]));
const phaseFields = ["name", "function", "#start", "#instructions", "#syscalls"];
const initFields = ["package", "function", "#start", "#instructions", "#syscalls"];

const section = (title, note, ...content) => h("section", {}, h("h3", {}, title, note ? h("small", {}, note) : null), content);
const fragment = (b) => "#" + encodeURIComponent(b.id).replaceAll("%2F", "/");
const named = (b) => [text(b.program), text(b.go), text(b.arch), text(b.variant), text(b.machine)];

function drawBoot(index) {
  const b = boots[index];
  const old = boots[b.previous];
  dialog.replaceChildren(
    header(b, old),
    h("div.panel", {}, figures(b, old), death(b), h("div.columns", {}, h("div", {}, phases(b, old), schedinit(b, old), inits(b, old)), h("div", {}, changes(b, old), values(b, old), files(b), machine(b), output(b))), calls(b), command(b)),
  );
  dialog.dataset.boot = index;
}

function header(b, old) {
  const go = (target, label, key) =>
    target >= 0 ? h("a.button", { href: fragment(boots[target]), title: `${boots[target].id} (${key})` }, label(text(boots[target].go))) : h("span.button.none", {}, label("none"));
  const close = h("button", { type: "button", title: "close (Escape)", id: "close" }, "✕");
  close.addEventListener("click", closeBoot);
  const [program, ...place] = named(b);
  return h(
    "header", {},
    h("h2", { id: "boot-title", tabIndex: -1, autofocus: true }, h("small", {}, program), " ", place.filter((w, i) => i !== 2 || w !== "exe").map((w) => h("span", {}, w))),
    h("nav", {}, go(b.previous, (n) => "← " + n, "left arrow"), go(b.next, (n) => n + " →", "right arrow"), close),
  );
}

// figures are the boot's numbers, with what they were in the neighbour's.
function figures(b, old) {
  const list = metrics.filter((m) => b.counts[m.at] >= 0).map((m) => {
    const now = b.counts[m.at];
    const was = old && old.counts[m.at] >= 0 ? old.counts[m.at] : null;
    const delta = was === null ? "" : was === now ? "=" : share(was, now);
    return h("li", { title: was === null ? "" : `${count(was)} with ${text(old.go)}` }, h("b", {}, count(now)), " " + m.name, h("i", {}, delta));
  });
  const end = h("li.end" + (b.well ? "" : ".bad"), {}, h("b", {}, (b.well ? "" : "✕ ") + text(b.end)));
  if (b.exit !== undefined) list.push(h("li", {}, h("b", {}, String(b.exit)), " exit code"));
  if (b.signal) list.push(h("li", {}, h("b", {}, text(b.signal))));
  return h("ul.figures", {}, end, list);
}

// death is why a boot did not end well: what a reader looks for first.
function death(b) {
  if (b.well) return null;
  return h("div.death", { role: "alert" }, h("p", {}, text(b.reason) || text(b.end)), b.fault ? h("p.code", {}, text(b.fault)) : null, b.stderr ? h("pre", {}, text(b.stderr)) : null);
}

// changes are what package diff says of the boot and its left neighbour.
function changes(b, old) {
  if (!old) return section("Difference", null, h("p.none", {}, "There is no release to the left to compare with."));
  const list = rows(b.diff, "mark", "sign", "op", "kind", "subject", "text");
  const title = ["Difference to ", text(old.go)];
  if (list.length === 0) return section(title, null, h("p.none", {}, "None: the two boots do the same."));
  const table = listing(
    [
      { title: "", value: (c) => c.mark, show: (c) => [h("u", {}, c.mark)] },
      { title: "", value: (c) => c.sign, show: (c) => c.sign },
      { title: "kind", value: (c) => c.kind },
      { title: "what", code: true, value: (c) => c.subject },
      { title: "how", value: (c) => c.text },
    ],
    list,
    { kind: ".diff", rowClass: (c) => "." + c.op },
  );
  return section(title, `${list.length}, instructions and pages beyond ${100 * data.threshold}%`, table.element);
}

function phases(b, old) {
  const list = rows(b.phases, ...phaseFields);
  if (list.length === 0) return null;
  const before = old ? rows(old.phases, ...phaseFields) : [];
  const total = (l) => l.reduce((sum, p) => sum + p.instructions, 0);
  const most = Math.max(total(list), total(before));
  const sum = total(list);
  const was = new Map(before.map((p) => [p.name, p]));
  const table = listing(
    [
      { title: "phase", value: (p) => data.phases.indexOf(p.name), show: (p) => [h("span.swatch." + hue(p.name)), p.name] },
      { title: "function", code: true, value: (p) => p.function },
      { title: "instructions", number: true, value: (p) => p.instructions, show: (p) => count(p.instructions) },
      { title: "share", number: true, value: (p) => p.instructions, show: (p) => percent(p.instructions, sum) },
      { title: "change", number: true, value: (p) => (was.has(p.name) ? p.instructions - was.get(p.name).instructions : null), show: (p) => delta(p, was.get(p.name), old) },
      { title: "calls", number: true, value: (p) => p.syscalls, show: (p) => String(p.syscalls) },
    ],
    list,
  );
  return section("Phases", "by instructions", before.length ? stack(before, most, text(old.go)) : null, stack(list, most, text(b.go)), table.element);
}

function delta(now, was, old) {
  if (!old) return "";
  return was ? share(was.instructions, now.instructions) || "=" : "new";
}

// costs are parts of the boot with a bar for what each took.
function costs(title, note, list, old, was, name, order) {
  if (list.length === 0) return null;
  const most = Math.max(...list.map((p) => p.instructions));
  list.forEach((p, i) => (p.order = i + 1));
  const table = listing(
    [
      { title: "#", number: true, ascending: true, value: (p) => p.order },
      { title: name, code: true, value: (p) => p[name], show: (p) => [h("span", { title: p.function }, p[name])] },
      { title: "instructions", number: true, value: (p) => p.instructions, show: (p) => count(p.instructions) },
      { title: "", value: (p) => p.instructions, show: (p) => [bar(p.instructions, most)] },
      { title: "change", number: true, value: (p) => (was.has(p.function) ? p.instructions - was.get(p.function).instructions : null), show: (p) => delta(p, was.get(p.function), old) },
      { title: "calls", number: true, value: (p) => p.syscalls, show: (p) => (p.syscalls ? String(p.syscalls) : "") },
    ],
    list,
    { kind: ".costs", order, limit: 40 },
  );
  return section(title, note, table.element);
}

const byFunction = (list) => new Map(list.map((p) => [p.function, p]));

function schedinit(b, old) {
  const list = rows(b.schedinit, ...phaseFields);
  return costs("Inside schedinit", `${list.length} calls, in order`, list, old, byFunction(old ? rows(old.schedinit, ...phaseFields) : []), "name", null);
}

function inits(b, old) {
  const list = rows(b.inits, ...initFields);
  const sum = list.reduce((n, p) => n + p.instructions, 0);
  return costs("Package initialisers", `${list.length}, ${count(sum)} instructions, by cost`, list, old, byFunction(old ? rows(old.inits, ...initFields) : []), "package", { column: 2, descending: true });
}

function values(b, old) {
  const list = rows(b.values, "key", "value");
  const title = "What the runtime concluded";
  if (list.length === 0) return b.well ? section(title, null, h("p.none", {}, "Unknown: the binary has no symbols.")) : null;
  const was = new Map((old ? rows(old.values, "key", "value") : []).map((v) => [v.key, v.value]));
  return section(
    title, null,
    h("table", {}, h("tbody", {}, list.map((v) => {
      const differs = old && was.get(v.key) !== v.value;
      return h("tr" + (differs ? ".differs" : ""), {}, h("th", { scope: "row" }, v.key), h("td.code", {}, v.value), h("td.code.was", {}, differs ? "≠ " + (was.has(v.key) ? was.get(v.key) : "unknown") : ""));
    }))),
  );
}

function files(b) {
  const list = rows(b.files, "path", "call", "phase", "error");
  if (list.length === 0) return null;
  const table = listing([{ title: "path", code: true, value: (f) => f.path }, { title: "call", value: (f) => f.call }, { title: "phase", value: (f) => f.phase }, { title: "answer", value: (f) => f.error || "ok" }], list, { kind: ".files", rowClass: (f) => (f.error ? ".failed" : "") });
  return section("Files asked for", `${list.length}, in order`, table.element);
}

function machine(b) {
  const keys = rows(b.keys, "key", "value");
  return section(
    ["Machine ", text(b.machine)], text(b.about),
    keys.length ? h("table", {}, h("tbody", {}, keys.map((k) => h("tr", {}, h("th", { scope: "row" }, k.key), h("td.code", {}, k.value))))) : h("p.none", {}, "The default machine; no key differs."),
  );
}

function output(b) {
  const events = lines(b.events);
  return [
    events.length ? section("Events", "what the faked kernel met", h("ul.events", {}, events.map((e) => h("li.code", {}, e)))) : null,
    b.stdout ? section("Standard output", null, h("pre", {}, text(b.stdout))) : null,
    b.stderr && b.well ? section("Standard error", null, h("pre", {}, text(b.stderr))) : null,
  ];
}

// calls are the system calls, by name above and one by one below.
function calls(b) {
  const all = systemCalls(b);
  if (all.length === 0) return null;
  const byName = new Map();
  for (const c of all) byName.set(c.name, (byName.get(c.name) || 0) + 1);
  const filter = h("input", { type: "search", placeholder: "openat ENOENT init", title: "words that a call has", autocomplete: "off", ariaLabel: "filter system calls" });
  const found = h("output", {});
  const table = listing(
    [
      { title: "#", number: true, ascending: true, value: (c) => c.n },
      { title: "thread", number: true, ascending: true, value: (c) => c.thread },
      { title: "phase", value: (c) => c.phase, show: (c) => [h("span.swatch." + hue(c.phase)), c.phase] },
      { title: "call", code: true, value: (c) => c.name, show: (c) => [h("b", {}, c.name), `(${c.args})`] },
      { title: "result", code: true, value: (c) => c.result },
      { title: "at instruction", number: true, ascending: true, value: (c) => c.at, show: (c) => count(c.at) },
    ],
    all,
    { kind: ".calls", limit: 600, rowClass: (c) => (c.result.startsWith("-1 ") ? ".failed" : "") },
  );
  const show = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const list = all.filter((c) => words.every((w) => `${c.name}(${c.args}) = ${c.result} ${c.phase}`.toLowerCase().includes(w)));
    found.textContent = words.length ? `${list.length} of ${all.length}` : "";
    table.show(list);
  };
  filter.addEventListener("input", show);
  const names = sorted([...byName], (n) => n[1], true).map(([name, n]) => {
    const button = h("button.chip", { type: "button" }, name, h("em", {}, String(n)));
    button.addEventListener("click", () => {
      filter.value = filter.value === name + "(" ? "" : name + "(";
      show();
    });
    return button;
  });
  const left = b.leftOut ? h("p.none", {}, `${count(b.leftOut)} calls in the middle are left out of this page; the JSON report has them.`) : null;
  return section("System calls", String(all.length + (b.leftOut || 0)), h("div.chips", {}, filter, found, names), left, table.element);
}

function command(b) {
  const [path, sha, build, hash] = lines(b.binary);
  const line = b.command ? text(b.command) : "";
  const copy = h("button", { type: "button" }, "copy");
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(line);
      copy.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(code); // no clipboard here: it is marked, so that Ctrl-C takes it
    }
  });
  const code = h("code", { id: "command" }, line);
  return section(
    "Again", null,
    line ? h("p.command", {}, code, copy) : null,
    h("table", {}, h("tbody", {}, [["binary", path], ["", build], ["SHA-256", sha], ["hash of the boot", hash]].filter((r) => r[1]).map(([k, v]) => h("tr", {}, h("th", { scope: "row" }, k), h("td.code", {}, v))))),
  );
}

// The fragment says which boot is open.
function followFragment() {
  let id = location.hash.slice(1);
  try {
    id = decodeURIComponent(id);
  } catch {
    // it is no text: no boot is called so
  }
  const index = byID.get(id);
  if (index === undefined) {
    if (dialog.open) dialog.close();
    return;
  }
  drawBoot(index);
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  document.title = `${id} – rt0 matrix`;
}

function closeBoot() {
  dialog.close();
}

const pageTitle = document.title;

function closedBoot() {
  const index = dialog.dataset.boot;
  dialog.replaceChildren();
  document.title = pageTitle;
  if (location.hash) history.replaceState(null, "", location.href.split("#")[0]);
  const link = body.querySelector(`td[data-boot="${index}"] a`);
  if (link && link.offsetParent) {
    rove(link);
    link.focus();
  }
}

function turnByKey(event) {
  if (!dialog.open || event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, select")) return;
  const b = boots[dialog.dataset.boot];
  const target = { ArrowLeft: b.previous, ArrowRight: b.next }[event.key];
  if (target !== undefined && target >= 0) {
    event.preventDefault();
    location.hash = fragment(boots[target]);
  }
}
