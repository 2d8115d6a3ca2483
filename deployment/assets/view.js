// A placeholder of a chart, `data.height` pixels high, which reports to Python when it comes near the viewport: the topmost
// first, one at a time and while nothing else is drawn, because Streamlit draws only one of two simultaneous requests.
// A report can still be lost to a request from elsewhere: a placeholder that stays reports again.
const AHEAD = "800px 0px"; // above and below what is seen
const PATIENCE = 3000; // ms with nothing drawn after a report, before it is repeated
const REPORTS = 5;
const places = new Map(); // place -> { tell, what reports it to Python; reports, how often it has }
const near = new Set();
let observer, timer, idle = 0;

function watch(entries) {
  for (const { target, isIntersecting } of entries) isIntersecting ? near.add(target) : near.delete(target);
  timer ??= setInterval(tell, 100);
}

function tell() {
  const app = document.querySelector("[data-testid=stApp]").dataset;
  if (app.testScriptState !== "notRunning" || app.testConnectionState !== "CONNECTED") return (idle = Date.now());
  const waiting = [...near].filter((place) => place.isConnected && places.get(place)?.reports < REPORTS);
  if (!waiting.length) return (timer = clearInterval(timer));
  const due = waiting.filter((place) => !places.get(place).reports || Date.now() - idle > PATIENCE);
  const [first] = due.sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top);
  if (!first) return;
  idle = Date.now();
  places.get(first).reports++;
  places.get(first).tell("seen", true);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const place = parentElement.querySelector("div");
  place.style.height = `${data.height}px`;
  observer ??= new IntersectionObserver(watch, { root: document.querySelector("[data-testid=stMain]"), rootMargin: AHEAD });
  places.set(place, { tell: setTriggerValue, reports: places.get(place)?.reports ?? 0 });
  observer.observe(place);
  return () => {
    observer.unobserve(place);
    places.delete(place);
    near.delete(place);
  };
}
