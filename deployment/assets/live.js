// The live drawing area. Undo, redo and clear change the record of strokes (ink.js) at once, without Python; a drawing
// survives a remounted canvas, a tab change and a reload. Python gets the pixels: in mid-stroke at most every EVERY
// milliseconds and never while an answer is pending, at pen-up at once.
const EVERY = 70, PATIENCE = 3000; // milliseconds; an answer that takes longer than PATIENCE is not waited for
let tell, controls; // how to reach Python; the element with the buttons
let pointer, erasing = false, telling; // whose stroke it is; a timer
let sent = 0, sentAt = -Infinity, pausedUntil = 0, last = "", cleared, again, later;
let whole = false, resumed = -Infinity; // the page was sent once; when a lost connection came back
const brushes = {}; // number of the shape of a surface -> pixels of the canvas, where chosen

// Streamlit loses values that are set without a connection, and fails if a fragment is requested before the first run of
// the page.
function heard() {
  const { testConnectionState, testScriptState } = document.querySelector("[data-testid=stApp]").dataset;
  if (testConnectionState !== "CONNECTED") whole = false;
  else if (testScriptState === "notRunning") whole = true;
  return whole;
}

// A restored connection can lead to another process without this session: Streamlit sends it the state of every component,
// and this one then states the source.
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

const brush = () => brushes[shape()] ?? told.brushes[told.shapes.indexOf(shape())];

// st_canvas shows the current stroke with the pen that Python sets.
function tellPen() {
  clearTimeout(telling);
  const pen = { surface: told.surface, shape: told.shapes.indexOf(shape()), width: brush(), erase: erasing };
  if (stroke || Object.entries(pen).every(([name, value]) => told.pen[name] === value)) return;
  if (heard()) tell("pen", pen);
  else telling = setTimeout(tellPen, EVERY);
}

// Update the drawing and its buttons, after every change except in mid-stroke.
function show() {
  const { done, undone } = drawing(), part = (name) => controls.querySelector(name);
  redraw();
  part(".turn").hidden = told.shapes.length < 2 || !NARROW.matches;
  part("[data-tool=undo]").disabled = !done.length;
  part("[data-tool=redo]").disabled = !undone.length;
  part("[data-tool=eraser]").setAttribute("aria-pressed", erasing);
  part(".brush input").value = brush();
  tellPen();
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
  // Streamlit drops one of two values that are set at the same time
  if (done) {
    again = setTimeout(() => tries && !stroke && told.answered < sent && send(true, pixels(), tries - 1), PATIENCE / 2);
  }
}

// Send the present drawing as soon as possible, even if the pen rests by then.
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
    show();
    return;
  }
  if (tool === "undo" && done.length) undone.push(done.pop());
  else if (tool === "redo" && undone.length) done.push(undone.pop());
  else if (tool === "clear") clear();
  else return;
  show();
  keep();
  send(true);
  if (tool === "clear") reset();
}

// Clearing is a step like a stroke: undo restores the drawing.
function clear() {
  if (!strokes().length) return;
  drawing().done.push("clear");
  drawing().undone = [];
}

// Record the pointer's position in shares of the width of the drawing area, which may be unmounted.
function note(event) {
  const area = canvas.getBoundingClientRect();
  if (!area.width) return;
  stroke.points.push([event.clientX - area.left, event.clientY - area.top].map(
    (at) => Math.round((1e4 * at) / area.width) / 1e4));
}

function begin(event) {
  if (event.button || stroke || !event.currentTarget.getRootNode().contains(canvas)) return;
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
  show();
  keep();
  send(true);
}

function typing(event) {
  return event.composedPath().some((place) => place.matches?.(
    "input:not([type=range]), textarea, [contenteditable=true]"));
}

const shown = () => canvas.isConnected && canvas.getClientRects().length > 0;

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
  show();
  if (strokes().length) send(true);
  canvas.scrollIntoView({ block: "center" });
});

export default function ({ data, setStateValue, parentElement }) {
  [told, tell] = [data, setStateValue];
  pausedUntil = performance.now() + data.pause;
  if (data.pause) last = ""; // what was sent last was not read
  document.querySelector(".st-key-mark iframe")?.setAttribute("aria-hidden", "true"); // ten dots that say nothing
  watchConnection();
  controls = parentElement;
  attach();
  // a process that has just taken over counts from zero until it knows the source
  if (data.cleared !== cleared && performance.now() - resumed > PATIENCE) {
    if (cleared !== undefined) {
      clear();
      reset();
    }
    [cleared, last, erasing] = [data.cleared, "", false];
    keep();
  }
  for (const button of parentElement.querySelectorAll("button")) button.onclick = () => use(button.dataset.tool);
  const input = parentElement.querySelector(".brush input");
  input.oninput = () => (brushes[shape()] = Number(input.value));
  input.onchange = tellPen;
  parentElement.querySelector(".pad").hidden = data.aside;
  canvas.dataset.read = data.read; // of what the answer was given to, for tests
  if (!stroke) show();
  const spoken = parentElement.querySelector(".spoken");
  if (!stroke && spoken.textContent !== data.spoken) spoken.textContent = data.spoken; // not each answer in mid-stroke
  if (!stroke && data.answered >= sent && data.token) {
    document.dispatchEvent(new CustomEvent("qualm-answer", { detail: data.token }));
  }
  // a drawing from before a reload, or of a remounted surface: read what the canvas shows
  if (!stroke && !data.aside && data.answered >= sent && data.strokes !== strokes().length) send(true);
  follow();
}
