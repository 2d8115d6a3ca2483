"""Benchmark results as a report and the scaling figure."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, ScalarFormatter
from numpy.typing import NDArray
from scipy.optimize import nnls

from analytics.reports import png_bytes
from core.formats import measured, percent
from deployment.ui.palette import BLUE, ORANGE

STEPS = {"step_small": "training step, 784-512-10, batch 64, Adam",
         "step_small_busy": "the same, while another process keeps one core busy",
         "step_256": "training step, 784-1024x3-gate-10, batch 256, AdamW",
         "step_512": "the same, batch 512",
         "step_busy": "the same, batch 256, while another process keeps one core busy",
         "epoch": "champion epoch with augmentation, 54,759 images",
         "predict_1": "one prediction, a test image", "predict_10000": "10,000 predictions, the test images"}
GOALS = {"step_small": {"PyTorch": 1.15, "scikit-learn": 2.5}, "step_small_busy": {"PyTorch": 1.3},
         "step_512": {"PyTorch": 1.05}, "epoch": {"PyTorch": 1.4}}  # speed ratios; 1 for all others
TERMS = ("fixed", "with the size", "with its square")
GROWTH = ("A line is straight where one term is nearly all of the time. The optimiser and the calls of a step take the "
          "same time for any batch, and at small widths the element-wise passes, which grow with the width, are a "
          "large part beside the products, which grow with its square. An epoch trains whole batches of 512 alone, of "
          "1,000 images only one, which makes its line steeper than 1.")
GEMM_SHARES = {"step_256": 0.85, "step_512": 0.88}  # goals for the share of the matrix products in a step
Runs = Sequence[tuple[float | None, int]]  # seconds, None when the target was not reached, and epochs


def duration(seconds: float) -> str:
    for unit, size in (("s", 1), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.0f} µs"


def ratio_cell(value: float, goal: float) -> str:
    return f"{value:.2f}x (goal {goal:g}x{'' if value >= goal else ', missed'})"


def fastest(times: Mapping[str, float]) -> tuple[str, float]:
    """(label, seconds) of the fastest variant."""
    return min(times.items(), key=lambda item: item[1])


def table(result: Mapping[str, Any]) -> str:
    """Markdown, one row for each measured comparison, against the faster of PyTorch eager and compiled."""
    lines = ["| what | Qualm | peers | Qualm is faster by |", "|---|---|---|---|"]
    for name, words in STEPS.items():
        if name not in result:
            continue
        times = dict(result[name])
        ours = times.pop("Qualm")
        augmented = times.pop("looks", None)
        gemm = {label: times.pop(label) for label in list(times) if label.startswith("GEMM")}
        peers = ", ".join(f"{peer} {duration(seconds)}" for peer, seconds in times.items())
        compared = dict([fastest({k: v for k, v in times.items() if k.startswith("PyTorch")})]) | {
            k: v for k, v in times.items() if not k.startswith("PyTorch")}
        ratios = ", ".join(f"{peer} {ratio_cell(seconds / ours, GOALS.get(name, {}).get(peer.split()[0], 1))}"
                           for peer, seconds in compared.items())
        lines.append(f"| {words} | {duration(ours)} | {peers} | {ratios} |")
        if augmented:
            lines.append("| the same with test-time augmentation (32 copies) of doubtful ones | "
                         f"{duration(augmented)} | | not in the peers |")
        if gemm:
            label, seconds = fastest(gemm)
            share, goal = seconds / ours, GEMM_SHARES[name]
            lines.append(f"| its matrix products alone ({label.removeprefix('GEMM ')}), as a share of the step | "
                         f"{duration(seconds)} | | {percent(share, 0)} (goal {percent(goal, 0)}"
                         f"{'' if share >= goal else ', missed'}) |")
    if "time_to_99" in result:
        runs = result["time_to_99"]
        lines.append(f"| training to 99 % validation accuracy, one recipe | "
                     f"{time_words(runs['Qualm'])} | PyTorch {time_words(runs['PyTorch'])} | {time_ratio(runs)} |")
    for name, words, limit in (("training", "peak memory of champion training", 600),
                               ("prediction", "peak memory of a prediction process", 150)):
        if "memory" in result:
            megabytes = result["memory"][name]
            lines.append(f"| {words} | {megabytes:.0f} MB | | (goal: at most {limit} MB"
                         f"{'' if megabytes <= limit else ', missed'}) |")
    when = f"measured {result['date']}; two threads multiply large matrices at {result['rate']:.0f} GFLOP/s"
    return "\n".join([*lines, "", f"Medians, {result['machine']}; {when}.", ""])


def time_words(runs: Runs) -> str:
    """Median and range of the seconds, and the epochs, in words."""
    reached, epochs = [seconds for seconds, _ in runs if seconds is not None], [epochs for _, epochs in runs]
    if not reached:
        return f"not reached in {max(epochs)} epochs (0 of {len(runs)} seeds)"
    words = f"{statistics.median(reached):.0f} s ({min(reached):.0f} to {max(reached):.0f}"
    return words + f"; {min(epochs)} to {max(epochs)} epochs; {len(reached)} of {len(runs)} seeds)"


def time_ratio(runs: Mapping[str, Runs]) -> str:
    """The ratio of the medians if all seeds of both reached the target."""
    ours, theirs = ([seconds for seconds, _ in runs[who] if seconds is not None] for who in ("Qualm", "PyTorch"))
    if len(ours) < len(runs["Qualm"]) or len(theirs) < len(runs["PyTorch"]):
        return "no ratio: not every run reached it"
    return ratio_cell(statistics.median(theirs) / statistics.median(ours), 1.2)


def report(result: Mapping[str, Any]) -> str:
    """The body of the report: the method, the table and the figure."""
    head = ("Each measurement runs in a separate process, contenders alternate, on two threads. Batches are images of "
            "MNIST. Predictions of all contenders include the signals of doubt and the calibration. PyTorch is the "
            "faster of eager and compiled. The training to 99 % has one recipe: the initial weights of each seed, the "
            "gate's bias, schedule, optimiser, decay of matrices alone, batch normalisation of halves and deformations "
            "are the same, and only the random draws differ; for validation PyTorch averages the statistics of "
            "training batches, Qualm takes those of 2,000 training images.")
    return (f"{head}\n\n{table(result)}\n![Time of a step by width and by batch, and of an epoch by training images, "
            "beside PyTorch](../../images/benchmark/scaling.png)\n\n"
            f"{growth(result.get('scaling', {}), result.get('scaling_date', result['date']))}")


def slope(times: Mapping[str, float]) -> float:
    """The slope of the least-squares line through (log size, log time)."""
    sizes, seconds = np.log([float(size) for size in times]), np.log(list(times.values()))
    return float(np.polyfit(sizes, seconds, 1)[0])


def terms(times: Mapping[str, float], powers: Sequence[int]) -> NDArray[np.floating]:
    """Shares (n, powers) of the seconds at each size in the sum of terms, each at least 0 and proportional to a power
    of the size, that fits them with the least relative error."""
    sizes, seconds = np.array([float(size) for size in times]), np.array(list(times.values()))
    columns = sizes[:, None] ** np.array(powers)
    parts = columns * nnls(columns / seconds[:, None], np.ones(len(sizes)))[0]
    return parts / parts.sum(axis=1, keepdims=True)


def growth(scaling: Mapping[str, Mapping[str, Sequence[float]]], date: str) -> str:
    """A table of the slopes of the figure, over all sizes and between the two largest, and of what makes them differ
    from one straight line. date: when it was measured."""
    rows = []
    for name, words, powers in (("width", "a step by width", (0, 1, 2)), ("batch", "a step by batch", (0, 1)),
                                ("images", "an epoch by images", (0, 1))):
        for who, label in enumerate(("Qualm", "PyTorch") if name in scaling else ()):
            times = {size: pair[who] for size, pair in scaling[name].items()}
            last, smallest, largest = dict(list(times.items())[-2:]), min(times, key=int), max(times, key=int)
            parts = ", ".join(f"{TERMS[power]} {measured(share, 0)} and {measured(later, 0)}" for power, share, later in
                              zip(powers, *terms(times, powers)[[0, -1]], strict=True))
            rows.append(f"| {words} | {label} | {slope(times):.2f} | {slope(last):.2f} | "
                        f"at {int(smallest):,} and {int(largest):,}: {parts} |")
    head = (f"| growth, measured {date} | | slope, log-log | between the two largest | shares of the time, by a fit of "
            "terms of at least 0 |")
    return "\n".join([head, "|---|---|---:|---:|---|", *rows, "", GROWTH, ""])


def scaling_figure(scaling: Mapping[str, Mapping[str, Sequence[float]]]) -> bytes:
    """PNG bytes of three panels: time of Qualm and PyTorch by width, batch size and training images."""
    figure = Figure(figsize=(10, 3.4), dpi=110, layout="constrained")
    panels = (("width", "units in each of 3 hidden layers", "ms a step (batch 256)", 1e3),
              ("batch", "images a batch", "ms a step (width 1024)", 1e3),
              ("images", "training images", "s an epoch with augmentation", 1))
    for ax, (name, xlabel, ylabel, unit) in zip(figure.subplots(1, 3), panels, strict=True):
        sizes = [int(size) for size in scaling[name]]
        for who, colour, marker in ((0, BLUE, "o"), (1, ORANGE, "s")):
            ax.plot(sizes, [unit * pair[who] for pair in scaling[name].values()], color=colour, marker=marker,
                    label=("Qualm", "PyTorch")[who])
        ax.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=ylabel, xticks=sizes)
        ax.xaxis.set_major_formatter(ScalarFormatter())
        ax.xaxis.set_minor_locator(NullLocator())
        ax.tick_params(axis="x", rotation=45)
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(alpha=0.3)
    figure.axes[0].legend(frameon=False)
    return png_bytes(figure)
