// The course of a training in the browser: Python sends what the browser lacks, and it is added here.
const HALF = new Float32Array(1 << 16); // the value of each float16
for (let bits = 0; bits < HALF.length; bits++) {
  const exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const size = exponent === 31 ? (fraction ? NaN : Infinity)
    : exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024);
  HALF[bits] = bits >> 15 ? -size : size;
}

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const halves = (bytes) => Float32Array.from(new Uint16Array(bytes.buffer), (bits) => HALF[bits]);
const READERS = {
  f2: halves, u1: (bytes) => bytes, i4: (bytes) => new Int32Array(bytes.buffer), f4: (bytes) => new Float32Array(bytes.buffer),
};

// Every {d: base64, t: type, s: shape} in a value becomes a typed array with a `shape`.
function decoded(value) {
  if (value === null || typeof value !== "object") return value;
  if (typeof value.d === "string" && value.t in READERS) {
    return Object.assign(READERS[value.t](bytesOf(value.d)), { shape: value.s });
  }
  if (Array.isArray(value)) return value.map(decoded);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, decoded(one)]));
}

// A row of a two-dimensional array.
const row = (array, index) => array.subarray(index * array.shape[1], (index + 1) * array.shape[1]);
const largest = (values) => values.reduce((best, value, index) => (value > values[best] ? index : best), 0);

class Store {
  constructor() { this.begin(null); }

  begin(key) {
    Object.assign(this, { key, losses: new Series(), accuracies: new Series(), tick: null, ticks: 0, epochs: [] });
  }

  // What Python needs to know to send the rest.
  have() { return { key: this.key, b: this.losses.length, t: this.ticks, e: (this.epochs.at(-1)?.epoch ?? -1) + 1 }; }

  // Add what is new; whether it is of a new training.
  add(delta) {
    const begun = delta.key !== this.key;
    if (begun) this.begin(delta.key);
    this.losses.add(halves(bytesOf(delta.losses)), delta.b);
    this.accuracies.add(halves(bytesOf(delta.accuracies)), delta.b);
    const next = this.have().e;
    for (const epoch of delta.epochs) if (epoch.epoch >= next) this.epochs.push(decoded(epoch));
    if (delta.tick) [this.tick, this.ticks] = [decoded(delta.tick), delta.t];
    return begun;
  }

  // The latest value of a name: of the last tick or of the last epoch, which both have it.
  latest(name) { return this.tick?.[name] ?? this.epochs.at(-1)?.[name] ?? null; }
}

// Numbers that are only ever added at the end.
class Series {
  constructor() { [this.values, this.length] = [new Float32Array(4096), 0]; }

  // `more` ends at the number `end`; what is there already is passed over, what Python has forgotten is unknown.
  add(more, end) {
    const from = end - more.length;
    if (end <= this.length) return;
    while (end > this.values.length) {
      const larger = new Float32Array(2 * this.values.length);
      larger.set(this.values);
      this.values = larger;
    }
    if (from > this.length) this.values.fill(NaN, this.length, from);
    this.values.set(more.subarray(Math.max(0, this.length - from)), Math.max(this.length, from));
    this.length = end;
  }

  // Smallest, mean and largest value in each of `columns` equal parts; null where there is none.
  columns(columns) {
    const parts = [];
    for (let column = 0; column < columns; column++) {
      const from = Math.floor((column * this.length) / columns);
      const to = Math.max(from + 1, Math.floor(((column + 1) * this.length) / columns));
      let [low, high, sum, count] = [Infinity, -Infinity, 0, 0];
      for (let index = from; index < Math.min(to, this.length); index++) {
        const value = this.values[index];
        if (!Number.isFinite(value)) continue;
        [low, high, sum, count] = [Math.min(low, value), Math.max(high, value), sum + value, count + 1];
      }
      parts.push(count ? { low, high, mean: sum / count, at: (from + to) / 2 } : null);
    }
    return parts;
  }

  // The mean of the last values, at most `count`.
  recent(count) {
    const last = this.values.subarray(Math.max(0, this.length - count), this.length);
    return last.length ? last.reduce((sum, value) => sum + value, 0) / last.length : null;
  }
}
