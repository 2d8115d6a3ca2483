// Pointer, finger and keyboard on the large grid and on the tabs.

// The unit of a layer under the pointer.
function under(event, canvas, layer) {
  const box = canvas.getBoundingClientRect(), columns = layer.size <= 10 ? 1 : layer.columns;
  const rows = Math.ceil(layer.size / columns);
  const column = Math.floor((columns * (event.clientX - box.left)) / box.width);
  const row = Math.floor((rows * (event.clientY - box.top)) / box.height), unit = row * columns + column;
  return column >= 0 && column < columns && row >= 0 && unit < layer.size ? unit : null;
}

function pressed(apart, event) {
  const { layer } = apart, columns = layer.size <= 10 ? 1 : layer.columns, now = apart.view.unit ?? 0;
  const across = columns === 1 ? 0 : 1;
  const step = { ArrowLeft: -across, ArrowRight: across, ArrowUp: -columns, ArrowDown: columns, Home: -now,
    End: layer.size - 1 - now }[event.key];
  const surgery = apart.view.panel === "surgery";
  if (surgery && event.key === " ") { event.preventDefault(); apart.mark(now); return; }
  if (step === undefined) return;
  event.preventDefault();
  const to = now + step;
  if (to < 0 || to >= layer.size) return;
  apart.hovered = null;
  if (!surgery) return apart.choose(layer.of ?? layer.name, to);
  Object.assign(apart.view, { unit: to, layer: layer.name });
  apart.showGrid();
}

function listen(apart) {
  const large = apart.find(".large");
  let drawing = null;
  let pointer = "mouse";
  const drags = () => apart.view.panel === "surgery" && pointer === "mouse"; // a finger scrolls the page
  large.onpointerdown = (event) => {
    const unit = under(event, large, apart.layer);
    pointer = event.pointerType;
    if (unit === null || !drags()) return;
    apart.mark(unit);
    drawing = apart.marked.has(unit);
  };
  large.onclick = (event) => {
    const unit = under(event, large, apart.layer);
    if (unit === null || drags()) return;
    if (apart.view.panel === "surgery") apart.mark(unit); else apart.choose(apart.layer.of ?? apart.layer.name, unit);
  };
  large.onpointermove = (event) => {
    apart.hovered = under(event, large, apart.layer);
    if (drawing !== null && event.buttons && apart.hovered !== null) apart.mark(apart.hovered, drawing);
    else apart.say(apart.hovered ?? apart.view.unit);
  };
  window.addEventListener("pointerup", () => { drawing = null; });
  large.onpointerleave = () => { apart.hovered = null; apart.say(apart.view.unit); };
  large.onkeydown = (event) => pressed(apart, event);
  const tabs = [...apart.root.querySelectorAll("[role=tab]")];
  const open = (tab) => { apart.ask({ panel: tab.dataset.tab, weight: null }); apart.showTabs(); apart.showGrid(); };
  tabs.forEach((tab, i) => {
    tab.onclick = () => open(tab);
    tab.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      const next = tabs[(i + step + tabs.length) % tabs.length];
      next.focus();
      open(next);
    };
  });
  apart.root.addEventListener("keydown", (event) => {
    if (event.key === "z" && (event.ctrlKey || event.metaKey) && apart.view.panel === "surgery") {
      event.preventDefault();
      apart.surgery.back();
    }
  });
}
