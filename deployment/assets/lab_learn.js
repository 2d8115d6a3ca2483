// The room "Watch it learn". The browser drives: while it trains and the tab is visible, it asks for what it lacks every
// `pause` milliseconds. Commands are sent with each question until Python confirms them, since Streamlit drops one of two
// values that are set at the same time.
const rooms = new WeakMap();
const PATIENCE = 2000; // ms after which a question is asked again
const LIVELY = 3000, SAVING = 60_000; // ms after a command, and after Save, in which it is asked as often as while it trains
const QUEUED = 1000, QUIET = 4000; // ms between questions in the queue, and otherwise; they show that the page is there
const ACTIVE = ["running", "waiting"];
const SLOW = 0.2; // seconds between batches, of the button "Slower"
const STATES = { idle: "Press Start: within a minute the network reads most digits.", waiting: "Waiting.", running: "Training.", paused: "Paused.", ended: "Ended.", failed: "Stopped." };

class Room {
  constructor(root) {
    Object.assign(this, { root, client: Math.random().toString(36).slice(2), store: new Store(), queue: [], views: new Views(root),
      time: new TimeMachine(root), sent: 0, answered: 0, last: 0, sentAt: -Infinity, lively: -Infinity, file: 0 });
    this.find = (selector) => root.querySelector(selector);
    for (const button of root.querySelectorAll("[data-do]")) button.onclick = () => this.press(button.dataset.do);
    this.visible = () => { if (document.visibilityState === "visible") { this.paint(); this.ask(); } };
    document.addEventListener("visibilitychange", this.visible);
    root.ontransitionend = (event) => { if (event.target === root) this.paint(); }; // the theme has changed
    this.resized = new ResizeObserver(() => this.paint());
    this.resized.observe(root);
    root.room = this; // for tests
  }

  close() {
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.visible);
    this.resized.disconnect();
  }

  press(what) {
    if (what === "start") this.command({ do: ACTIVE.includes(this.data.state) ? "pause" : "start" });
    else if (what === "slower") this.command({ do: "set", knob: "pace", value: this.data.values.pace ? 0 : SLOW });
    else if (what === "reset") this.command({ do: "reset", changes: this.structure.changes() });
    else this.command({ do: what });
  }

  command(values) {
    this.lively = Math.max(this.lively, performance.now() + (values.do === "keep" ? SAVING : LIVELY));
    if (values.do === "set") this.queue = this.queue.filter((before) => before.do !== "set" || before.knob !== values.knob);
    this.queue.push({ id: ++this.last, ...values });
    if (this.answered === this.sent) this.ask(); // else with the next question
  }

  ask() {
    clearTimeout(this.timer);
    const { testConnectionState, testScriptState } = document.querySelector("[data-testid=stApp]")?.dataset ?? {};
    this.connected = testConnectionState === "CONNECTED" && (this.connected || testScriptState === "notRunning");
    if (this.connected) {
      this.sentAt = performance.now();
      this.send({ client: this.client, n: ++this.sent, have: this.store.have(),
        knows: [this.knobs && "spec", this.digits && "pictures"].filter(Boolean), file: this.file, commands: this.queue });
    }
    this.timer = setTimeout(() => this.ask(), this.connected ? PATIENCE : 200);
  }

  // Ask again when it is time.
  schedule() {
    clearTimeout(this.timer);
    if (document.visibilityState !== "visible") return;
    const now = performance.now(), lively = this.data.state === "running" || now < this.lively;
    const pause = lively ? this.data.pause : this.data.state === "waiting" ? QUEUED : QUIET;
    const wait = this.queue.length || this.more ? 0 : this.sentAt + pause - now;
    this.timer = setTimeout(() => this.ask(), Math.max(0, wait));
  }

  answer(data, send) {
    this.send = send;
    if (this.data === data) return;
    this.data = data;
    if (data.client !== this.client) { this.ask(); return; } // of a page before
    if (data.n < this.answered) return;
    this.answered = Math.max(this.answered, data.n);
    this.queue = this.queue.filter((command) => command.id > data.done);
    if (data.spec) this.learnWhat(data.spec);
    if (data.file && data.file.id !== this.file) this.save(data.file);
    if (data.pictures) this.digits ??= decoded(data.pictures);
    const before = this.store.epochs.length;
    if (this.store.add(data.delta)) this.time.begin();
    this.more = this.store.epochs.length - before > 20; // perhaps there are more
    this.address(data.query);
    if (!this.drawing) this.drawing = requestAnimationFrame(() => { this.drawing = 0; this.paint(); });
    if (this.answered === this.sent) this.schedule();
  }

  // What does not change: knobs and choices.
  learnWhat(spec) {
    if (this.knobs) return;
    this.knobs = new Knobs(this.find(".list"), spec.knobs, (knob, value) => this.command({ do: "set", knob, value }));
    const reset = this.find("[data-do=reset]");
    this.structure = new Structure(this.find("form"), spec, () => reset.classList.add("main"));
  }

  // The settings in the address, without a new entry in the browser's history.
  address(query) {
    const url = new URL(location.href), before = url.search;
    for (const name of [...url.searchParams.keys()]) if (name.startsWith("lab_")) url.searchParams.delete(name);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    if (url.search !== before) history.replaceState(history.state, "", url);
  }

  save({ id, name, d }) {
    this.file = id;
    const url = URL.createObjectURL(new Blob([bytesOf(d)]));
    element("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  paint() {
    const { data, store } = this;
    if (!data?.values || !this.knobs || document.visibilityState !== "visible" || !this.root.isConnected) return;
    const started = performance.now(), active = ACTIVE.includes(data.state);
    this.buttons(data, active);
    this.knobs.show(data.values, data.words);
    this.structure.show(data.structure);
    this.views.hints(data.hints, store.losses.length > 0, (hint) => this.command({ do: "apply", kind: hint.kind }));
    this.views.curves(store);
    this.drawn = data.digit ? decoded(data.digit) : null;
    this.views.yours(store.latest("yours"), this.drawn);
    this.views.ten(this.digits?.pictures, store.latest("digits"));
    this.views.units(store.latest("units"));
    this.views.gate(store.tick?.gate);
    this.views.layers(store.tick?.layers);
    this.time.show(store.epochs, this.digits);
    this.root.dataset.ready = "yes";
    Object.assign(this.root.dataset, { state: data.state, batches: store.losses.length, epochs: store.epochs.length, key: store.key });
    this.painted = performance.now() - started;
  }

  buttons(data, active) {
    const start = this.find("[data-do=start]"), slower = this.find("[data-do=slower]"), { store } = this, last = store.epochs.at(-1);
    start.textContent = active ? "Pause" : "Start";
    slower.setAttribute("aria-pressed", data.values.pace > 0);
    for (const what of ["batch", "epoch"]) this.find(`[data-do=${what}]`).disabled = active;
    for (const what of ["keep", "download"]) this.find(`[data-do=${what}]`).disabled = !store.losses.length;
    this.find("[data-do=keep]").hidden = data.allowed !== "keep";
    if (!this.structure.touched.size) this.find("[data-do=reset]").classList.remove("main");
    const sentence = [data.sentence || STATES[data.state], data.note].filter(Boolean).join(" ");
    if (this.find(".status").textContent !== sentence) this.find(".status").textContent = sentence;
    const epoch = store.tick?.epoch ?? 0, facts = [`epoch ${epoch.toFixed(1)}`, `${store.losses.length.toLocaleString("en")} batch${store.losses.length === 1 ? "" : "es"}`];
    if (last) facts.push(`validation ${percent(last.val_accuracy)}`);
    this.find(".figures").textContent = store.losses.length ? facts.join(" · ") : "";
  }
}

export default function ({ data, setStateValue, parentElement }) {
  const root = parentElement.querySelector(".lab");
  if (!rooms.has(root)) rooms.set(root, new Room(root));
  const room = rooms.get(root);
  room.answer(data, (ask) => setStateValue("ask", ask));
  return () => { // unmounted, or only called again
    setTimeout(() => { if (!root.isConnected) { room.close(); rooms.delete(root); } }, 100);
  };
}
