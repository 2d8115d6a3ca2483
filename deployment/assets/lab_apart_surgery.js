// Surgery: what is changed, and what follows. The controls stay in place while results arrive.
const NOTHING = { units: [], noise: {}, prune: {}, temperature: 1, gate: "learned" };
const GATES = { learned: "as learned", mean: "at its mean", open: "open: removed" };
const DOES = { off: () => "off", scale: (value) => `× ${short(value)}`, shift: (value) => `+ ${short(value)}` };
const percent = (share) => `${Math.round(100 * share)} %`;
const inSentence = (title) => title[0].toLowerCase() + title.slice(1);
const copy = (value) => JSON.parse(JSON.stringify(value));

class Surgery {
  constructor(apart) {
    Object.assign(this, { apart, past: [], where: "all" });
    this.units = make("fieldset");
    this.done = make("ul", { className: "quiet" });
    this.weights = make("fieldset", {}, make("legend", { textContent: "Weights" }));
    this.output = make("fieldset", {}, make("legend", { textContent: "Gate and temperature" }));
    this.undo = make("button", { type: "button", textContent: "Undo", title: "Ctrl+Z", onclick: () => this.back() });
    this.reset = make("button", { type: "button", textContent: "Reset", onclick: () => {
      this.change(copy(NOTHING));
      this.undo.focus(); // the button is disabled now, and Ctrl+Z needs a focus inside
    } });
    this.results = make("div", { className: "stack" });
    this.controls = make("div", { className: "stack" }, make("div", { className: "row" }, this.undo, this.reset),
      this.units, this.weights, this.output);
    this.sentence = make("p", { className: "answer", role: "status", data_testid: "operated" });
    this.element = make("div", { className: "stack" }, this.sentence, make("div", { className: "columns" }, this.controls,
      this.results));
    this.build();
  }

  get now() { return { ...copy(NOTHING), ...copy(this.apart.view.operation ?? {}) }; }

  // Ask for a state; `moving`: a slider is being dragged, and the state before counts as one step of undo.
  change(next, moving = false) {
    if (!moving || !this.dragging) this.past.push(this.now);
    this.dragging = moving;
    this.apart.ask({ operation: next });
    this.show();
  }

  back() {
    const before = this.past.pop();
    if (!before) return;
    this.apart.ask({ operation: before });
    this.show();
    if (this.undo.disabled) this.reset.focus();
  }

  slider(words, low, high, read, write, say) {
    const value = make("span"), input = make("input", { type: "range", min: low, max: high, step: (high - low) / 100 });
    const move = (moving) => {
      const next = this.now;
      write(next, Number(input.value));
      this.change(next, moving);
    };
    input.oninput = () => move(true);
    input.onchange = () => { this.dragging = false; };
    const refresh = () => {
      input.value = read(this.now);
      value.textContent = say(read(this.now));
      input.setAttribute("aria-valuetext", value.textContent);
    };
    this.refreshers.push(refresh);
    return make("label", { className: "knob" }, make("span", { textContent: words }), value, input);
  }

  build() {
    this.refreshers = [];
    const amount = (kind) => [(now) => now[kind][this.where] ?? 0, (next, value) => {
      if (value) next[kind][this.where] = value; else delete next[kind][this.where];
    }];
    this.places = make("select", { onchange: (event) => { this.where = event.target.value; this.show(); } });
    this.weights.append(
      make("label", { className: "knob" }, make("span", { textContent: "Of which layer" }), this.places),
      this.slider("Prune: remove the smallest weights", 0, 1, ...amount("prune"), percent),
      this.slider("Noise: spread beside that of the weights", 0, 1, ...amount("noise"), percent));
    this.gates = make("div", { className: "row chips", role: "radiogroup", aria_label: "Gate" },
      make("span", { textContent: "Gate" }), ...Object.entries(GATES).map(([gate, words]) =>
        make("button", { type: "button", role: "radio", data_gate: gate, textContent: words,
          onclick: () => this.change({ ...this.now, gate }) })));
    this.output.append(this.gates, this.slider("Temperature: logits are divided by it", -1, 1,
      (now) => Math.log10(now.temperature), (next, value) => { next.temperature = Number((10 ** value).toFixed(3)); },
      (value) => short(10 ** value)));
    const value = make("input", { type: "number", value: 2, step: 0.5, aria_label: "Factor or summand" });
    const act = (what) => make("button", { type: "button", textContent: { off: "Switch off", scale: "Multiply by",
      shift: "Add" }[what], onclick: () => this.act(what, what === "off" ? 0 : Number(value.value)) });
    this.acts = [act("off"), act("scale"), act("shift")];
    this.marked = make("p");
    const marks = [["Mark the ten most active", 10], ["Mark all", Infinity], ["Mark none", 0]].map(([words, count]) =>
      make("button", { type: "button", textContent: words, onclick: () => this.mark(count) }));
    this.units.append(make("legend", { textContent: "Units" }), this.marked,
      make("div", { className: "row" }, ...this.acts, value), make("div", { className: "row" }, ...marks), this.done);
  }

  mark(count) {
    const { apart } = this, values = apart.layer.numbers;
    apart.marked = new Set([...values.keys()].sort((a, b) => Math.abs(values[b]) - Math.abs(values[a])).slice(0, count));
    apart.showGrid();
    this.show();
  }

  act(what, value) {
    const { apart } = this, next = this.now, layer = apart.layer;
    if (!Number.isFinite(value)) return;
    next.units.push({ layer: layer.name, do: what, value, units: [...apart.marked] });
    apart.marked = new Set();
    this.change(next);
    apart.showGrid();
    apart.find(".large").focus({ preventScroll: true }); // the button is disabled now, and Ctrl+Z needs a focus inside
  }

  show() {
    const { apart } = this, now = this.now, layer = apart.layer, marked = apart.marked.size;
    const cuts = apart.data.grids.filter((one) => one.cut);
    if (this.places.length !== cuts.length + 1) {
      this.places.replaceChildren(make("option", { value: "all", textContent: "all layers" }), ...apart.data.weights.map(
        ([name, title]) => make("option", { value: name, textContent: title })));
      this.places.value = this.where;
    }
    this.marked.textContent = !layer.cut ? "Choose a hidden layer above to mark its units."
      : marked ? `${marked.toLocaleString("en")} marked in ${inSentence(layer.title)}.`
      : `Click units of ${inSentence(layer.title)} to mark them.`;
    for (const button of this.acts) button.disabled = !marked || !layer.cut;
    const written = ({ units, layer: name, do: what, value }) => `${units.length.toLocaleString("en")} of ` +
      `${inSentence(apart.named(name)?.title ?? name)}: ${DOES[what](value)}`;
    this.done.replaceChildren(...now.units.map((edit) => make("li", { textContent: written(edit) })));
    this.refreshers.forEach((refresh) => refresh());
    this.gates.hidden = !apart.data.gate;
    for (const button of this.gates.querySelectorAll("button")) {
      button.setAttribute("aria-checked", button.dataset.gate === now.gate);
    }
    this.undo.disabled = !this.past.length;
    this.reset.disabled = JSON.stringify(now) === JSON.stringify(NOTHING);
    this.showResults();
  }

  showResults() {
    const result = this.apart.data.result;
    const { fault } = this.apart.data;
    if (fault) return this.results.replaceChildren(make("p", { role: "alert", textContent: fault }));
    if (!result) return this.results.replaceChildren(quiet("The 2,000 validation images are read once; a moment."));
    const facts = numbers({ names: [`${result.n.toLocaleString("en")} validation images`, "before", "after"],
      rows: result.facts });
    Object.assign(facts, { className: "sum facts" }).dataset.testid = "facts";
    const shareOf = (share) => {
      const line = make("i");
      line.style.width = `${Math.max(0.4, 100 * share)}%`;
      return line;
    };
    const rows = (list, words) => make("table", { className: "two", aria_label: words }, make("tbody", {},
      ...list.map((row) => make("tr", { className: row.best ? "best" : "" },
        make("th", { scope: "row", textContent: row.digit }), make("td", {}, shareOf(row.before), shareOf(row.after)),
        make("td", { textContent: row.text })))));
    this.sentence.textContent = result.sentence;
    this.results.replaceChildren(facts,
      block("Your digit: before (grey) and after", rows(result.digit, "Probabilities before and after")),
      block("Validation images read correctly, by digit", rows(result.classes, "Accuracy by digit before and after")));
  }
}
