"""Compare speed and memory with PyTorch, scikit-learn and onnxruntime: `python -m analytics.benchmark`.

Each measurement runs in a separate process, contenders alternate over several rounds, and the table shows medians over
all rounds. Run nothing else meanwhile. Results go to images/benchmark/ and analytics/reports/benchmark.md, with the
name of the processor, on which the ratios depend.
"""

import argparse
import importlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from analytics.reports import write_report
from core.files import write_atomic
from core.shipped import data
from core.storage import write_json

IMAGES = data("images/benchmark")
THREADS = 2
# malloc does not return freed memory to the system: PyTorch allocates much more than Qualm and is faster with it.
NO_TRIM = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 31)}
WIDE = {"hidden": [1024, 1024, 1024], "gate": True, "optimizer": "adamw"}
SMALL = {"hidden": [512], "gate": False, "optimizer": "adam", "batch": 64}
# Run two Python threads with one BLAS thread each, as commands and the app do; many predictions have two of BLAS
PYTHON_THREADS = ("step", "epoch", "reach", "training_memory", "predict_1")
TARGET, EPOCHS = 0.99, 16  # validation accuracy, and the epochs of the schedule
Task = tuple[str, str, Mapping[str, object]]  # contender, function, arguments


def worker(contender: str, function: str, **arguments: object) -> Any:
    """The JSON result of analytics.benchmark.CONTENDER.FUNCTION(**arguments), run in a separate process."""
    alone = contender == "qualm" and not {function, f"{function}_{arguments.get('n')}"}.isdisjoint(PYTHON_THREADS)
    threads = 1 if alone or arguments.get("parts") == 2 else THREADS
    settings = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    settings |= {} if function.endswith("memory") else NO_TRIM
    # OPENBLAS_CORETYPE would replace the kernel that the library chooses
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    run = subprocess.run([sys.executable, "-m", "analytics.benchmark", "--worker", contender, function,
                          json.dumps(arguments)], env=environment | settings, capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"benchmark: {contender}.{function}({arguments}) failed:\n{run.stderr}")
    return json.loads(run.stdout.splitlines()[-1])


def alternate(contenders: Mapping[str, Task], rounds: int, on_done: Callable[[], object]) -> dict[str, float]:
    """Run the contenders alternately; returns {label: median seconds over all rounds}."""
    times = {label: [] for label in contenders}
    for _ in range(rounds):
        for label, (contender, function, arguments) in contenders.items():
            times[label] += worker(contender, function, **arguments)
        on_done()
    return {label: statistics.median(seconds) for label, seconds in times.items()}


def comparisons(repeats: int) -> dict[str, dict[str, Task]]:
    """The comparisons by name: {name: {label: task}}."""
    def step(**arguments: object) -> dict[str, Task]:
        return {"Qualm": ("qualm", "step", arguments), "PyTorch": ("pytorch", "step", arguments),
                "PyTorch compiled": ("pytorch", "step", {**arguments, "compiled": True})}

    groups = {"step_small": {**step(**SMALL, repeats=10 * repeats), "scikit-learn": (
        "others", "sklearn_step", {"hidden": [512], "batch": 64, "repeats": 2 * repeats})}}
    for batch in (256, 512):
        shape = {"hidden": WIDE["hidden"], "gate": WIDE["gate"], "batch": batch, "repeats": repeats}
        groups[f"step_{batch}"] = {**step(**WIDE, batch=batch, repeats=repeats), **{
            f"GEMM {words}": ("qualm", "gemm", {**shape, "parts": parts})
            for words, parts in (("whole", 1), ("in halves", 2))}}
    groups["step_small_busy"] = step(**SMALL, repeats=10 * repeats, busy=True)
    groups["step_busy"] = step(**WIDE, batch=256, repeats=repeats, busy=True)
    whole = {"config": "champion", "images": 54_759}
    groups["epoch"] = {"Qualm": ("qualm", "epoch", whole), "PyTorch": ("pytorch", "epoch", whole)}
    for n, times in ((1, 40 * repeats), (10_000, max(3, repeats // 3))):
        arguments = {"n": n, "repeats": times}
        contenders = (("Qualm", "qualm", ""), ("PyTorch", "pytorch", ""), ("onnxruntime", "others", "onnx_"))
        groups[f"predict_{n}"] = {label: (who, f"{prefix}predict", arguments) for label, who, prefix in contenders}
        groups[f"predict_{n}"]["looks"] = ("qualm", "predict", {**arguments, "augmented": True})
    return groups


def time_to_99(seeds: int, on_done: Callable[[], object]) -> dict[str, list]:
    """Seconds to TARGET with the same schedule and network: {label: [[seconds or None, epochs] of each seed]}."""
    runs_of = {"Qualm": [], "PyTorch": []}
    for seed in range(seeds):
        for label, runs in runs_of.items():
            runs.append(worker(label.lower(), "reach", target=TARGET, epochs=EPOCHS, seed=seed))
        on_done()
    return runs_of


def scaling(on_done: Callable[[], object]) -> dict[str, dict[int, list[float]]]:
    """Seconds [Qualm, PyTorch] of a step by width and by batch size, and of an epoch by training images.

    Three hidden layers with the gate; batch size 256 when the width varies, width 1024 when the batch size does.
    """
    def pair(function: str, **arguments: object) -> list[float]:
        both = [statistics.median(worker(who, function, **arguments)) for who in ("qualm", "pytorch")]
        on_done()
        return both

    step = {"gate": True, "optimizer": "adamw"}
    return {
        "width": {w: pair("step", hidden=[w] * 3, batch=256, repeats=max(5, 12_000 // w), **step)
                  for w in (256, 512, 1024, 2048, 4096)},
        "batch": {b: pair("step", hidden=[1024] * 3, batch=b, repeats=max(8, 6_000 // b), **step)
                  for b in (32, 64, 128, 256, 512, 1024, 2048)},
        "images": {n: pair("epoch", config="champion", images=n) for n in (1_000, 4_000, 15_000, 60_000)},
    }


def machine() -> str:
    """The processor, its cores and the versions of the libraries."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        fields = dict(re.findall(r"^([\w ]+?)\s*: (.*)$", cpuinfo.read_text(), re.MULTILINE))
        model = fields.get("model name", model)
        if "cpu family" in fields:  # virtual machines often hide the rest of the name
            model += f" (family {fields['cpu family']}, model {fields['model']})"
    versions = [f"{name} {importlib.import_module(module).__version__}" for name, module in
                (("NumPy", "numpy"), ("PyTorch", "torch"), ("scikit-learn", "sklearn"), ("onnxruntime", "onnxruntime"))]
    return f"{model}, {len(os.sched_getaffinity(0))} cores; Python {platform.python_version()}, {', '.join(versions)}"


def main(argv: Sequence[str] | None = None) -> None:
    from tqdm import tqdm

    parser = argparse.ArgumentParser(prog="python -m analytics.benchmark",
                                     description="Compare speed and memory with other frameworks.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=30, help="timings per round")
    parser.add_argument("--seeds", type=int, default=5, help="trainings to 99 %% validation accuracy")
    parser.add_argument("--only", nargs="+", metavar="PART", help="repeat only these parts")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.worker:
        contender, function, arguments = args.worker
        measurement = getattr(importlib.import_module(f"analytics.benchmark.{contender}"), function)
        print(json.dumps(measurement(**json.loads(arguments))))
        return

    from analytics.benchmark.report import report, scaling_figure, table

    path = IMAGES / "benchmark.json"
    stored = json.loads(path.read_text()) if args.only and path.exists() else {}
    groups = comparisons(args.repeats)
    parts = [*groups, "time_to_99", "scaling", "memory"]
    chosen = args.only or parts
    if unknown := set(chosen) - set(parts):
        raise SystemExit(f"benchmark: no part {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    total = sum(args.rounds for name in groups if name in chosen) + args.seeds * ("time_to_99" in chosen) \
        + 16 * ("scaling" in chosen) + 2 * ("memory" in chosen)
    result = {**stored, "machine": machine(), "date": time.strftime("%Y-%m-%d")}
    if set(chosen) - {"memory"}:
        result["rate"] = worker("qualm", "rate")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tqdm(total=total) as bar:
        for name in parts:
            if name not in chosen:
                continue
            if name == "time_to_99":
                result[name] = time_to_99(args.seeds, bar.update)
            elif name == "scaling":
                result |= {name: scaling(bar.update), "scaling_date": result["date"]}
            elif name == "memory":
                result[name] = {kind: worker("qualm", f"{kind}_memory") for kind in ("training", "prediction")}
                bar.update(2)
            else:
                result[name] = alternate(groups[name], 2 if name == "epoch" else args.rounds, bar.update)
            write_json(path, result)  # after each part, so that a failure loses no other
    result = json.loads(path.read_text())
    write_report("benchmark", "Speed and memory beside other frameworks", "make bench", report(result))
    if "scaling" in result:
        write_atomic(IMAGES / "scaling.png", scaling_figure(result["scaling"]))
    print(table(result))


if __name__ == "__main__":
    main()
