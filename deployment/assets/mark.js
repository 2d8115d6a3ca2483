// The ten dots have no function: their frame leaves the tab order.
export default function () {
  document.querySelector(".st-key-mark iframe")?.setAttribute("tabindex", "-1");
}
