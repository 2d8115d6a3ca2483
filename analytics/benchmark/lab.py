"""Server times of the lab's second room, on one thread: `python -m analytics.benchmark.lab [--repeats 5]`.

Each kind of surgery on 2,000 validation images with the shipped network, the view of a unit of each layer, and a
question to the index of training images. Run nothing else meanwhile.
"""

if __name__ == "__main__":  # before NumPy is imported
    from core.blas import use_one_thread

    use_one_thread()

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from core.digits.data import as_input, load_split, read_checked
from core.explain.arithmetic import forward, weight_gradient
from core.explain.bench import Bench
from core.explain.influence import build
from core.explain.surgery import Noise, Pruning, Surgery, UnitChange
from core.explain.units import leads_to, unit, wants
from core.models import model
from core.nn.losses import softmax

SURGERY, UNIT, QUESTION = 300, 150, 100  # goals, ms
IMAGES = 2000  # of validation
NONE = Surgery()
SURGERIES = {
    "a unit of hidden1 off": NONE.with_change(UnitChange(0, (5,))),
    "hidden1 halved": NONE.with_change(UnitChange(0, (), 0.5)),
    "two units of hidden3 off": NONE.with_change(UnitChange(2, (5, 7))),
    "noise in hidden1": NONE.with_change(Noise(0, 0.5)), "noise in hidden2": NONE.with_change(Noise(1, 0.5)),
    "hidden1 pruned": NONE.with_change(Pruning(0.8, 0)), "all weights pruned": NONE.with_change(Pruning(0.8)),
    "gate open": replace(NONE, gate="open"), "temperature": replace(NONE, temperature=3.0)}


def row(name: str, call: Callable[[], object], repeats: int, goal: float) -> str:
    """A line of the table: the smallest and the median time of several calls beside the goal, ms, and the smallest time
    of the processor, which on one thread is the time that a busy machine leaves undisturbed."""
    times, processor = [], []
    for _ in range(repeats):
        start = time.perf_counter(), time.process_time()
        call()
        processor.append(1e3 * (time.process_time() - start[1]))
        times.append(1e3 * (time.perf_counter() - start[0]))
    missed = "" if min(times) <= goal else ", missed"
    return (f"{name:36s} {min(times):6.1f} ms, median {statistics.median(times):6.1f}, processor {min(processor):6.1f} "
            f"(goal {goal:g}{missed})")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.benchmark.lab",
                                     description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args(argv).repeats
    loaded, parts = model.load(), load_split()
    images, labels = (read_checked(f"train-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
    network, chosen = loaded.network, parts["validation"][:IMAGES]
    X, y = as_input(images[chosen], loaded.config.input_range), labels[chosen]
    bench = Bench(network, X, y, loaded.gate_mean)
    for name, surgery in SURGERIES.items():
        print(row(f"surgery, {name}", lambda surgery=surgery: bench.result(surgery, X[0]), repeats, SURGERY))
    for layer, info in enumerate(bench.layers):
        def view(layer: int = layer) -> None:
            unit(network, X[0], layer, 3)
            wants(network, layer, 3)
            leads_to(network, layer, 3)
            forward(network, X[0], int(y[0]))
            weight_gradient(network, X[:9], y[:9], layer, 5, 3)

        print(row(f"unit view, {info.name} ({info.kind})", view, repeats, UNIT))
    start = time.perf_counter()
    index = build(network, images, labels, input_range=loaded.config.input_range)
    print(f"index of {len(images):,} images: {time.perf_counter() - start:.1f} s, {index.bytes / 1e6:.1f} MB, error of "
          f"inner products {100 * index.error:.2f} %")
    reading = network.read(X[:1])
    features, probs = reading.hidden[-1][0], softmax(reading.logits)[0]
    print(row(f"question to {len(images):,} images", lambda: index.ask(features, probs, 3), repeats, QUESTION))


if __name__ == "__main__":
    main()
