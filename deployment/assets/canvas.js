// Finishes the drawing component where its own settings end: its toolbar covers the top right of the drawing area and
// loses strokes that begin there (this page has its own buttons), and its canvas has no name for screen readers.
// `example` is a picture shown faintly behind an empty canvas; it vanishes as soon as the pen comes down.
const STYLE = `
  .dc-toolbar { display: none !important; }
  .dc-scroll { overflow: hidden !important; border-radius: 0.5rem; background: #16191b; }
  .dc-container::before { content: ""; position: absolute; inset: 14px; opacity: 0.28; image-rendering: pixelated;
    background: var(--example, none) center / contain no-repeat; }
  .dc-container.drawing::before { display: none; }
  .dc-canvas { outline: none !important; }
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
  container.classList.toggle("drawing", !data.example);
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
