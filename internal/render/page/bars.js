// SPDX-License-Identifier: GPL-2.0-or-later

// Bars and tables of a boot's panel.

// listing is a table that is sorted by its heads. A column is {title, value(row), show(row), number, ascending, code}. Of a list that is longer
// than options.limit, the rest is drawn when it is asked for.
function listing(columns, list, options = {}) {
  const head = h("tr", {});
  const content = h("tbody", {});
  let order = options.order || null; // {column, descending}
  let limit = options.limit || Infinity;
  const draw = () => {
    const shown = order ? sorted(list, columns[order.column].value, order.descending) : list;
    content.replaceChildren(
      ...shown.slice(0, limit).map((row) =>
        h("tr" + (options.rowClass ? options.rowClass(row) : ""), {}, columns.map((c) => h("td" + (c.number ? ".number" : c.code ? ".code" : ""), {}, c.show ? c.show(row) : String(c.value(row))))),
      ),
    );
    if (shown.length > limit) {
      const more = h("button", { type: "button" }, `show all ${count(shown.length)}`);
      more.addEventListener("click", () => {
        limit = Infinity;
        draw();
      });
      content.append(h("tr", {}, h("td.more", { colSpan: columns.length }, more)));
    }
    [...head.cells].forEach((th, i) => {
      const here = order && order.column === i;
      th.ariaSort = here ? (order.descending ? "descending" : "ascending") : null;
      const button = th.firstChild;
      if (here) button.dataset.direction = order.descending ? "down" : "up";
      else delete button.dataset.direction;
    });
  };
  columns.forEach((c, i) => {
    const button = h("button", { type: "button", title: "sort" }, c.title);
    button.addEventListener("click", () => {
      const first = Boolean(c.number && !c.ascending);
      if (!order || order.column !== i) order = { column: i, descending: first };
      else if (order.descending === first) order = { column: i, descending: !first };
      else order = null;
      draw();
    });
    head.append(h("th" + (c.number ? ".number" : ""), { scope: "col" }, button));
  });
  draw();
  const element = h("table" + (options.kind || ""), {}, h("thead", {}, head), content);
  return {
    element,
    show(now) {
      list = now;
      draw();
    },
  };
}

// bar is a length beside a number: of the largest in its table.
function bar(value, most, name) {
  const e = h("span.bar" + (name ? "." + name : ""), { ariaHidden: "true" });
  e.style.width = (most > 0 ? (100 * value) / most : 0).toFixed(2) + "%";
  return h("span.track", {}, e);
}

const hue = (phase) => "p" + Math.max(data.phases.indexOf(phase), 0);

// stack is a boot's phases as one bar, on a scale that it shares with others.
function stack(phases, most, label) {
  const total = phases.reduce((sum, p) => sum + p.instructions, 0);
  const inner = h("span.stack", {}, phases.filter((p) => p.instructions > 0).map((p) => {
    const part = h("span." + hue(p.name), { title: `${p.name}: ${count(p.instructions)} instructions, ${percent(p.instructions, total)}` }, p.instructions > 0.08 * total ? h("span", {}, p.name) : null);
    part.style.flexGrow = String(p.instructions);
    return part;
  }));
  inner.style.width = (most > 0 ? (100 * total) / most : 0).toFixed(2) + "%";
  return h("div.stackline", { role: "img", ariaLabel: `${label}: ` + phases.map((p) => `${p.name} ${count(p.instructions)}`).join(", ") }, h("span.who", {}, label), h("span.track", {}, inner), h("span.number", {}, count(total)));
}

const percent = (part, whole) => (whole > 0 ? ((100 * part) / whole).toFixed(1) + "%" : "");
