// A photographed sheet and its table, linked; the review of doubtful cells. Edits stay in the browser, by the hash of
// the picture, and are sent to Python.
const sheets = new WeakMap();
const LATER = 500; // ms after an edit until it is sent
const AROUND = 0.8; // of a cell's size, around it in its enlarged view
const MOST_UNDO = 500;

class Sheet {
  constructor(root, data, send) {
    Object.assign(this, { root, data, send, history: [], skipped: new Set(), chosen: null });
    const saved = this.stored();
    this.edits = saved.edits ?? {};
    this.headings = saved.headings ?? [];
    this.find = (selector) => root.querySelector(selector);
    this.show();
    this.listen();
    this.next();
    if (Object.keys(this.edits).length || this.headings.some(Boolean)) this.send(this.state());
  }

  stored() {
    try { return JSON.parse(localStorage.getItem(`qualm-table-${this.data.key}`)) ?? {}; } catch { return {}; }
  }

  state() { return { of: this.data.key, edits: this.edits, headings: this.headings }; }

  changed() {
    try { localStorage.setItem(`qualm-table-${this.data.key}`, JSON.stringify(this.state())); } catch { /* full */ }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(this.state()), LATER);
  }

  cell(name) { const [row, column] = name.split(",").map(Number); return this.data.rows[row][column]; }

  doubtful() {
    return this.data.rows.flatMap((row, i) => row.map((cell, j) => [`${i},${j}`, cell]))
      .filter(([, cell]) => cell.doubt).map(([name]) => name);
  }

  open() { return this.doubtful().filter((name) => !(name in this.edits)); }

  show() {
    const image = this.find("img"), svg = this.find("svg"), table = this.find("table");
    image.src = this.data.uri;
    image.alt = this.data.alt;
    svg.setAttribute("viewBox", `0 0 ${this.data.width} ${this.data.height}`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.replaceChildren();
    table.replaceChildren();
    table.setAttribute("aria-label", this.data.alt);
    const head = table.createTHead().insertRow();
    head.append(Object.assign(document.createElement("th"), { className: "corner" }));
    this.data.rows[0].forEach((_, j) => {
      const heading = document.createElement("th"), field = document.createElement("input");
      Object.assign(field, { value: this.headings[j] ?? "", placeholder: String.fromCharCode(65 + (j % 26)), maxLength: 40 });
      field.setAttribute("aria-label", `Heading of column ${j + 1}`);
      field.oninput = () => { this.headings[j] = field.value; this.changed(); };
      heading.scope = "col";
      heading.append(field);
      head.append(heading);
    });
    const body = table.createTBody();
    this.cells = {};
    this.frames = {};
    this.data.rows.forEach((row, i) => {
      const line = body.insertRow();
      const number = Object.assign(document.createElement("th"), { scope: "row", textContent: i + 1 });
      line.append(number);
      row.forEach((cell, j) => {
        const name = `${i},${j}`, place = line.insertCell();
        place.setAttribute("role", "gridcell");
        place.dataset.cell = name;
        this.cells[name] = place;
        const frame = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
        frame.setAttribute("points", cell.corners.map((corner) => corner.join(",")).join(" "));
        frame.dataset.cell = name;
        this.frames[name] = frame;
        svg.append(frame);
        this.paint(name);
      });
    });
  }

  paint(name) {
    const cell = this.cell(name), place = this.cells[name], mine = name in this.edits, doubt = cell.doubt && !mine;
    const text = mine ? this.edits[name] : cell.text;
    const words = { text: "text", print: "print", unreadable: "unreadable" }[cell.kind];
    place.textContent = text || (mine ? "" : words ?? "");
    place.className = [doubt && "doubt", mine && "mine", !text && !mine && words && "other"].filter(Boolean).join(" ");
    const [row, column] = name.split(",").map(Number);
    const state = mine ? "checked by you" : doubt ? `in doubt, ${cell.sure}` : words ?? (text ? "" : "empty");
    place.setAttribute("aria-label", `Row ${row + 1}, column ${column + 1}: ${text || "nothing"}${state ? `; ${state}` : ""}`);
    place.setAttribute("aria-selected", name === this.chosen);
    place.tabIndex = name === (this.chosen ?? "0,0") ? 0 : -1;
    this.frames[name].setAttribute("class", [doubt && "doubt", mine && "mine", name === this.chosen && "chosen"]
      .filter(Boolean).join(" "));
  }

  choose(name, focus) {
    const before = this.chosen;
    this.chosen = name;
    for (const one of [before, name]) if (one) this.paint(one);
    const frame = this.frames[name];
    frame.parentNode.append(frame); // above its neighbours
    if (focus === "cell") this.cells[name].focus();
    this.cells[name].scrollIntoView({ block: "nearest", inline: "nearest" });
    this.review(focus === "field");
  }

  review(focus) {
    const all = this.doubtful(), open = this.open(), section = this.find(".review"), field = this.find(".answer input");
    this.find(".count").textContent = all.length === 0 ? "No cell is in doubt."
      : open.length === 0 ? `All ${all.length} doubtful cells are checked.`
      : `${open.length} of ${all.length} doubtful cells to check, of ${this.data.count} cells with writing.`;
    Object.assign(this.find("progress"), { max: Math.max(all.length, 1), value: all.length - open.length });
    this.find(".undo").disabled = this.history.length === 0;
    section.classList.toggle("done", this.chosen === null);
    if (this.chosen === null) return;
    const cell = this.cell(this.chosen), text = this.edits[this.chosen] ?? cell.text;
    field.value = text;
    this.find(".choices").replaceChildren(...cell.alternatives.map((other) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: other });
      button.setAttribute("aria-label", `It is ${other}`);
      button.onclick = () => this.accept(other);
      return button;
    }));
    this.crop(cell);
    if (focus) { field.focus({ preventScroll: true }); field.select(); }
  }

  crop(cell) {
    const canvas = this.find("canvas"), image = this.find("img"), pen = canvas.getContext("2d");
    const draw = () => {
      const scale = image.naturalWidth / this.data.width;
      const x = cell.corners.map((corner) => corner[0]), y = cell.corners.map((corner) => corner[1]);
      const width = Math.max(...x) - Math.min(...x), height = Math.max(...y) - Math.min(...y);
      const wide = Math.max(width * (1 + 2 * AROUND), (height * (1 + 2 * AROUND) * canvas.width) / canvas.height);
      const high = (wide * canvas.height) / canvas.width;
      const left = Math.min(...x) + width / 2 - wide / 2, top = Math.min(...y) + height / 2 - high / 2;
      pen.clearRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(image, left * scale, top * scale, wide * scale, high * scale, 0, 0, canvas.width, canvas.height);
      const zoom = canvas.width / wide;
      pen.beginPath();
      cell.corners.forEach(([u, v], k) => pen[k ? "lineTo" : "moveTo"]((u - left) * zoom, (v - top) * zoom));
      pen.closePath();
      Object.assign(pen, { lineWidth: 4, strokeStyle: "#E69F00" }).stroke();
    };
    canvas.setAttribute("aria-label", `The cell in its surroundings, read as ${cell.text || cell.kind}`);
    if (image.complete && image.naturalWidth) draw(); else image.addEventListener("load", draw, { once: true });
  }

  accept(text) {
    if (this.chosen === null) return;
    this.history.push([this.chosen, this.edits[this.chosen]]);
    if (this.history.length > MOST_UNDO) this.history.shift();
    this.edits[this.chosen] = text.trim();
    this.skipped.delete(this.chosen);
    this.paint(this.chosen);
    this.changed();
    this.next(true);
  }

  skip() {
    if (this.chosen !== null) this.skipped.add(this.chosen);
    this.next(true);
  }

  undo() {
    const [name, before] = this.history.pop() ?? [];
    if (!name) return;
    if (before === undefined) delete this.edits[name]; else this.edits[name] = before;
    this.paint(name);
    this.changed();
    this.choose(name, "field");
  }

  next(focus) {
    const open = this.open();
    if (open.every((name) => this.skipped.has(name))) this.skipped.clear();
    const [row, column] = (this.chosen ?? "-1,-1").split(",").map(Number);
    const later = (name) => { const [i, j] = name.split(",").map(Number); return i > row || (i === row && j > column); };
    const left = open.filter((name) => !this.skipped.has(name));
    const name = left.find(later) ?? left[0];
    if (name) this.choose(name, focus ? "field" : "");
    else this.review(false);
  }

  listen() {
    const { root } = this, field = this.find(".answer input");
    this.find(".accept").onclick = () => this.accept(field.value);
    this.find(".skip").onclick = () => this.skip();
    this.find(".undo").onclick = () => this.undo();
    field.onkeydown = (event) => {
      if (event.key === "Enter") { event.preventDefault(); this.accept(field.value); }
      if (event.key === "Escape") { event.preventDefault(); this.skip(); }
      if (event.key === "z" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); this.undo(); }
    };
    this.find("table").onclick = (event) => {
      const name = event.target.closest("td")?.dataset.cell;
      if (name) this.choose(name, "cell");
    };
    this.find("svg").onclick = (event) => { if (event.target.dataset.cell) this.choose(event.target.dataset.cell, "cell"); };
    this.find("table").onkeydown = (event) => {
      const at = event.target.dataset?.cell;
      if (!at) return;
      const [row, column] = at.split(",").map(Number);
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (step) {
        event.preventDefault();
        const to = `${row + step[0]},${column + step[1]}`;
        if (to in this.cells) this.choose(to, "cell");
      } else if (event.key === "Enter" || /^[\d.,-]$/.test(event.key)) {
        event.preventDefault();
        this.choose(at, "field");
        if (event.key !== "Enter") { field.value = event.key; field.setSelectionRange(1, 1); }
      } else if (event.key === "Escape") this.skip();
      else if (event.key === "z" && (event.ctrlKey || event.metaKey)) this.undo();
    };
    root.dataset.ready = "yes";
  }
}

export default function ({ data, setStateValue, parentElement }) {
  const root = parentElement.querySelector(".sheet"), before = sheets.get(root);
  const send = (state) => setStateValue("edits", state);
  if (before?.data.key === data.key) before.send = send;
  else sheets.set(root, new Sheet(root, data, send));
}
