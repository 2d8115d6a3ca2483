"""Benchmark results as a report and the scaling figure."""

import statistics

from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, ScalarFormatter

from analytics.reports import png_bytes
from core.formats import percent
from deployment.ui.palette import BLUE, ORANGE

STEPS = {"step_small": "training step, 784-512-10, batch 64, Adam",
         "step_256": "training step, 784-1024x3-gate-10, batch 256, AdamW",
         "step_512": "the same, batch 512",
         "step_busy": "the same, batch 256, while another process keeps one core busy",
         "epoch": "champion epoch with augmentation, 54,759 images",
         "predict_1": "one prediction, a test image", "predict_10000": "10,000 predictions, the test images"}
GOALS = {"step_small": {"PyTorch": 1.3, "scikit-learn": 3}, "epoch": {"PyTorch": 1.5},
         "predict_1": {"onnxruntime": 0.8}}  # elsewhere 1
SHARES = {"step_256": 0.78, "step_512": 0.86}  # of a step, for its matrix products


def duration(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.0f} µs"


def mark(value, goal):
    return f"{value:.2f}x (goal {goal:g}x{'' if value >= goal else ', missed'})"


def fastest(times):
    """(label, seconds) of the fastest of several forms of the same thing."""
    return min(times.items(), key=lambda item: item[1])


def table(result):
    """Markdown: a row for each comparison that was measured. Of PyTorch eager and compiled the faster counts."""
    lines = ["| what | Qualm | peers | Qualm is faster by |", "|---|---|---|---|"]
    for name, words in STEPS.items():
        if name not in result:
            continue
        times = dict(result[name])
        ours = times.pop("Qualm")
        looks = times.pop("looks", None)
        gemm = {label: times.pop(label) for label in list(times) if label.startswith("GEMM")}
        peers = ", ".join(f"{peer} {duration(seconds)}" for peer, seconds in times.items())
        rivals = dict([fastest({k: v for k, v in times.items() if k.startswith("PyTorch")})]) | {
            k: v for k, v in times.items() if not k.startswith("PyTorch")}
        ratios = ", ".join(f"{peer} {mark(seconds / ours, GOALS.get(name, {}).get(peer.split()[0], 1))}"
                           for peer, seconds in rivals.items())
        lines.append(f"| {words} | {duration(ours)} | {peers} | {ratios} |")
        if looks:
            lines.append(f"| the same, doubtful ones looked at in 32 copies too | {duration(looks)} | | no peer does |")
        if gemm:
            label, seconds = fastest(gemm)
            share, goal = seconds / ours, SHARES[name]
            lines.append(f"| its matrix products alone ({label.removeprefix('GEMM ')}), a share of the step | "
                         f"{duration(seconds)} | | {percent(share, 0)} (goal {percent(goal, 0)}"
                         f"{'' if share >= goal else ', missed'}) |")
    if "time_to_99" in result:
        runs = result["time_to_99"]
        lines.append(f"| from nothing to 99 % validation accuracy, two recipes with the same schedule | "
                     f"{time_words(runs['Qualm'])} | PyTorch {time_words(runs['PyTorch'])} | {time_ratio(runs)} |")
    for name, words, limit in (("training", "peak memory of champion training", 600),
                               ("prediction", "peak memory of a prediction process", 150)):
        if "memory" in result:
            megabytes = result["memory"][name]
            lines.append(f"| {words} | {megabytes:.0f} MB | | (goal: at most {limit} MB"
                         f"{'' if megabytes <= limit else ', missed'}) |")
    when = f"measured {result['date']}, when two threads multiplied large matrices at {result['rate']:.0f} GFLOP/s"
    return "\n".join([*lines, "", f"Medians, {result['machine']}; {when}.", ""])


def time_words(runs):
    reached, epochs = [seconds for seconds, _ in runs if seconds is not None], [epochs for _, epochs in runs]
    if not reached:
        return f"not reached in {max(epochs)} epochs (0 of {len(runs)} seeds)"
    words = f"{statistics.median(reached):.0f} s ({min(reached):.0f} to {max(reached):.0f}"
    return words + f"; {min(epochs)} to {max(epochs)} epochs; {len(reached)} of {len(runs)} seeds)"


def time_ratio(runs):
    """The ratio of the medians where all seeds of both got there, else what can be said instead."""
    ours, theirs = ([seconds for seconds, _ in runs[who]] for who in ("Qualm", "PyTorch"))
    if None in ours or None in theirs:
        return "no ratio: not every run got there"
    return mark(statistics.median(theirs) / statistics.median(ours), 1.5)


def report(result):
    """The body of the report: what was measured how, the table, the figure."""
    head = ("Each measurement in a process of its own, contenders in turns; two threads; our calibration includes the "
            "signals of doubt, PyTorch's is the temperature alone. Of PyTorch eager and compiled the faster counts. "
            "The row from nothing to 99 % compares two recipes, not two engines: they differ in initialisation, the "
            "gate's bias, the decay of biases, the images that batch normalisation averages over and the elastic "
            "field, and need different numbers of epochs.")
    return (f"{head}\n\n{table(result)}\n![Time of a step by width and by batch, and of an epoch by training images, "
            f"beside "
            "PyTorch](../../images/benchmark/scaling.png)")


def scaling_figure(scaling):
    """PNG bytes: three panels, ours and PyTorch's time by width, by batch, by training images."""
    figure = Figure(figsize=(10, 3.4), dpi=110, layout="constrained")
    panels = (("width", "units in each of 3 hidden layers", "ms a step (batch 256)", 1e3),
              ("batch", "images a batch", "ms a step (width 1024)", 1e3),
              ("images", "training images", "s an epoch with augmentation", 1))
    for ax, (name, x_words, y_words, unit) in zip(figure.subplots(1, 3), panels, strict=True):
        sizes = [int(size) for size in scaling[name]]
        for who, colour, marker in ((0, BLUE, "o"), (1, ORANGE, "s")):
            ax.plot(sizes, [unit * pair[who] for pair in scaling[name].values()], color=colour, marker=marker,
                    label=("Qualm", "PyTorch")[who])
        ax.set(xscale="log", yscale="log", xlabel=x_words, ylabel=y_words, xticks=sizes)
        ax.xaxis.set_major_formatter(ScalarFormatter())
        ax.xaxis.set_minor_locator(NullLocator())
        ax.tick_params(axis="x", rotation=45)
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(alpha=0.3)
    figure.axes[0].legend(frameon=False)
    return png_bytes(figure)
