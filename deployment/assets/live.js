// Lets the network follow the pen. Reads the pixels of the drawing component beside it, which sends nothing itself, and
// hands them to Python: in mid-stroke at most every EVERY milliseconds and never while an answer is on its way, when the
// pen comes up at once. Undo, redo and clear press the component's own buttons, so that they act here, without Python;
// not its "Reset", which would send something too, and Streamlit takes word from only one part of a page at a time.
const EVERY = 70, PATIENCE = 3000; // milliseconds; an answer that takes longer than PATIENCE is not waited for
const STYLE = `
  .dc-toolbar { display: none !important; }
  .dc-root, .dc-scroll, .dc-container { width: 100% !important; height: auto !important; }
  .dc-scroll { overflow: hidden !important; border-radius: 0.5rem; background: #000000; touch-action: none; }
  .dc-container, .canvas-container { aspect-ratio: var(--shape, 1); position: relative; }
  .canvas-container, canvas { width: 100% !important; height: 100% !important; }
  .dc-container::before { content: ""; position: absolute; inset: 0; opacity: 0.3; image-rendering: pixelated;
    background: var(--example, none) center / contain no-repeat; }
  .dc-container::after { content: "draw here"; position: absolute; left: 0.7rem; bottom: 0.5rem; color: #b9c0bd; }
  .dc-container.drawing::before, .dc-container.drawing::after { display: none; }
  .dc-canvas { outline-color: color-mix(in srgb, #ffffff 30%, transparent) !important; border-radius: 0.5rem; }
`;
const sight = document.createElement("canvas");
const eye = sight.getContext("2d", { willReadFrequently: true });

let root, tell, told; // the component's shadow root; how to reach Python, and what it last said
let down = false, strokes = 0, sent = 0, sentAt = -Infinity, pausedUntil = 0, last = "", cleared, again, later;
let ways = [], undone = [], way = null; // of the strokes drawn and of those taken back; of the one being drawn
let whole = false, resumed = -Infinity; // the page was sent once; when a lost connection came back

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

function pixels() {
  const [width, height] = told.size;
  if (sight.width !== width || sight.height !== height) Object.assign(sight, { width, height });
  eye.fillStyle = "#000000";
  eye.fillRect(0, 0, width, height);
  eye.imageSmoothingQuality = "high";
  for (const layer of root.querySelectorAll(".lower-canvas, .upper-canvas")) eye.drawImage(layer, 0, 0, width, height);
  const rgba = eye.getImageData(0, 0, width, height).data;
  let text = "";
  for (let i = 0; i < rgba.length; i += 4) text += String.fromCharCode(rgba[i]);
  return btoa(text);
}

function send(done, ink = pixels(), tries = 5) {
  clearTimeout(again);
  if (!heard()) {
    if (done) again = setTimeout(() => !down && send(true), EVERY);
    return;
  }
  [last, sentAt, sent] = [ink, performance.now(), Math.max(sent, told.answered) + 1];
  const drawn = [...ways, ...(way ? [way] : [])].map(({ points, width }) => ({ points, width }));
  const known = told.size[0] > told.size[1] && ways.length === strokes && drawn.every(
    (stroke) => stroke.width && stroke.points.length);
  tell("ink", { number: sent, done, strokes, ink, ways: known ? drawn : [] });
  // Streamlit drops one of two words that two parts of a page say at the same time
  if (done) again = setTimeout(() => tries && !down && told.answered < sent && send(true, ink, tries - 1), PATIENCE / 2);
}

// What is drawn by now is read as soon as it may be sent, even where the pen rests by then.
function follow() {
  clearTimeout(later);
  if (!down) return;
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
  const [undo, redo] = ["Undo", "Redo"].map((title) => root.querySelector(`.dc-toolbar button[title="${title}"]`));
  if (down || !undo || (tool === "undo" && undo.disabled) || (tool === "redo" && redo.disabled)) return;
  const before = pixels();
  let moved = 0;
  if (tool === "redo") moved += press(redo);
  else moved -= tool === "clear" ? clear() : press(undo);
  strokes = tool === "clear" ? 0 : Math.max(0, strokes + moved);
  const latest = performance.now() + (moved ? PATIENCE : 0); // the component redraws a moment later
  const look = () => {
    if (pixels() !== before || performance.now() >= latest) send(true);
    else requestAnimationFrame(look);
  };
  look();
}

// Step by step, so that even that can be redone; returns the number of steps.
function clear() {
  const undo = root.querySelector('.dc-toolbar button[title="Undo"]');
  let steps = 0;
  while (undo && !undo.disabled) steps += press(undo);
  return steps;
}

function press(button) {
  if (button.disabled) return 0;
  const [from, to] = button.title === "Undo" ? [ways, undone] : [undone, ways];
  if (from.length) to.push(from.pop());
  button.click();
  return 1;
}

// Note where the pointer is on the drawing area of the present stroke, in shares of its width; that area may have gone.
function note(event) {
  const area = way.area.getBoundingClientRect();
  if (!area.width) return;
  way.points.push([event.clientX - area.left, event.clientY - area.top].map(
    (at) => Math.round((1e4 * at) / area.width) / 1e4));
}

function typing(event) {
  return event.composedPath().some((place) => place.matches?.("input, textarea, [contenteditable=true]"));
}

function visible() {
  return root?.host.isConnected && root.host.getClientRects().length > 0;
}

document.addEventListener("pointermove", (event) => {
  if (!down) return;
  note(event);
  follow();
}, true);
for (const end of ["pointerup", "pointercancel"]) {
  document.addEventListener(end, () => {
    if (!down) return;
    down = false;
    strokes += 1;
    ways.push(way);
    [way, undone] = [null, []];
    send(true);
  }, true);
}
document.addEventListener("keydown", (event) => {
  const key = event.key.toLowerCase();
  if (!(event.ctrlKey || event.metaKey) || typing(event) || !visible()) return;
  const tool = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : null;
  if (!tool) return;
  event.preventDefault();
  use(tool);
}, true);

// Finishes the component where its own settings end: its toolbar covers the top right of the drawing area and loses
// strokes that begin there, its canvas has no name for screen readers, and its size is fixed.
function finish(found) {
  const container = found.querySelector(".dc-container"), pen = found.querySelector(".upper-canvas");
  if (!container || !pen) return false;
  if (root && root !== found) [strokes, last, ways, undone] = [0, "", [], []]; // another surface
  root = found;
  if (!root.querySelector("style[data-qualm]")) {
    const style = document.createElement("style");
    style.dataset.qualm = "";
    style.textContent = STYLE;
    root.append(style);
    pen.setAttribute("role", "img");
    pen.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      finish(found); // where another surface was there a moment ago
      [down, way] = [true, { points: [], width: told.pen, area: pen }];
      note(event);
      container.classList.add("drawing");
      document.querySelector(".st-key-reasons")?.classList.add("q-stale");
    }, true);
  }
  pen.setAttribute("aria-label", told.label);
  if (!down) container.classList.toggle("drawing", !told.empty);
  container.style.setProperty("--shape", told.size[0] / told.size[1]);
  container.style.setProperty("--example", told.example ? `url("${told.example}")` : "none");
  return true;
}

export default function ({ data, setStateValue, parentElement }) {
  [told, tell] = [data, setStateValue];
  pausedUntil = performance.now() + data.pause;
  if (data.pause) last = ""; // what was sent last was not read
  document.querySelector(".st-key-mark iframe")?.setAttribute("aria-hidden", "true"); // ten dots that say nothing
  watchConnection();
  // a process that has just taken over counts anew until it has heard what was being read
  if (data.cleared !== cleared && performance.now() - resumed > PATIENCE) {
    if (root?.host.isConnected) clear();
    [cleared, strokes, last, ways, undone] = [data.cleared, 0, "", [], []];
  }
  const spoken = parentElement.querySelector(".spoken");
  if (!down && spoken.textContent !== data.spoken) spoken.textContent = data.spoken; // not each answer in mid-stroke
  for (const button of parentElement.querySelectorAll("button")) button.onclick = () => use(button.dataset.tool);
  const attempt = () => [...document.querySelectorAll(`.st-key-${data.canvas} *`)].some(
    (host) => host.shadowRoot && finish(host.shadowRoot));
  if (!down && data.answered >= sent && data.token) {
    document.dispatchEvent(new CustomEvent("qualm-answer", { detail: data.token }));
  }
  const timer = attempt() ? 0 : setInterval(() => attempt() && clearInterval(timer), 50); // it may be mounted later
  follow();
  return () => clearInterval(timer);
}
