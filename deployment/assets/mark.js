// The ten dots say nothing to a keyboard: their frame is no stop on the way through the page.
export default function () {
  document.querySelector(".st-key-mark iframe")?.setAttribute("tabindex", "-1");
}
