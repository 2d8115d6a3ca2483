// Charts on canvases. Each draws all it shows at once, in the colours of the theme.
const BATCH = "#8c8c8c", TRAIN = "#0072B2", VALIDATION = "#D55E00";
const DIGITS = ["#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd"];
const BLUE = [0, 114, 178], PALE = [244, 244, 242], ORANGE = [230, 159, 0];
const SIDE = 28, MARGIN = { left: 44, right: 10, top: 8, bottom: 22 };

// A canvas at the size it has on the page, cleared: its pen, width and height in CSS pixels, and the colours.
function canvasPen(canvas) {
  const width = canvas.clientWidth, height = canvas.clientHeight, ratio = window.devicePixelRatio || 1;
  const wide = Math.round(width * ratio), high = Math.round(height * ratio);
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  const pen = canvas.getContext("2d"), text = getComputedStyle(canvas).color;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = "12px sans-serif";
  return { pen, width, height, text };
}

const faint = (text, share) => `color-mix(in srgb, ${text} ${Math.round(100 * share)}%, transparent)`;
const shortNumber = (value) => (value >= 1000 ? `${+(value / 1000).toPrecision(3)}k` : `${+value.toPrecision(3)}`);

// Even ticks between two numbers, about `count`.
function ticksOf(low, high, count) {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= rough * 0.999);
  const ticks = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-6; value += step) ticks.push(+value.toPrecision(8));
  return ticks;
}

function logTicks(low, high) {
  const factors = high / low > 300 ? [1] : high / low > 20 ? [1, 3] : [1, 2, 5], ticks = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
    for (const factor of factors) {
      const value = +(factor * 10 ** power).toPrecision(3);
      if (value >= low && value <= high) ticks.push(value);
    }
  }
  return ticks;
}

// Batches as a grey line with their spread, epochs as lines with marks. epochs: [{colour, mark, values: [[step, value]]}];
// scale: {low, high, log, words(value)}.
function drawCurves(canvas, batches, epochs, steps, scale) {
  const { pen, width, height, text } = canvasPen(canvas), { low, high, log, words } = scale;
  const right = width - MARGIN.right, bottom = height - MARGIN.bottom;
  const x = (step) => MARGIN.left + (step / steps) * (right - MARGIN.left);
  const share = (value) => (log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low));
  const y = (value) => bottom - Math.min(9, Math.max(-9, share(value))) * (bottom - MARGIN.top);
  pen.fillStyle = faint(text, 0.8);
  pen.strokeStyle = faint(text, 0.15);
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  for (const tick of log ? logTicks(low, high) : ticksOf(low, high, 4)) {
    pen.fillText(words(tick), MARGIN.left - 6, y(tick));
    line(pen, [[MARGIN.left, y(tick)], [right, y(tick)]]);
  }
  pen.textAlign = "center";
  for (const tick of ticksOf(0, steps, Math.max(2, Math.round(width / 110)))) {
    if (x(tick) < right - 12) pen.fillText(shortNumber(tick), x(tick), bottom + 12);
  }
  pen.save();
  pen.beginPath();
  pen.rect(MARGIN.left - 5, MARGIN.top - 5, width - MARGIN.left, bottom - MARGIN.top + 10);
  pen.clip(); // what lies beyond the scale
  const parts = batches.columns(Math.min(batches.length, Math.round(right - MARGIN.left))).filter(Boolean);
  pen.strokeStyle = faint(BATCH, 0.4);
  for (const part of parts) line(pen, [[x(part.at), y(part.low)], [x(part.at), y(part.high) - 0.5]]);
  pen.strokeStyle = BATCH;
  line(pen, parts.map((part) => [x(part.at), y(part.mean)]));
  for (const { colour, mark, values } of epochs) {
    Object.assign(pen, { strokeStyle: colour, fillStyle: colour, lineWidth: 2 });
    line(pen, values.filter(([step]) => step).map(([step, value]) => [x(step), y(value)])); // a guess before the first batch is apart
    if (values.length < 60) for (const [step, value] of values) marked(pen, mark, x(step), y(value));
    pen.lineWidth = 1;
  }
  pen.restore();
}

function line(pen, points) {
  pen.beginPath();
  points.forEach(([x, y], index) => pen[index ? "lineTo" : "moveTo"](x, y));
  pen.stroke();
}

function marked(pen, mark, x, y) {
  pen.beginPath();
  if (mark === "circle") pen.arc(x, y, 3.2, 0, 7);
  else for (const [u, v] of [[0, -4.5], [4.5, 0], [0, 4.5], [-4.5, 0]]) pen.lineTo(x + u, y + v);
  pen.fill();
}

// Counts of even parts of an axis from low to high; marks: values that get a word below, guide: one with a dashed line.
function drawHistogram(canvas, counts, low, high, colour, marks, guide) {
  const { pen, width, height, text } = canvasPen(canvas), bottom = height - 18, most = Math.max(1, ...counts);
  const x = (value) => 4 + ((value - low) / (high - low || 1)) * (width - 8), wide = (width - 8) / counts.length;
  pen.fillStyle = colour;
  counts.forEach((count, index) => {
    const high = Math.sqrt(count / most) * (bottom - 2); // the root: few are seen beside many
    pen.fillRect(4 + index * wide, bottom - high, Math.max(1, wide - 1), high);
  });
  pen.strokeStyle = faint(text, 0.35);
  line(pen, [[4, bottom + 0.5], [width - 4, bottom + 0.5]]);
  if (guide !== undefined) {
    pen.setLineDash([3, 3]);
    pen.strokeStyle = faint(text, 0.7);
    line(pen, [[x(guide), 0], [x(guide), bottom]]);
    pen.setLineDash([]);
  }
  pen.fillStyle = faint(text, 0.8);
  for (const [value, words] of marks) {
    const size = pen.measureText(words).width / 2;
    pen.textAlign = "center";
    pen.fillText(words, Math.min(width - size - 1, Math.max(size + 1, x(value))), height - 4);
  }
}

// First-layer units (n, 28, 28), 128 for 0, as pictures in a grid: blue below 0, pale at 0, orange above.
const RAMP = new Uint32Array(256).map((_, value) => {
  const at = (value - 128) / 127, end = at < 0 ? BLUE : ORANGE, share = Math.min(1, Math.abs(at));
  const [red, green, blue] = PALE.map((pale, part) => Math.round(pale + share * (end[part] - pale)));
  return (255 << 24) | (blue << 16) | (green << 8) | red;
});
const scratch = document.createElement("canvas");

function drawUnits(canvas, units, across) {
  const count = units.shape[0], down = Math.ceil(count / across), step = SIDE + 2;
  Object.assign(scratch, { width: across * step - 2, height: down * step - 2 });
  const picture = new ImageData(scratch.width, scratch.height), pixels = new Uint32Array(picture.data.buffer);
  for (let unit = 0; unit < count; unit++) {
    const left = (unit % across) * step, top = Math.floor(unit / across) * step;
    for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
      pixels[(top + Math.floor(pixel / SIDE)) * scratch.width + left + (pixel % SIDE)] = RAMP[units[unit * SIDE * SIDE + pixel]];
    }
  }
  if (canvas.width !== scratch.width || canvas.height !== scratch.height) {
    Object.assign(canvas, { width: scratch.width, height: scratch.height });
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

// A digit (784 numbers from 0 to 255), white on black.
function drawDigit(canvas, pixels) {
  Object.assign(canvas, { width: SIDE, height: SIDE });
  const picture = new ImageData(SIDE, SIDE), colours = new Uint32Array(picture.data.buffer);
  colours.forEach((_, index) => { colours[index] = (255 << 24) | (0x10101 * pixels[index]); });
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

// The points (n, 2) of validation digits as numerals in the colour of their class, and the ten directions; path:
// [[x, y], ...] of the drawn digit.
function drawMap(canvas, points, { map_labels: labels, directions }, path, reach) {
  const { pen, width, height, text } = canvasPen(canvas), half = Math.min(width, height) / 2 - 24;
  const place = (x, y) => { // beyond the reach: on its rim
    const size = half / Math.max(reach, Math.hypot(x, y));
    return [width / 2 + x * size, height / 2 - y * size];
  };
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.strokeStyle = faint(text, 0.12);
  for (let digit = 0; digit < 10; digit++) {
    const [x, y] = row(directions, digit), end = place(x * reach, y * reach);
    line(pen, [place(0, 0), end]);
    pen.fillStyle = faint(text, 0.6);
    pen.font = "600 15px sans-serif";
    pen.fillText(digit, width / 2 + x * (half + 14), height / 2 - y * (half + 14));
  }
  pen.font = "600 11px sans-serif";
  for (let digit = 0; digit < 10; digit++) {
    pen.fillStyle = DIGITS[digit];
    for (let index = 0; index < points.shape[0]; index++) {
      if (labels[index] === digit) pen.fillText(digit, ...place(points[2 * index], points[2 * index + 1]));
    }
  }
  if (!path.length) return;
  Object.assign(pen, { strokeStyle: text, lineWidth: 1.5 });
  line(pen, path.map(([x, y]) => place(x, y)));
  const [x, y] = place(...path.at(-1));
  pen.beginPath();
  for (let corner = 0; corner < 10; corner++) {
    const angle = (corner * Math.PI) / 5 - Math.PI / 2, far = corner % 2 ? 5 : 12;
    pen.lineTo(x + far * Math.cos(angle), y + far * Math.sin(angle));
  }
  pen.closePath();
  Object.assign(pen, { fillStyle: text, strokeStyle: getComputedStyle(canvas).backgroundColor, lineWidth: 2 });
  pen.stroke();
  pen.fill();
  pen.lineWidth = 1;
}
