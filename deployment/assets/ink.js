// The content of the drawing area. The strokes are recorded here, in one list per surface; the picture that is shown and
// read is drawn from this record alone, on a canvas below that of st_canvas (pad.js). ink.js, pad.js and live.js are one
// module (deployment/draw_or_upload.py joins them).
const KEPT = "qualm-drawings"; // in the session storage of this tab of the browser
const NARROW = matchMedia("(max-width: 640px)");
const [canvas, ground, sight] = ["ink", "", ""].map((className) => Object.assign(
  document.createElement("canvas"), { className }));
const eye = sight.getContext("2d", { willReadFrequently: true });

let told; // what Python last said
let stroke = null; // the stroke being drawn
let drawings = {}; // surface -> {done, undone}: strokes {points, width, erase} in shares of the width, or "clear"

try {
  drawings = JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
} catch { /* storage is disabled */ }

function keep() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(drawings));
  } catch { /* as above */ }
}

const drawing = () => (drawings[told.surface] ??= { done: [], undone: [] });
const shape = () => told.shapes.at(NARROW.matches ? -1 : 0); // width and height in pixels of what Python gets

function strokes() {
  const { done } = drawing();
  return done.slice(done.lastIndexOf("clear") + 1);
}

function trace(context, { points, width, erase }) {
  const side = context.canvas.width, at = points.map(([x, y]) => [x * side, y * side]);
  context.globalCompositeOperation = erase ? "destination-out" : "source-over";
  Object.assign(context, { strokeStyle: "#ffffff", lineWidth: width * side, lineCap: "round", lineJoin: "round" });
  context.beginPath();
  context.moveTo(...at[0]);
  for (let i = 1; i < at.length - 1; i++) { // curves from the middle between two points to the next middle
    context.quadraticCurveTo(...at[i], (at[i][0] + at[i + 1][0]) / 2, (at[i][1] + at[i + 1][1]) / 2);
  }
  context.lineTo(at.at(-1)[0] + 1e-3, at.at(-1)[1]); // a point alone is a dot
  context.stroke();
}

// Show the finished strokes, cached as a picture in `ground`, and the current one.
function paint() {
  const context = canvas.getContext("2d");
  context.globalCompositeOperation = "copy";
  context.drawImage(ground, 0, 0);
  if (stroke) trace(context, stroke);
  canvas.parentElement?.classList.toggle("drawing", stroke !== null || strokes().length > 0);
}

// Redraw everything from the strokes, after every change except in mid-stroke.
function redraw() {
  const own = drawing(), [width, height] = shape();
  const size = { width: told.width, height: Math.round((told.width * height) / width) };
  for (const picture of [canvas, ground]) {
    if (picture.width !== size.width || picture.height !== size.height) Object.assign(picture, size);
  }
  if (own.shape !== height / width) fit(own, height / width);
  const context = ground.getContext("2d");
  context.globalCompositeOperation = "source-over";
  context.clearRect(0, 0, ground.width, ground.height);
  for (const one of strokes()) trace(context, one);
  canvas.parentElement?.style.setProperty("--shape", width / height);
  paint();
}

// A lower surface, such as after turning a phone, shows the whole drawing.
function fit(own, shape) {
  const lowest = strokes().flatMap(({ points, width }) => points.map(([, y]) => y + width / 2));
  const by = Math.min(1, shape / Math.min(Math.max(...lowest, 0), own.shape ?? shape));
  const scaled = (step) => step === "clear" ? step : {
    ...step, width: step.width * by, points: step.points.map((point) => point.map((at) => at * by)) };
  if (by < 1) [own.done, own.undone] = [own.done, own.undone].map((steps) => steps.map(scaled));
  own.shape = shape;
}

function pixels() {
  const [width, height] = shape();
  if (sight.width !== width || sight.height !== height) Object.assign(sight, { width, height });
  eye.fillStyle = "#000000";
  eye.fillRect(0, 0, width, height);
  eye.imageSmoothingQuality = "high";
  eye.drawImage(canvas, 0, 0, width, height);
  const rgba = eye.getImageData(0, 0, width, height).data;
  let text = "";
  for (let i = 0; i < rgba.length; i += 4) text += String.fromCharCode(rgba[i]);
  return btoa(text);
}
