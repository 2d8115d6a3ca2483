// Values as pictures: decoding, colour maps, grids of units, and elements of HTML.
const CIVIDIS = ["#00224e", "#002e6a", "#1a386f", "#32436d", "#434e6c", "#535a6d", "#61656f", "#6f7073", "#7d7c78",
  "#8c8878", "#9b9476", "#aba072", "#bcae6c", "#cdbb63", "#dec958", "#f0d846", "#fee838"]; // as deployment/ui/palette.py
const SIGNED = ["#0072B2", "#f4f4f2", "#E69F00"]; // negative, none, positive
const GREY = ["#000000", "#ffffff"];
const MARKED = "#CC79A7", CUT = "#D55E00";
const LARGE = 672; // pixels of a large grid's width

const rgb = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

function ramp(colours) {
  const stops = colours.map(rgb);
  return Array.from({ length: 256 }, (_, i) => {
    const at = (i / 255) * (stops.length - 1), low = Math.min(Math.floor(at), stops.length - 2);
    return stops[low].map((value, c) => Math.round(value + (stops[low + 1][c] - value) * (at - low)));
  });
}

const RAMPS = { heat: ramp(CIVIDIS), signed: ramp(SIGNED), grey: ramp(GREY) };

// Base64 of float32 (or of bytes, scaled to 0..1) as numbers.
function decode(text) {
  return new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

function decodeBytes(text) {
  return Float32Array.from(atob(text), (letter) => letter.charCodeAt(0) / 255);
}

// The colour [r, g, b] of a value. Signed colours are pale at 0, the others begin at 0.
function colourOf(value, most, colours) {
  const share = most ? value / most : 0;
  const at = colours === "signed" ? (share + 1) / 2 : share;
  return RAMPS[colours][Math.round(255 * Math.min(1, Math.max(0, at || 0)))];
}

const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

// One pixel of the canvas for each value.
function pixels(canvas, values, columns, colours, most = largest(values)) {
  const rows = Math.ceil(values.length / columns);
  Object.assign(canvas, { width: columns, height: rows });
  const pen = canvas.getContext("2d"), image = pen.createImageData(columns, rows);
  values.forEach((value, i) => image.data.set([...colourOf(value, most, colours), 255], 4 * i));
  pen.putImageData(image, 0, 0);
  return canvas;
}

// A small picture with its text for those who do not see it; without one it decorates a button that has a name.
function picture(values, words, colours = "grey", most = undefined, columns = 28) {
  const canvas = pixels(document.createElement("canvas"), values, columns, colours, most);
  canvas.className = "pixels";
  if (words) {
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", words);
    canvas.title = words;
  } else canvas.setAttribute("aria-hidden", "true");
  return canvas;
}

// A layer, large: cells, the selected one framed, the marked ones dotted, those that surgery changed crossed.
function grid(canvas, layer, selected, marked, theme) {
  const values = layer.numbers, columns = layer.columns, rows = Math.ceil(values.length / columns);
  const side = Math.ceil(LARGE / columns), bars = layer.size <= 10;
  Object.assign(canvas, { width: bars ? LARGE : side * columns, height: bars ? 44 * layer.size : side * rows });
  const pen = canvas.getContext("2d");
  if (bars) return barsOf(pen, layer, selected, marked, theme);
  values.forEach((value, i) => {
    const x = (i % columns) * side, y = Math.floor(i / columns) * side;
    pen.fillStyle = `rgb(${colourOf(value, layer.most, layer.colours).join(" ")})`;
    pen.fillRect(x, y, side, side);
  });
  const cell = (i) => [(i % columns) * side, Math.floor(i / columns) * side];
  for (const i of layer.changed ?? []) {
    const [x, y] = cell(i);
    pen.fillStyle = CUT;
    pen.fillRect(x, y, side, side);
    Object.assign(pen, { strokeStyle: "#ffffff", lineWidth: Math.max(2, side / 9) }).beginPath();
    pen.moveTo(x + 3, y + 3); pen.lineTo(x + side - 3, y + side - 3);
    pen.moveTo(x + side - 3, y + 3); pen.lineTo(x + 3, y + side - 3);
    pen.stroke();
  }
  for (const i of marked) frame(pen, ...cell(i), side, side, MARKED, 4);
  if (selected !== null && selected < values.length) {
    frame(pen, ...cell(selected), side, side, "#ffffff", 7);
    frame(pen, ...cell(selected), side, side, "#111111", 3);
  }
}

function frame(pen, x, y, width, height, colour, line) {
  Object.assign(pen, { strokeStyle: colour, lineWidth: line }).strokeRect(x - 1, y - 1, width + 2, height + 2);
}

// Ten values as bars beside their digits, small.
function smallBars(canvas, layer, theme) {
  const side = 240, high = side / layer.size, signed = layer.numbers.some((value) => value < 0);
  Object.assign(canvas, { width: side, height: side });
  const pen = canvas.getContext("2d"), zero = signed ? 30 + (side - 30) / 2 : 30;
  Object.assign(pen, { font: "22px sans-serif", textBaseline: "middle" });
  layer.numbers.forEach((value, i) => {
    const long = (value / (layer.most || 1)) * (side - zero);
    pen.fillStyle = value < 0 ? SIGNED[0] : SIGNED[2];
    pen.fillRect(Math.min(zero, zero + long), i * high + 4, Math.max(2, Math.abs(long)), high - 8);
    pen.fillStyle = theme;
    pen.fillText(String(i), 4, (i + 0.5) * high);
  });
}

// The same, large, with their numbers.
function barsOf(pen, layer, selected, marked, theme) {
  const high = 44, left = 44, right = 130, width = LARGE - left - right;
  const signed = layer.numbers.some((value) => value < 0), zero = signed ? left + width / 2 : left;
  const most = layer.most || 1;
  Object.assign(pen, { font: "26px sans-serif", textBaseline: "middle" });
  layer.numbers.forEach((value, i) => {
    const y = i * high, long = (value / most) * (signed ? width / 2 : width);
    pen.fillStyle = value < 0 ? SIGNED[0] : SIGNED[2];
    pen.fillRect(Math.min(zero, zero + long), y + 8, Math.max(2, Math.abs(long)), high - 16);
    pen.fillStyle = theme;
    pen.textAlign = "left";
    pen.fillText(String(i), 12, y + high / 2);
    pen.textAlign = "right";
    pen.fillText(layer.texts?.[i] ?? short(value), LARGE - 10, y + high / 2);
    if (layer.changed?.includes(i)) frame(pen, left, y + 5, width, high - 10, CUT, 3);
    if (marked.has(i)) frame(pen, 3, y + 3, LARGE - 6, high - 6, MARKED, 4);
    if (i === selected) frame(pen, 2, y + 2, LARGE - 4, high - 4, theme, 4);
  });
}

// A number for reading: three significant digits, with a real minus sign.
function short(value) {
  const size = Math.abs(value);
  const raised = (power) => power.replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);
  const text = size === 0 ? "0" : size >= 100 ? size.toFixed(0) : size >= 0.001 ? size.toPrecision(3)
    : size.toExponential(2).replace(/e-(\d+)/, (_, power) => ` · 10⁻${raised(power)}`);
  return value < 0 && size > 0 ? `−${text}` : text;
}

// An element with properties, attributes (aria_label for aria-label) and children.
function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (/^(aria|data)_/.test(name) || ["role", "scope", "for", "colspan"].includes(name)) {
      element.setAttribute(name.replace("_", "-"), value);
    } else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// The head of a table; a column without a name has no header cell.
const head = (names) => make("thead", {}, make("tr", {}, ...names.map((name) =>
  make(name ? "th" : "td", name ? { scope: "col", textContent: name } : {}))));

// HTML that Python wrote: formulas with sub and sup.
const formula = (html) => make("p", { className: "formula", innerHTML: html });
const quiet = (text) => make("p", { className: "quiet", textContent: text });
const block = (title, ...children) => make("div", {}, make("h4", { textContent: title }), ...children);

// A bar to the left (negative) or right of a middle line; size: -1 to 1.
function bar(size) {
  const line = make("i", { className: size < 0 ? "minus" : "" });
  line.style.setProperty("--size", size.toFixed(4));
  return make("td", { className: "bar" }, line);
}
