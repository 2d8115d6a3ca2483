// The knobs, which act while it trains, and the form of the network, which acts at Reset.
const SMALLEST = 1e-5; // of a logarithmic scale from 0: its next position

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

class Knobs {
  // spec: what does not change; set(name, value): called when a knob moves.
  constructor(list, spec, set) {
    this.set = set;
    this.knobs = Object.fromEntries(spec.map((knob) => [knob.name, this.made(knob)]));
    list.replaceChildren(...Object.values(this.knobs).map(({ box }) => box));
  }

  made(knob) {
    const onOff = knob.scale === "switch", [from, to, step] = this.range(knob);
    const input = element("input", onOff ? { type: "checkbox", id: `knob-${knob.name}` }
      : { type: "range", id: `knob-${knob.name}`, min: from, max: to, step });
    const words = element("output", { className: "words" }), label = element("label", { textContent: knob.label, htmlFor: input.id });
    const formula = element("details", {}, element("summary", { textContent: "Formula" }), element("p", { innerHTML: knob.formula }));
    formula.hidden = !knob.formula;
    const box = element("div", { className: onOff ? "knob switch" : "knob" }, label, words, input,
      element("p", { className: "sentence", textContent: knob.sentence }), formula);
    box.dataset.knob = knob.name;
    const made = { ...knob, box, input, words, moved: -Infinity };
    input.oninput = () => {
      made.moved = performance.now();
      const value = this.value(made);
      if (!onOff) words.textContent = shortNumber(value); // until Python answers in words
      this.set(knob.name, value);
    };
    return made;
  }

  // Positions of a logarithmic scale; one from 0 has 0 at position 0.
  positions({ low, high, step }) { return Math.round(Math.log10(high / (low || SMALLEST)) / step); }

  range(knob) {
    if (knob.scale === "log") return [0, this.positions(knob), 1];
    return knob.scale === "choice" ? [0, knob.choices.length - 1, 1] : [knob.low, knob.high, knob.step];
  }

  value({ scale, input, low, high, choices }) {
    if (scale === "switch") return input.checked;
    const at = Number(input.value);
    if (scale === "choice") return choices[at];
    if (scale !== "log") return +at.toPrecision(6);
    const share = at / Number(input.max), from = low || SMALLEST;
    return at === 0 ? low : share === 1 ? high : +(from * (high / from) ** share).toPrecision(2);
  }

  position({ input, low, high }, value) {
    const from = low || SMALLEST;
    return value <= low ? 0 : Math.round((Number(input.max) * Math.log(Math.max(1, value / from))) / Math.log(high / from));
  }

  // Values and their words as Python has them; a knob under the finger stays.
  show(values, words) {
    for (const knob of Object.values(this.knobs)) {
      const value = values[knob.name], { input } = knob;
      if (performance.now() - knob.moved < 600) continue;
      if (knob.scale === "switch") input.checked = value;
      else if (knob.scale === "choice") input.value = Math.max(0, knob.choices.indexOf(value));
      else if (knob.scale === "log") input.value = this.position(knob, value);
      else input.value = value;
      if (knob.words.textContent === words[knob.name]) continue;
      knob.words.textContent = words[knob.name];
      if (knob.scale !== "switch") input.setAttribute("aria-valuetext", words[knob.name]);
    }
  }
}

const LAYERS = [[16, 32, 64, 128, 256], [0, 16, 32, 64, 128], [0, 16, 32, 64]];

// Preset, layers, activation, optimiser, batch normalisation and seed.
class Structure {
  constructor(form, choices, changed) {
    Object.assign(this, { form, fields: {}, touched: new Set() });
    const select = (name, label, options) => this.field(name, label, element("select", {},
      ...options.map(([value, words]) => element("option", { value, textContent: words }))), changed);
    select("preset", "Settings of", choices.presets.map((name) => [name, name === "lab" ? "the lab" : name]));
    LAYERS.forEach((sizes, layer) => select(`layer${layer}`, `Units in layer ${layer + 1}`,
      sizes.map((size) => [size, size || "no such layer"])));
    select("activation", "Activation", choices.activations.map((name) => [name, name]));
    select("optimizer", "Optimiser", choices.optimizers.map((name) => [name, { sgd: "SGD", adamw: "AdamW" }[name] ?? name]));
    this.field("batch_norm", "Batch normalisation", element("input", { type: "checkbox" }), changed);
    this.field("seed", "Seed", element("input", { type: "number", min: 0, max: 9999, step: 1 }), changed);
    form.append(this.note = element("p", { className: "note" }));
    form.onsubmit = (event) => event.preventDefault();
  }

  field(name, label, input, changed) {
    this.fields[name] = input;
    input.onchange = () => { this.touched.add(name); this.mark(); changed(); };
    this.form.append(element("label", {}, element("span", { textContent: label }), input));
  }

  // The values as Python has them, except what was changed since.
  show(values) {
    this.values = { ...values, ...Object.fromEntries(LAYERS.map((_, layer) => [`layer${layer}`, values.hidden[layer] ?? 0])) };
    for (const [name, input] of Object.entries(this.fields)) {
      if (this.touched.has(name)) continue;
      const value = this.values[name];
      if (input.type === "checkbox") input.checked = value;
      else if (input.tagName === "SELECT" && ![...input.options].some((option) => option.value === String(value))) {
        input.append(element("option", { value, textContent: value })); // of a preset
        input.value = value;
      } else input.value = value;
    }
    this.mark();
  }

  mark() {
    const preset = this.fields.preset.value, other = this.touched.has("preset") && preset !== this.values?.preset;
    this.note.textContent = !this.touched.size ? "" : other ? `Reset takes over the settings of ${preset}.` : "Changed; acts at Reset.";
  }

  // What was changed, for Reset.
  changes() {
    const changes = {}, layers = LAYERS.map((_, layer) => Number(this.fields[`layer${layer}`].value));
    for (const name of this.touched) {
      const input = this.fields[name];
      if (name.startsWith("layer")) changes.hidden = layers.filter(Boolean);
      else if (input.type === "checkbox") changes[name] = input.checked;
      else changes[name] = name === "seed" ? Math.round(Number(input.value) || 0) : input.value;
    }
    this.touched.clear();
    return changes;
  }
}
