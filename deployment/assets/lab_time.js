// The time machine: units, map and confusion matrix at any epoch received, drawn in the browser alone.
class TimeMachine {
  constructor(root) {
    this.find = (selector) => root.querySelector(`.time ${selector}`);
    [this.at, this.epochs, this.constants, this.frames] = [null, [], null, []]; // at: null follows the training
    this.slider = this.find("input");
    this.slider.oninput = () => {
      this.at = Number(this.slider.value) === this.epochs.length - 1 ? null : Number(this.slider.value);
      this.soon();
    };
    this.find("thead").append(element("tr", {}, element("td"), ...TEN.map((digit) => element("th", { scope: "col", textContent: digit }))));
    this.cells = TEN.map((digit) => {
      const cells = TEN.map(() => element("td"));
      this.find("tbody").append(element("tr", {}, element("th", { scope: "row", textContent: digit }), ...cells));
      return cells;
    });
  }

  begin() { this.at = null; }

  show(epochs, constants) {
    const grown = epochs !== this.epochs || epochs.length !== this.count;
    [this.epochs, this.constants, this.count] = [epochs, constants, epochs.length];
    this.find(".none").hidden = epochs.length > 0;
    this.find(".machine").hidden = !epochs.length;
    if (!epochs.length) return;
    this.slider.max = epochs.length - 1;
    if (this.at === null) this.slider.value = epochs.length - 1;
    if (grown) {
      this.reach = Math.max(...epochs.map((epoch) => (epoch.reach ??= reachOf(epoch.map))), 1e-6);
      if (this.at === null) this.draw(); else this.words();
    }
  }

  // One drawing a frame, however often the slider moves.
  soon() {
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => { this.asked = 0; this.draw(); });
  }

  chosen() { return this.at ?? this.epochs.length - 1; }

  words() {
    const index = this.chosen(), epoch = this.epochs[index], best = epoch.yours ? largest(epoch.yours) : null;
    const yours = epoch.yours ? `; your digit: ${best}, ${percent(epoch.yours[best])}` : "";
    const text = `Epoch ${epoch.epoch} of ${this.epochs.at(-1).epoch}: ${percent(epoch.val_accuracy)} of validation digits right${yours}`;
    this.find("output").textContent = text;
    this.slider.setAttribute("aria-valuetext", text);
  }

  draw() {
    if (!this.epochs.length) return;
    const started = performance.now(), index = this.chosen(), epoch = this.epochs[index];
    this.words();
    drawUnits(this.find(".units"), epoch.units, 4);
    const path = this.epochs.slice(0, index + 1).map((past) => past.yours_map).filter(Boolean);
    if (this.constants) drawMap(this.find(".map"), epoch.map, this.constants, path, this.reach);
    this.find(".map").setAttribute("aria-label", `Map of 500 validation digits at epoch ${epoch.epoch}`);
    this.find(".mapped").textContent = `The ten logits pull each of 500 validation digits in ten directions; coloured by class${path.length ? ", yours a star with its path" : ""}.`;
    this.confusion(epoch.confusion);
    this.frames.push(performance.now() - started);
    if (this.frames.length > 200) this.frames.shift();
  }

  confusion(counts) {
    for (let digit = 0; digit < 10; digit++) {
      for (let answer = 0; answer < 10; answer++) {
        const count = counts[10 * digit + answer], cell = this.cells[digit][answer];
        if (cell.count === count) continue;
        cell.count = count;
        cell.textContent = count || "";
        const share = Math.min(100, 20 + 8 * count);
        cell.className = digit === answer ? "hit" : count ? `miss${share > 68 ? " much" : ""}` : "";
        cell.style.setProperty("--share", `${share}%`);
      }
    }
  }
}

// The distance from the middle within which 97 % of the points (n, 2) lie.
const reachOf = (map) => {
  const distances = Float32Array.from({ length: map.shape[0] }, (_, index) => Math.hypot(map[2 * index], map[2 * index + 1])).sort();
  return distances[Math.floor(0.97 * distances.length)];
};
