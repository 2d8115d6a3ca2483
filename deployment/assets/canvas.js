// Finishes the drawing component where its own settings end: its toolbar covers the top right of the drawing area and
// loses strokes that begin there (this page has its own buttons), and its canvas has no name for screen readers.
// `data.empty` asks for a hint on the empty canvas and `data.example` for a picture behind it: both vanish when the pen
// comes down.
const STYLE = `
  .dc-toolbar { display: none !important; }
  .dc-scroll { overflow: hidden !important; border-radius: 0.5rem; background: #000000; }
  .dc-container::before { content: ""; position: absolute; inset: 0; opacity: 0.3; image-rendering: pixelated;
    background: var(--example, none) center / contain no-repeat; }
  .dc-container::after { content: "draw here"; position: absolute; left: 0.7rem; bottom: 0.5rem; color: #b9c0bd; }
  .dc-container.drawing::before, .dc-container.drawing::after { display: none; }
  .dc-canvas { outline-color: color-mix(in srgb, #ffffff 30%, transparent) !important; border-radius: 0.5rem; }
`;

function finish(root, data) {
  const container = root.querySelector(".dc-container");
  const pen = root.querySelector("canvas.upper-canvas");
  if (!container || !pen) return false;
  if (!root.querySelector("style[data-qualm]")) {
    const style = document.createElement("style");
    style.dataset.qualm = "";
    style.textContent = STYLE;
    root.append(style);
    pen.setAttribute("role", "img");
    pen.setAttribute("aria-label", data.label);
    pen.addEventListener("pointerdown", () => container.classList.add("drawing"));
  }
  container.classList.toggle("drawing", !data.empty);
  container.style.setProperty("--example", data.example ? `url("${data.example}")` : "none");
  return true;
}

export default function ({ data }) {
  const attempt = () => {
    const hosts = document.querySelectorAll(".st-key-canvas *");
    return [...hosts].some((host) => host.shadowRoot && finish(host.shadowRoot, data));
  };
  if (attempt()) return;
  const timer = setInterval(() => attempt() && clearInterval(timer), 50); // the canvas may be mounted after this
  return () => clearInterval(timer);
}
