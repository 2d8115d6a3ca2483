// Forward to softmax and loss, then back: one step at a time, each with its formula and its numbers.
function showSteps(apart, part) {
  const { steps, step, suppose } = apart.data, now = steps[step];
  const go = (to) => apart.ask({ step: Math.min(Math.max(to, 0), steps.length - 1), weight: null });
  const onchange = (event) => go(Number(event.target.value));
  const list = make("select", { aria_label: "Step", data_stays: "list", onchange },
    ...steps.map((one, i) => make("option", { value: i, textContent: `${i + 1} of ${steps.length}: ${one.title}` })));
  list.value = step;
  const button = (text, to, name) => make("button", { type: "button", textContent: text, onclick: () => go(to),
    disabled: to < 0 || to >= steps.length, data_stays: name });
  part.append(make("div", { className: "stack" },
    make("div", { className: "row stepper" }, button("Back", step - 1, "back"), button("Next", step + 1, "next"), list),
    formula(now.formula), quiet(now.words)));
  const stack = part.lastChild;
  if (now.asksLabel) stack.append(chips(apart, "Suppose it is a", suppose, (digit) => apart.ask({ suppose: digit })));
  if (now.table) stack.append(numbers(now.table));
  if (apart.data.weight) stack.append(weightOf(apart, apart.data.weight));
  else if (now.sum) stack.append(block(now.sum.sumTitle, sumTable(apart, now.sum)));
}

// One choice of ten digits.
function chips(apart, words, chosen, choose) {
  return make("div", { className: "row chips", role: "radiogroup", aria_label: words },
    make("span", { textContent: words }), ...Array.from({ length: 10 }, (_, digit) =>
      make("button", { type: "button", role: "radio", textContent: digit, aria_checked: digit === chosen,
        data_stays: `chip${digit}`, onclick: () => choose(digit) })));
}

function numbers({ names, rows, best }) {
  return make("table", { className: "sum", data_testid: "numbers" }, head(names),
    make("tbody", {}, ...rows.map((row, i) => make("tr", { className: i === best ? "total" : "" },
      ...row.map((text, j) => make(j ? "td" : "th", { textContent: text }))))));
}

// The gradient of one weight as a sum over a small batch, and the step that an optimiser takes from it.
function weightOf(apart, weight) {
  const rows = weight.rows.map((row) => make("tr", {}, make("th", { scope: "row" },
    picture(decodeBytes(row.image), row.label)), ...[row.label, row.a, row.delta, row.term].map((text) =>
    make("td", { textContent: text })), bar(row.size)));
  const lines = weight.lines.map(([words, value, className]) => make("tr", { className: className ?? "" },
    make("th", { scope: "row", colSpan: 4, textContent: words }), make("td", { textContent: value }), make("td")));
  const stepOf = (step) => make("div", {}, quiet(step.name), formula(step.formula));
  return make("div", { className: "stack weight", data_testid: "weight" }, make("h3", { textContent: weight.title }),
    formula(weight.formula), quiet(weight.words),
    make("div", { className: "over" }, make("table", { className: "sum" }, head(weight.heads),
      make("tbody", {}, ...rows, ...lines))),
    block("The optimiser's step from it", ...weight.steps.map(stepOf)),
    make("div", {}, make("button", { type: "button", textContent: "Close the weight", data_stays: "close",
      onclick: () => apart.ask({ weight: null }) })));
}
