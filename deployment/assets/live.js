// The drawing area, which the network follows. The strokes are kept here, for each surface a list of its own, and what
// stands on the canvas is drawn from them alone: undo, redo and clear act at once, without Python, and a drawing outlives
// the canvas, another tab and a reload. Python is handed the pixels: in mid-stroke at most every EVERY milliseconds and
// never while an answer is on its way, when the pen comes up at once.
const EVERY = 70, PATIENCE = 3000; // milliseconds; an answer that takes longer than PATIENCE is not waited for
const KEPT = "qualm-drawings"; // in the session storage of this tab of the browser
const NARROW = matchMedia("(max-width: 640px)");
const sight = document.createElement("canvas"), ground = document.createElement("canvas");
const eye = sight.getContext("2d", { willReadFrequently: true });

let canvas, told, tell; // the drawing area; what Python last said, and how to reach it
let stroke = null, pointer, erasing = false; // the stroke being drawn and whose it is
let sent = 0, sentAt = -Infinity, pausedUntil = 0, last = "", cleared, again, later;
let whole = false, resumed = -Infinity; // the page was sent once; when a lost connection came back
let drawings = {}; // surface -> {done, undone}: strokes {points, width, erase} in shares of the width, or "clear"
const brushes = {}; // number of the shape of a surface -> pixels of the canvas, where chosen

try {
  drawings = JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
} catch { /* storage that is shut off keeps nothing */ }

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

// Streamlit loses what is said while it has no connection, and breaks down where a part of the page is asked for before
// the whole was there.
function heard() {
  const { testConnectionState, testScriptState } = document.querySelector("[data-testid=stApp]").dataset;
  if (testConnectionState !== "CONNECTED") whole = false;
  else if (testScriptState === "notRunning") whole = true;
  return whole;
}

// A connection that comes back may lead to another process, which knows nothing of this page: Streamlit hands it the
// state of every component, and ours then says what was being read.
function watchConnection() {
  const app = document.querySelector("[data-testid=stApp]");
  if (app.dataset.qualm) return;
  app.dataset.qualm = "watched";
  let before = "CONNECTED";
  new MutationObserver(() => {
    const now = app.dataset.testConnectionState;
    if (now !== "CONNECTED" && before === "CONNECTED") {
      tell("lost", { source: told.source, cleared });
    } else if (now === "CONNECTED" && before !== "CONNECTED") {
      resumed = performance.now();
      document.querySelector(".st-key-again button")?.click(); // Streamlit does not always ask for the page again
    }
    before = now;
  }).observe(app, { attributeFilter: ["data-test-connection-state"] });
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

// Show the finished strokes, kept as a picture in `ground`, and the one being drawn.
function paint() {
  const context = canvas.getContext("2d");
  context.globalCompositeOperation = "copy";
  context.drawImage(ground, 0, 0);
  if (stroke) trace(context, stroke);
  canvas.parentElement.classList.toggle("drawing", stroke !== null || strokes().length > 0);
}

// Draw all anew from the strokes: after every change of them but the one in mid-stroke.
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
  canvas.parentElement.style.setProperty("--shape", width / height);
  paint();
  const root = canvas.getRootNode();
  root.querySelector(".turn").hidden = told.shapes.length < 2 || !NARROW.matches;
  root.querySelector("[data-tool=undo]").disabled = !own.done.length;
  root.querySelector("[data-tool=redo]").disabled = !own.undone.length;
  root.querySelector("[data-tool=eraser]").setAttribute("aria-pressed", erasing);
  root.querySelector(".brush input").value = brush();
}

// A surface that is lower than before, as of a phone that was turned, holds the drawing whole.
function fit(own, shape) {
  const lowest = strokes().flatMap(({ points, width }) => points.map(([, y]) => y + width / 2));
  const by = Math.min(1, shape / Math.min(Math.max(...lowest, 0), own.shape ?? shape));
  const scaled = (step) => step === "clear" ? step : {
    ...step, width: step.width * by, points: step.points.map((point) => point.map((at) => at * by)) };
  if (by < 1) [own.done, own.undone] = [own.done, own.undone].map((steps) => steps.map(scaled));
  own.shape = shape;
}

const brush = () => brushes[shape()] ?? told.brushes[told.shapes.indexOf(shape())];

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

function send(done, ink = pixels(), tries = 5) {
  clearTimeout(again);
  if (!heard()) {
    if (done) again = setTimeout(() => !stroke && send(true), EVERY);
    return;
  }
  [last, sentAt, sent] = [ink, performance.now(), Math.max(sent, told.answered) + 1];
  const drawn = strokes(), known = told.surface === "number" ? [...drawn, ...(stroke ? [stroke] : [])] : [];
  const ways = known.some(({ erase }) => erase) ? [] : known.map(({ points, width }) => ({ points, width }));
  tell("ink", { number: sent, done, strokes: drawn.length, ink, ways });
  // Streamlit drops one of two words that two parts of a page say at the same time
  if (done) {
    again = setTimeout(() => tries && !stroke && told.answered < sent && send(true, pixels(), tries - 1), PATIENCE / 2);
  }
}

// What is drawn by now is read as soon as it may be sent, even where the pen rests by then.
function follow() {
  clearTimeout(later);
  if (!stroke) return;
  const waiting = sent > told.answered;
  const wait = Math.max(waiting ? sentAt + PATIENCE : 0, sentAt + EVERY, pausedUntil) - performance.now();
  if (wait <= 0) {
    const ink = pixels();
    if (ink === last && !waiting) return;
    send(false, ink);
  }
  later = setTimeout(follow, Math.max(wait, EVERY));
}

function use(tool) {
  const { done, undone } = drawing();
  if (stroke) return;
  if (tool === "eraser") {
    erasing = !erasing;
    redraw();
    return;
  }
  if (tool === "undo" && done.length) undone.push(done.pop());
  else if (tool === "redo" && undone.length) done.push(undone.pop());
  else if (tool === "clear") clear();
  else return;
  redraw();
  keep();
  send(true);
}

// A step like a stroke: undo brings the drawing back.
function clear() {
  if (!strokes().length) return;
  drawing().done.push("clear");
  drawing().undone = [];
}

// Note where the pointer is, in shares of the width of the drawing area; that may have gone.
function note(event) {
  const area = canvas.getBoundingClientRect();
  if (!area.width) return;
  stroke.points.push([event.clientX - area.left, event.clientY - area.top].map(
    (at) => Math.round((1e4 * at) / area.width) / 1e4));
}

function begin(event) {
  if (event.button || stroke) return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  pointer = event.pointerId;
  stroke = { points: [], width: brush() / canvas.width, erase: erasing };
  note(event);
  if (!stroke.points.length) stroke = null;
  else paint();
  document.querySelector(".st-key-reasons")?.classList.add("q-stale");
}

function move(event) {
  if (!stroke || event.pointerId !== pointer) return;
  note(event);
  paint();
  follow();
}

function end(event) {
  if (!stroke || event.pointerId !== pointer) return;
  drawing().done.push(stroke);
  drawing().undone = [];
  stroke = null;
  redraw();
  keep();
  send(true);
}

function typing(event) {
  return event.composedPath().some((place) => place.matches?.(
    "input:not([type=range]), textarea, [contenteditable=true]"));
}

const shown = () => canvas?.isConnected && canvas.getClientRects().length > 0;

document.addEventListener("pointermove", move, true);
for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, end, true);
document.addEventListener("keydown", (event) => {
  const key = event.key.toLowerCase();
  if (!(event.ctrlKey || event.metaKey) || typing(event) || !shown()) return;
  const tool = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : null;
  if (!tool) return;
  event.preventDefault();
  use(tool);
}, true);
NARROW.addEventListener("change", () => {
  if (!shown() || told.shapes.length < 2) return;
  redraw();
  if (strokes().length) send(true);
  canvas.scrollIntoView({ block: "center" });
});

export default function ({ data, setStateValue, parentElement }) {
  [told, tell] = [data, setStateValue];
  pausedUntil = performance.now() + data.pause;
  if (data.pause) last = ""; // what was sent last was not read
  document.querySelector(".st-key-mark iframe")?.setAttribute("aria-hidden", "true"); // ten dots that say nothing
  watchConnection();
  const found = parentElement.querySelector("canvas"), input = parentElement.querySelector(".brush input");
  const before = canvas;
  canvas = found;
  if (canvas !== before) canvas.addEventListener("pointerdown", begin);
  // a process that has just taken over counts anew until it has heard what was being read
  if (data.cleared !== cleared && performance.now() - resumed > PATIENCE) {
    if (cleared !== undefined) clear();
    [cleared, last, erasing] = [data.cleared, "", false];
    keep();
  }
  for (const button of parentElement.querySelectorAll("button")) button.onclick = () => use(button.dataset.tool);
  input.oninput = () => (brushes[shape()] = Number(input.value));
  parentElement.querySelector(".pad").hidden = data.aside;
  canvas.setAttribute("aria-label", data.label);
  canvas.parentElement.style.setProperty("--example", data.example ? `url("${data.example}")` : "none");
  canvas.dataset.read = data.read; // of what the answer was given to, for tests
  if (!stroke || found !== before) redraw();
  const spoken = parentElement.querySelector(".spoken");
  if (!stroke && spoken.textContent !== data.spoken) spoken.textContent = data.spoken; // not each answer in mid-stroke
  if (!stroke && data.answered >= sent && data.token) {
    document.dispatchEvent(new CustomEvent("qualm-answer", { detail: data.token }));
  }
  // a drawing from before a reload, or of a surface that is back: what stands on the canvas is what is read
  if (!stroke && !data.aside && data.answered >= sent && data.strokes !== strokes().length) send(true);
  follow();
}
