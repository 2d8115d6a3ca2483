// The pen draws on st_canvas, which shows the current stroke. The canvas of ink.js shows the finished strokes; it replaces
// the lower layer in the component's shadow root, because undo and redo of the component load earlier states
// asynchronously, and a load overtaken by the next one still adds its strokes. Its reset loads an empty state.
const STYLE = `
  .dc-toolbar { display: none !important; }
  .dc-root, .dc-scroll, .dc-container { width: 100% !important; height: auto !important; }
  .dc-scroll { overflow: hidden !important; border-radius: 0.5rem; background: #000000; touch-action: none; }
  .dc-container, .canvas-container { aspect-ratio: var(--shape, 1); position: relative; }
  .canvas-container, canvas { width: 100% !important; height: 100% !important; }
  .lower-canvas { visibility: hidden; }
  .ink { position: absolute; inset: 0; pointer-events: none; }
  .upper-canvas { outline: none !important; cursor: crosshair; touch-action: none; }
  .dc-container::before { content: ""; position: absolute; inset: 0; opacity: 0.3; image-rendering: pixelated;
    background: var(--example, none) center / contain no-repeat; }
  .dc-container::after { content: "draw here"; position: absolute; left: 0.7rem; bottom: 0.5rem; color: #b9c0bd; }
  .dc-container.drawing::before, .dc-container.drawing::after { display: none; }
`;
let finding; // a timer, while st_canvas is not there yet

// Adapt st_canvas beyond its settings, once per mount, which can be later than this call.
function attach() {
  clearTimeout(finding);
  const hosts = [...document.querySelectorAll(`.st-key-${told.canvas} *`)];
  const root = hosts.find((host) => host.shadowRoot?.querySelector(".upper-canvas"))?.shadowRoot;
  const area = root?.querySelector(".dc-container");
  if (!area) {
    canvas.remove(); // from another surface
    if (!told.aside) finding = setTimeout(attach, 50);
    return;
  }
  const pen = root.querySelector(".upper-canvas");
  if (canvas.parentElement !== area) {
    if (!root.querySelector("style[data-qualm]")) {
      root.append(Object.assign(document.createElement("style"), { textContent: STYLE }));
      root.lastChild.dataset.qualm = "";
    }
    area.prepend(canvas);
    pen.setAttribute("role", "img");
    pen.addEventListener("pointerdown", begin, true); // adding it once more changes nothing
    redraw();
  }
  pen.setAttribute("aria-label", told.label);
  area.style.setProperty("--example", told.example ? `url("${told.example}")` : "none");
}

// Clear st_canvas too.
function reset() {
  canvas.getRootNode().querySelector?.('.dc-toolbar button[title^="Reset"]')?.click();
}
