// A placeholder of a chart, `data.height` pixels high, which reports to Python when it comes near the viewport: the topmost
// first, one at a time and while nothing else is drawn, because Streamlit draws only one of two simultaneous requests.
const AHEAD = "800px 0px"; // above and below what is seen
const places = new Map(); // place -> what tells Python of it
const near = new Set();
let observer, timer;

function watch(entries) {
  for (const { target, isIntersecting } of entries) isIntersecting ? near.add(target) : near.delete(target);
  timer ??= setInterval(tell, 100);
}

function tell() {
  const app = document.querySelector("[data-testid=stApp]").dataset;
  if (app.testScriptState !== "notRunning" || app.testConnectionState !== "CONNECTED") return;
  const [first] = [...near].filter((place) => place.isConnected)
    .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top);
  if (first) {
    near.delete(first);
    places.get(first)("seen", true);
  } else timer = clearInterval(timer);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const place = parentElement.querySelector("div");
  place.style.height = `${data.height}px`;
  observer ??= new IntersectionObserver(watch, { root: document.querySelector("[data-testid=stMain]"), rootMargin: AHEAD });
  places.set(place, setTriggerValue);
  observer.observe(place);
  return () => {
    observer.unobserve(place);
    places.delete(place);
    near.delete(place);
  };
}
