"""Speed and memory beside PyTorch, scikit-learn and onnxruntime: `make bench`, or `python -m analytics.benchmark`.

Every measurement runs in a process of its own, contenders in turns, several rounds; the table shows medians over all
rounds. Nothing else should run meanwhile, but for the one row that has a neighbour keep a core busy.
Results go to images/benchmark/ and analytics/reports/benchmark.md. The processor stands beside the figures: on another
one the ratios are others.
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
from pathlib import Path

from analytics.reports import write_report
from core.files import write_atomic
from core.storage import write_json

IMAGES = Path(__file__).resolve().parents[2] / "images" / "benchmark"
THREADS = 2
# The C library keeps freed memory instead of handing it back: PyTorch allocates much more than we do, and gains by it.
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 31)}
WIDE = {"hidden": [1024, 1024, 1024], "gate": True, "optimizer": "adamw"}
SMALL = {"hidden": [512], "gate": False, "optimizer": "adam", "batch": 64}
OWN_THREADS = ("step", "epoch", "reach", "training_memory")  # two of Python's, as the commands run them (core/blas.py)
TARGET, EPOCHS = 0.99, 16  # validation accuracy, and the epochs of the schedule


def worker(contender, function, **arguments):
    """The answer of analytics.benchmark.CONTENDER.FUNCTION(**arguments), from a process of its own."""
    threads = 1 if (contender == "qualm" and function in OWN_THREADS) or arguments.get("parts") == 2 else THREADS
    settings = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    settings |= {} if function.endswith("memory") else KEEP_MEMORY
    # a kernel forced from outside would be measured in place of the library's own choice
    free = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    run = subprocess.run([sys.executable, "-m", "analytics.benchmark", "--worker", contender, function,
                          json.dumps(arguments)], env=free | settings, capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"benchmark: {contender}.{function}({arguments}) failed:\n{run.stderr}")
    return json.loads(run.stdout.splitlines()[-1])


def in_turns(contenders, rounds, on_done):
    """Medians over all rounds of {label: (contender, function, arguments)}: {label: seconds}."""
    found = {label: [] for label in contenders}
    for _ in range(rounds):
        for label, (contender, function, arguments) in contenders.items():
            found[label] += worker(contender, function, **arguments)
        on_done()
    return {label: statistics.median(seconds) for label, seconds in found.items()}


def comparisons(repeats):
    """What is measured side by side: {name: {label: (contender, function, arguments)}}."""
    def step(**arguments):
        return {"Qualm": ("qualm", "step", arguments), "PyTorch": ("pytorch", "step", arguments),
                "PyTorch compiled": ("pytorch", "step", {**arguments, "compiled": True})}

    groups = {"step_small": {**step(**SMALL, repeats=10 * repeats), "scikit-learn": (
        "others", "sklearn_step", {"hidden": [512], "batch": 64, "repeats": 2 * repeats})}}
    for batch in (256, 512):
        shape = {"hidden": WIDE["hidden"], "gate": WIDE["gate"], "batch": batch, "repeats": repeats}
        groups[f"step_{batch}"] = {**step(**WIDE, batch=batch, repeats=repeats), **{
            f"GEMM {words}": ("qualm", "gemm", {**shape, "parts": parts})
            for words, parts in (("whole", 1), ("in halves", 2))}}
    groups["step_busy"] = step(**WIDE, batch=256, repeats=repeats, busy=True)
    whole = {"config": "champion", "images": 54_759}
    groups["epoch"] = {"Qualm": ("qualm", "epoch", whole), "PyTorch": ("pytorch", "epoch", whole)}
    for n, times in ((1, 40 * repeats), (10_000, max(3, repeats // 3))):
        arguments = {"n": n, "repeats": times}
        contenders = (("Qualm", "qualm", ""), ("PyTorch", "pytorch", ""), ("onnxruntime", "others", "onnx_"))
        groups[f"predict_{n}"] = {label: (who, f"{prefix}predict", arguments) for label, who, prefix in contenders}
        groups[f"predict_{n}"]["looks"] = ("qualm", "predict", {**arguments, "looks": True})
    return groups


def time_to_99(seeds, on_done):
    """Seconds to TARGET in turns, schedule, augmentation and network the same: {label: [[seconds or None, epochs], one
    a seed]}."""
    found = {"Qualm": [], "PyTorch": []}
    for seed in range(seeds):
        for label, runs in found.items():
            runs.append(worker(label.lower(), "reach", target=TARGET, epochs=EPOCHS, seed=seed))
        on_done()
    return found


def scaling(on_done):
    """Milliseconds of a step by width and by batch, seconds of an epoch by training images: rows of ours and PyTorch's.

    Three hidden layers with the gate; batch 256 where the width varies, width 1024 where the batch does.
    """
    def pair(function, **arguments):
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


def machine():
    """The machine and the versions, in words."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        said = dict(re.findall(r"^([\w ]+?)\s*: (.*)$", cpuinfo.read_text(), re.MULTILINE))
        model = said.get("model name", model)
        if "cpu family" in said:  # rented machines often hide the rest of the name
            model += f" (family {said['cpu family']}, model {said['model']})"
    versions = [f"{name} {importlib.import_module(module).__version__}" for name, module in
                (("NumPy", "numpy"), ("PyTorch", "torch"), ("scikit-learn", "sklearn"), ("onnxruntime", "onnxruntime"))]
    return f"{model}, {len(os.sched_getaffinity(0))} cores; Python {platform.python_version()}, {', '.join(versions)}"


def main(argv=None):
    from tqdm import tqdm

    parser = argparse.ArgumentParser(prog="python -m analytics.benchmark", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=30, help="timings a round")
    parser.add_argument("--seeds", type=int, default=5, help="trainings to 99 %% validation accuracy")
    parser.add_argument("--only", nargs="+", metavar="PART", help="measure only these parts again")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.worker:
        contender, function, arguments = args.worker
        work = getattr(importlib.import_module(f"analytics.benchmark.{contender}"), function)
        print(json.dumps(work(**json.loads(arguments))))
        return

    from analytics.benchmark.report import report, scaling_figure, table

    path = IMAGES / "benchmark.json"
    kept = json.loads(path.read_text()) if args.only and path.exists() else {}
    groups = comparisons(args.repeats)
    parts = [*groups, "time_to_99", "scaling", "memory"]
    chosen = args.only or parts
    if unknown := set(chosen) - set(parts):
        raise SystemExit(f"benchmark: no part {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    total = sum(args.rounds for name in groups if name in chosen) + args.seeds * ("time_to_99" in chosen) \
        + 16 * ("scaling" in chosen) + 2 * ("memory" in chosen)
    result = {**kept, "machine": machine(), "date": time.strftime("%Y-%m-%d")}
    if set(chosen) - {"memory"}:
        result["rate"] = worker("qualm", "rate")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tqdm(total=total) as bar:
        for name in parts:
            if name not in chosen:
                continue
            if name == "time_to_99":
                found = time_to_99(args.seeds, bar.update)
            elif name == "scaling":
                found = scaling(bar.update)
            elif name == "memory":
                found = {kind: worker("qualm", f"{kind}_memory") for kind in ("training", "prediction")}
                bar.update(2)
            else:
                found = in_turns(groups[name], 2 if name == "epoch" else args.rounds, bar.update)
            result[name] = found
            write_json(path, result)  # part by part: a failure in the last costs no other
    result = json.loads(path.read_text())
    write_report("benchmark", "Speed and memory beside other frameworks", "make bench", report(result))
    if "scaling" in result:
        write_atomic(IMAGES / "scaling.png", scaling_figure(result["scaling"]))
    print(table(result))


if __name__ == "__main__":
    main()
