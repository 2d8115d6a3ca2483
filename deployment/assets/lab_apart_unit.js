// One unit: the sum it computes, what excites it, where it leads to.

// The table of a sum: terms, the rest, the bias, the total and what becomes of it.
function sumTable(apart, unit) {
  const body = make("tbody");
  for (const row of unit.rows) {
    const from = make("button", { type: "button", textContent: row.label, onclick: () => apart.choose(...row.from) });
    const weight = make("button", { type: "button", textContent: row.w, title: "The gradient of this weight",
      aria_label: `Weight ${row.w}: its gradient`, onclick: () => apart.chooseWeight(row.weight) });
    body.append(make("tr", {}, make("th", { scope: "row" }, from), make("td", { textContent: row.x }),
      make("td", {}, weight), make("td", { textContent: row.term }), bar(row.size)));
  }
  const line = (words, value, className = "") => body.append(make("tr", { className },
    make("th", { scope: "row", colSpan: 3, textContent: words }), make("td", { textContent: value }), make("td")));
  for (const [words, value, className] of unit.lines) line(words, value, className);
  const { rows } = unit, names = rows.length ? head(["from", ...unit.heads, "term", ""]) : null;
  return make("div", { className: "over" }, make("table", { className: "sum", data_testid: "sum" }, names, body),
    rows.length ? signs() : null);
}

// The first layer: digit, weights and their product as pictures.
function pixelTrio(unit) {
  const { x, w, terms } = unit.pictures;
  const figure = (values, words, colours) => make("figure", {}, picture(decode(values), words, colours),
    make("figcaption", { className: "quiet", textContent: words }));
  return make("div", { className: "trio" }, figure(x, "the digit", "grey"), figure(w, "× the weights", "signed"),
    figure(terms, "= the terms", "signed"));
}

const signs = () => make("p", { className: "quiet" },
  make("span", { className: "legend", textContent: "raises the sum " }), " ",
  make("span", { className: "legend minus", textContent: "lowers it" }),
  "; a click on a weight shows its gradient");

// Test digits with their labels and the unit's activations; null: not known yet.
function topDigits(top) {
  if (top === null) return quiet("The test digits are read once; this takes a few seconds.");
  if (!top.length) return quiet("It is 0 for every one of them.");
  return make("div", { className: "tiles", data_testid: "top" }, ...top.map((one) => make("figure", {},
    picture(decodeBytes(one.image), `a ${one.label}: ${one.value}`),
    make("figcaption", {}, make("b", { textContent: one.label }), ` ${one.value}`))));
}

function showUnit(apart, part) {
  const unit = apart.data.unit;
  if (!unit) {
    part.append(quiet("Choose a layer above and one of its units in the grid."));
    return;
  }
  const trio = unit.pictures ? pixelTrio(unit) : null;
  const sum = block(unit.sumTitle, quiet(unit.words), trio, sumTable(apart, unit));
  const side = make("div");
  if (unit.wants) {
    side.append(block("What it responds to most", make("div", { className: "wants" },
      picture(decode(unit.wants.values), unit.wants.words, "signed"), quiet(unit.wants.words))));
  }
  if (unit.top !== undefined) side.append(block("The nine test digits that excite it most", topDigits(unit.top)));
  if (unit.leads.length) {
    side.append(block(`Where it leads to: ${unit.leadsTo}`, make("div", { className: "leads" },
      ...unit.leads.map((one) => make("button", { type: "button", className: one.minus ? "minus" : "",
        textContent: `${one.label} ${one.weight}`, onclick: () => apart.choose(...one.to) })))));
  }
  part.append(make("div", { className: "columns" }, sum, side));
}
