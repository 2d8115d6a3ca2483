// What the present state of the training shows: curves, your digit, ten digits, units, gate, layers, hints.
const percent = (share) => (share == null || !Number.isFinite(share) ? "–" : `${(100 * share).toFixed(1)} %`);
const number = (value) => {
  if (value == null) return "–";
  if (!Number.isFinite(value)) return "not a number";
  return value >= 10 ? value.toFixed(1) : value >= 0.01 || value === 0 ? value.toFixed(3) : value.toFixed(5);
};
const TEN = Array.from({ length: 10 }, (_, digit) => digit);
const RECENT = 20; // batches whose mean is named
const WORST = 2.303; // loss of a guess among ten: ln 10

class Views {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.bars = barTable(this.find(".yours tbody"));
    this.gates = barTable(this.find(".gate tbody"));
    this.hinted = "";
  }

  curves(store) {
    const { losses, accuracies, epochs } = store, steps = Math.max(losses.length, 10), last = epochs.at(-1);
    const at = (name) => epochs.filter((epoch) => Number.isFinite(epoch[name]) && (epoch.step || name !== "loss")) // no batch before epoch 0
      .map((epoch) => [epoch.step, epoch[name]]);
    const series = (train, validation) => [
      { colour: TRAIN, mark: "circle", values: at(train) }, { colour: VALIDATION, mark: "diamond", values: at(validation) }];
    const loss = series("loss", "val_loss"), accuracy = series("train_accuracy", "val_accuracy");
    const shown = [...losses.columns(200).filter(Boolean).map((part) => part.mean), ...loss.flatMap(({ values }) => values.map((pair) => pair[1]))];
    const positive = shown.filter((value) => value > 0), low = Math.min(0.5, ...positive) * 0.8, high = Math.max(WORST, ...positive) * 1.2;
    drawCurves(this.find("[data-chart=loss] canvas"), losses, loss, steps, { low, high, log: true, words: shortNumber });
    const worst = Math.min(1, ...epochs.slice(1).slice(-30).flatMap((epoch) => [epoch.train_accuracy, epoch.val_accuracy]));
    drawCurves(this.find("[data-chart=accuracy] canvas"), accuracies, accuracy, steps,
      { low: worst < 0.9 || epochs.length < 2 ? 0 : 0.8, high: 1, log: false, words: (value) => `${Math.round(100 * value)} %` });
    this.legend("loss", number, losses.recent(RECENT), last?.loss, last?.val_loss);
    this.legend("accuracy", percent, accuracies.recent(RECENT), last?.train_accuracy, last?.val_accuracy);
  }

  legend(chart, words, ...values) {
    const figure = this.find(`[data-chart=${chart}]`), names = ["batches", "training", "validation"];
    figure.querySelectorAll(".legend b").forEach((place, index) => { place.textContent = words(values[index]); });
    figure.querySelector("canvas").setAttribute("aria-label",
      `${chart} by batch; now ${names.map((name, index) => `${name} ${words(values[index])}`).join(", ")}`);
  }

  // drawn: the pixels of the digit, or null.
  yours(probs, drawn) {
    const figure = this.find(".yours"), canvas = figure.querySelector("canvas"), best = probs ? largest(probs) : -1;
    figure.classList.toggle("empty", !drawn);
    this.find(".yours figcaption").textContent = drawn
      ? probs ? "The digit you drew last, and what the network answers now." : "Its answer appears when the training starts."
      : "Draw a digit in the first tab: its answer is followed here while the network learns.";
    if (!drawn) return;
    drawDigit(canvas, drawn);
    canvas.setAttribute("aria-label", probs ? `Your digit, read as ${best}, ${percent(probs[best])}` : "Your digit");
    this.bars(probs, best);
  }

  // pictures: (10, 28, 28), of the digits 0 to 9; probs: (10, 10).
  ten(pictures, probs) {
    const place = this.find(".ten");
    this.have("digits", pictures && probs);
    if (!pictures || !probs) return;
    if (!place.children.length) {
      TEN.forEach((digit) => {
        const canvas = element("canvas", { className: "digit" });
        drawDigit(canvas, pictures.subarray(digit * SIDE * SIDE, (digit + 1) * SIDE * SIDE));
        place.append(element("div", { className: "one" }, canvas, element("canvas", { className: "small" }), element("span")));
      });
    }
    TEN.forEach((label) => {
      const answers = row(probs, label), best = largest(answers), words = place.children[label].querySelector("span");
      const [picture, bars] = place.children[label].querySelectorAll("canvas"), { pen, width, height, text } = canvasPen(bars);
      answers.forEach((share, digit) => {
        pen.fillStyle = digit === label ? TRAIN : faint(text, 0.55);
        pen.fillRect((digit * width) / 10, height - 1 - share * (height - 1), width / 10 - 1, share * (height - 1) + 1);
      });
      words.innerHTML = `<b${best === label ? "" : ' class="wrong"'}>${best}</b> ${Math.round(100 * answers[best])} %`;
      picture.setAttribute("role", "img");
      picture.setAttribute("aria-label", `A ${label}, read as ${best}, ${percent(answers[best])}`);
    });
  }

  units(units) {
    this.have("units", units);
    if (units) drawUnits(this.find("[data-chart=units] canvas"), units, 8);
  }

  gate(gate) {
    this.have("gate", gate);
    if (gate) this.gates(gate, -1);
  }

  layers(layers) {
    const place = this.find(".layers");
    this.have("layers", layers);
    if (!layers) return;
    if (place.children.length !== layers.length) {
      place.replaceChildren(...layers.map(() => element("div", { className: "layer" }, element("h5"),
        element("canvas", { className: "histogram" }), element("canvas", { className: "histogram" }), element("p"))));
    }
    layers.forEach((layer, index) => {
      const box = place.children[index], [weights, updates] = box.querySelectorAll("canvas");
      const { low, high } = layer;
      box.querySelector("h5").textContent = layerName(layer.name);
      drawHistogram(weights, layer.weights, low, high, TRAIN, [[low, shortNumber(low)], [high, shortNumber(high)], ...(low < 0 && high > 0 ? [[0, "0"]] : [])]);
      weights.setAttribute("role", "img");
      weights.setAttribute("aria-label", `Weights: ${layerName(layer.name)}, from ${shortNumber(low)} to ${shortNumber(high)}`);
      drawHistogram(updates, layer.updates, -6, 0, BATCH, [[-6, "10⁻⁶"], [-3, "10⁻³"], [0, "1"]], -3);
      updates.setAttribute("role", "img");
      updates.setAttribute("aria-label", `Updates: ${layerName(layer.name)}`);
      const facts = [Number.isFinite(layer.ratio) && layer.ratio > 0 ? `Updates are ${oneIn(layer.ratio)} of the weights` : "No update yet"];
      if (layer.dead != null) facts.push(`${percent(layer.dead)} of the units are dead`);
      if (layer.saturated != null) facts.push(`${percent(layer.saturated)} saturated`);
      box.querySelector("p").textContent = `${facts.join("; ")}.`;
    });
  }

  // Whether a chart has something to show.
  have(chart, values) { this.find(`[data-chart=${chart}]`).hidden = !values; }

  // Cards above the charts; drawn again only when they change, so that a focus stays.
  hints(hints, started, apply) {
    const text = JSON.stringify(hints), calm = this.find(".calm");
    calm.textContent = hints.length ? "" : started ? "No trouble recognised." : "";
    if (text === this.hinted) return;
    this.hinted = text;
    this.find(".cards").replaceChildren(...hints.map((hint) => {
      const show = element("button", { type: "button", textContent: "Why?" });
      show.setAttribute("aria-label", `Why? Show the chart of ${hint.evidence}`);
      show.onclick = () => this.point(hint.evidence);
      const remedy = element("button", { type: "button", className: "main", textContent: hint.label });
      remedy.onclick = () => apply(hint);
      const card = element("article", {}, element("h4", { textContent: hint.title }), element("p", { textContent: hint.why }),
        element("div", { className: "buttons" }, show, remedy));
      card.dataset.hint = hint.kind;
      return card;
    }));
  }

  // Scroll to a chart and frame it.
  point(chart) {
    const figure = this.find(`[data-chart=${chart}]`);
    if (!figure) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.root.querySelectorAll(".framed").forEach((before) => before.classList.remove("framed"));
    figure.classList.add("framed");
    figure.focus({ preventScroll: true });
    figure.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
    setTimeout(() => figure.classList.remove("framed"), 6000);
  }
}

const layerName = (name) => ({ gate: "Gate", output: "Output" }[name] ?? name.replace("hidden", "Hidden layer "));
const oneIn = (ratio) => (ratio > 0.1 ? `${percent(ratio)}` : `1 in ${Math.round(1 / ratio).toLocaleString("en")}`);

// Ten rows of digit, bar and percentage; answers a function (values or null, index of the best) that shows values.
function barTable(body) {
  const rows = Array.from({ length: 10 }, (_, digit) => {
    const head = element("th", { scope: "row", textContent: digit }), fill = element("i"), words = element("td");
    body.append(element("tr", {}, head, element("td", { className: "track" }, fill), words));
    return { line: body.lastChild, fill, words };
  });
  return (values, best) => rows.forEach(({ line, fill, words }, digit) => {
    fill.style.width = `${100 * (values?.[digit] ?? 0)}%`;
    words.textContent = values ? percent(values[digit]) : "";
    line.classList.toggle("best", digit === best);
  });
}
