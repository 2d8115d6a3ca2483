// The room "Take it apart". The browser stores what is looked at (the view) and sends it; Python answers with numbers.
const rooms = new WeakMap();
const PATIENCE = 4000; // ms without an answer, after which the view is sent again
const POLL = 600; // ms between questions while the server computes something once
const TABS = { unit: showUnit, steps: showSteps, teachers: showTeachers };
const HOW = {
  surgery: "It shows the network before surgery; a cross is a unit that is changed. A click or drag marks units; arrow " +
    "keys move, space marks.",
  other: "Click a unit, or move with the arrow keys.",
};

class Apart {
  constructor(root, send) {
    Object.assign(this, { root, send, marked: new Set(), hovered: null, number: 0, waiting: false, later: false });
    this.find = (selector) => root.querySelector(selector);
    this.surgery = new Surgery(this);
    listen(this);
  }

  update(data) {
    const first = !this.view || data.room !== this.data.room;
    if (first) this.view = { ...data.view };
    this.number = Math.max(this.number, data.view.asked);
    if (data.id !== this.data?.id) {
      for (const layer of data.grids) Object.assign(layer, { numbers: decode(layer.values) });
      for (const layer of data.grids) layer.most = layer.colours === "grey" ? 1 : layer.scale ?? largest(layer.numbers);
    } else data.grids = this.data.grids;
    if (first || data.view.asked >= this.view.asked) {
      this.waiting = false;
      clearTimeout(this.timer);
      Object.assign(this.view, data.view); // what Python corrected
    }
    this.data = data;
    this.show();
    if (this.later && !this.waiting) this.sendNow();
    else if (data.busy && !this.waiting) {
      clearTimeout(this.poll);
      this.poll = setTimeout(() => { if (this.root.isConnected) this.again(); }, POLL);
    }
    this.root.dataset.ready = "yes";
    this.root.dataset.asked = data.view.asked;
  }

  // Change the view and ask Python for it; while an answer is awaited, the newest view waits for it.
  ask(change) {
    this.again(change);
    this.find(".part").classList.add("late");
  }

  again(change = {}) {
    Object.assign(this.view, change, { asked: ++this.number });
    if (this.waiting) this.later = true; else this.sendNow();
  }

  sendNow() {
    Object.assign(this, { waiting: true, later: false });
    this.send({ ...this.view });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.waiting = false; if (this.root.isConnected) this.again(); }, PATIENCE);
  }

  named(name) { return this.data.grids.find((layer) => layer.name === name); }

  // The layer shown large: that of the step, or the chosen one.
  get layer() {
    const step = this.view.panel === "steps" && this.data.steps?.[this.data.step]?.grid;
    return (step && this.named(step)) || this.named(this.view.layer) || this.data.grids[0];
  }

  choose(layer, unit, focus = true) {
    if (layer !== this.view.layer) this.marked = new Set();
    const { steps, step: at } = this.data;
    const step = this.view.panel === "steps" && steps
      ? steps.findIndex((one) => one.grid === layer && one.back === steps[at].back) : -1;
    this.ask({ layer, unit, weight: null, ...(step < 0 ? {} : { step }) });
    this.showStrip();
    this.showGrid();
    if (focus) this.find(".large").focus({ preventScroll: true });
  }

  chooseWeight(index) {
    const change = { weight: index };
    if (this.view.panel !== "steps") {
      const step = this.data.backward[this.view.layer];
      Object.assign(change, { panel: "steps", ...(step === undefined ? {} : { step }) });
    }
    this.ask(change);
    this.showTabs();
  }

  show() {
    const stays = this.root.getRootNode().activeElement?.dataset?.stays;
    this.showHead();
    this.showStrip();
    this.showTabs();
    this.showGrid();
    const part = this.find(".part"), tab = this.data.view.panel;
    part.classList.toggle("late", this.waiting);
    this.find(".work").dataset.panel = tab;
    part.setAttribute("aria-labelledby", `tab-${tab}`);
    if (tab === "surgery") {
      if (!part.contains(this.surgery.element)) part.replaceChildren(this.surgery.element);
      this.content = null;
      this.surgery.show();
    } else {
      const { unit, steps, step, suppose, weight, teachers } = this.data;
      const content = JSON.stringify([tab, unit, steps, step, suppose, weight, teachers]);
      if (content !== this.content || !part.hasChildNodes()) {
        part.replaceChildren();
        TABS[tab](this, part);
      }
      this.content = content;
    }
    if (stays) this.find(`[data-stays="${stays}"]`)?.focus({ preventScroll: true });
  }

  showHead() {
    const { data, view } = this, digit = this.find(".digit");
    pixels(digit, decodeBytes(data.digit.image), 28, "grey", 1);
    digit.setAttribute("aria-label", data.digit.words);
    this.find(".answer").textContent = data.answer;
    this.find(".of").textContent = data.note;
    const choices = this.find(".digits");
    if (choices.dataset.of !== data.room) {
      choices.dataset.of = data.room;
      const ask = (digit) => this.ask({ digit, suppose: null, of: null, weight: null });
      choices.replaceChildren(...data.digits.map((one) => make("button", { type: "button", role: "radio",
        data_digit: one.id, title: one.words, aria_label: one.words, onclick: () => ask(one.id) },
      picture(decodeBytes(one.image), "", "grey", 1))));
    }
    for (const one of choices.children) one.setAttribute("aria-checked", one.dataset.digit === view.digit);
  }

  showStrip() {
    const strip = this.find(".strip"), { data } = this;
    if (strip.dataset.of !== data.id) {
      strip.dataset.of = data.id;
      strip.replaceChildren(...data.grids.filter((layer) => !layer.hidden).map((layer) => {
        const canvas = document.createElement("canvas");
        canvas.className = layer.size <= 10 ? "" : "pixels";
        if (layer.size <= 10) smallBars(canvas, layer, getComputedStyle(this.root).color);
        else pixels(canvas, layer.numbers, layer.columns, layer.colours, layer.most);
        const onclick = (event) => this.pick(event, layer, canvas);
        return make("button", { type: "button", data_layer: layer.name, onclick },
          make("b", { textContent: layer.title }), layer.note, canvas);
      }));
    }
    for (const one of strip.children) {
      const shown = one.dataset.layer === this.layer.name || one.dataset.layer === this.layer.of;
      one.setAttribute("aria-pressed", shown);
      if (shown && this.inView !== this.layer.name) {
        this.inView = this.layer.name;
        strip.scrollLeft = one.offsetLeft - strip.offsetLeft - (strip.clientWidth - one.clientWidth) / 2;
      }
    }
  }

  // A click on a small grid chooses the layer and the unit under the pointer, by keyboard the layer alone.
  pick(event, layer, canvas) {
    const unit = event.detail && event.target === canvas ? under(event, canvas, layer) : null;
    this.choose(layer.name, unit ?? (layer.name === this.view.layer ? this.view.unit : layer.best), false);
  }

  showTabs() {
    for (const tab of this.root.querySelectorAll("[role=tab]")) {
      const chosen = tab.dataset.tab === this.view.panel;
      tab.setAttribute("aria-selected", chosen);
      tab.tabIndex = chosen ? 0 : -1;
    }
  }

  showGrid() {
    const { layer } = this, canvas = this.find(".large"), surgery = this.view.panel === "surgery";
    this.find(".layer").textContent = layer.title;
    grid(canvas, layer, layer.name === this.view.layer || layer.of === this.view.layer ? this.view.unit : null,
      surgery ? this.marked : new Set(), getComputedStyle(this.root).color);
    canvas.setAttribute("aria-label", `${layer.title}: ${layer.size} units; the arrow keys choose one`);
    this.say(this.hovered ?? this.view.unit);
    this.find(".how").textContent = `${layer.legend} ${surgery ? HOW.surgery : HOW.other}`;
  }

  say(unit) {
    const { layer } = this, value = layer.numbers[unit];
    const name = layer.columns === 28 && layer.colours === "grey"
      ? `row ${Math.floor(unit / 28) + 1}, column ${(unit % 28) + 1}` : `${layer.unit} ${unit}`;
    this.find(".at").textContent = value === undefined ? "" : `${name}: ${short(value)}`;
  }

  mark(unit, on = !this.marked.has(unit)) {
    if (on) this.marked.add(unit); else this.marked.delete(unit);
    this.view.unit = unit;
    this.view.layer = this.layer.name;
    this.showGrid();
    this.surgery.show();
  }
}

export default function ({ data, setStateValue, parentElement }) {
  const root = parentElement.querySelector(".apart"), send = (view) => setStateValue("view", view);
  if (!rooms.has(root)) rooms.set(root, new Apart(root, send));
  const apart = rooms.get(root);
  apart.send = send;
  apart.update(data);
}
