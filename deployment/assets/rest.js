// Reports to Python that the pen rests, by returning the token of the last answered drawing: `data.token`, or a newer one of
// live.js. Reasons take longer than the answer and would delay the next stroke if they were computed at once. Behind another
// tab it waits: of two requests at the same time, such as this and a typed sentence, Streamlit draws only one.
const PAUSE = 500; // milliseconds
let timer, told, tell, token;
let down = false, whole = false;

function wait() {
  clearTimeout(timer);
  if (!down && token && token !== told) timer = setTimeout(rest, PAUSE);
}

function rest() {
  const app = document.querySelector("[data-testid=stApp]").dataset;
  whole ||= app.testScriptState === "notRunning"; // before, Streamlit breaks down where only a part is asked for
  const shown = document.querySelector(".st-key-reasons")?.checkVisibility();
  if (whole && shown && app.testConnectionState === "CONNECTED") tell("rested", (told = token));
  else wait();
}

const press = (isDown) => () => {
  down = isDown;
  wait();
};
document.addEventListener("pointerdown", press(true), true);
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, press(false), true);
document.addEventListener("qualm-answer", (event) => {
  token = event.detail;
  wait();
});

export default function ({ data, setStateValue }) {
  [tell, token] = [setStateValue, data.token];
  if (!down) document.querySelector(".st-key-reasons")?.classList.remove("q-stale");
  wait();
}
