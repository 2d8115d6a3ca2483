// Shows the picture of the hovered point of the audit's map. Each picture is requested from Python once.
const REST = 60; // milliseconds
const pictures = new Map();
let tell, timer, wanted = null;

const frame = document.createElement("img");
frame.alt = "";
frame.className = "q-glimpse";

function show() {
  const picture = pictures.get(wanted);
  if (picture) frame.src = picture;
  frame.hidden = !picture;
}

function over({ points: [point], event }) {
  if (typeof point?.customdata !== "number") return;
  wanted = point.customdata;
  const { clientX: x, clientY: y } = event;
  Object.assign(frame.style, { left: `${x + (x > innerWidth / 2 ? -104 : 20)}px`, top: `${Math.max(8, y - 104)}px` });
  document.body.append(frame);
  show();
  clearTimeout(timer);
  if (!pictures.has(wanted)) timer = setTimeout(() => tell("point", wanted), REST);
}

function away() {
  clearTimeout(timer);
  wanted = null;
  frame.hidden = true;
}

document.addEventListener("pointermove", (event) => {
  const plot = event.target.closest?.("[class*=st-key-audit_map_] .js-plotly-plot");
  if (!plot || plot.dataset.qualm) return;
  plot.dataset.qualm = "watched";
  plot.on("plotly_hover", over);
  plot.on("plotly_unhover", away);
}, true);

// The chart's button is part of its SVG, which the keyboard cannot reach by default.
document.addEventListener("focusin", () => {
  for (const button of document.querySelectorAll(".st-key-audit .updatemenu-button:not([tabindex])")) {
    for (const [name, value] of [["tabindex", "0"], ["role", "button"]]) button.setAttribute(name, value);
    button.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") button.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    });
  }
}, true);

export default function ({ data, setTriggerValue }) {
  tell = setTriggerValue;
  if (data.picture) pictures.set(data.point, data.picture);
  show();
}
