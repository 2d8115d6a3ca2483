"""Pictures of analytics.robustness: pure functions from rows or images to Matplotlib figures, without pyplot."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analytics.corruptions import CORRUPTIONS, PAPER, corrupt
from analytics.palette import GREY, VERMILION
from deployment.theme import BLUE

COLUMNS = 5  # panels to a row


def curves(rows):
    """Accuracy, with its 95 % interval, and mean confidence by severity: a small panel for each corruption.

    rows: as of `robustness.measure`, clean first. A ring marks the severity of the paper's data set.
    """
    clean, names = rows[0], list(dict.fromkeys(row["corruption"] for row in rows[1:]))
    height = -(-len(names) // COLUMNS)
    figure = Figure(figsize=(11, 2.1 * height + 0.5), dpi=110, layout="constrained")
    axes = figure.subplots(height, COLUMNS, sharex=True, sharey=True, squeeze=False)
    for ax in axes.flat[len(names):]:
        ax.set_axis_off()
    for ax, name in zip(axes.flat, names, strict=False):
        own = [clean, *(row for row in rows if row["corruption"] == name)]
        severity = [row["severity"] for row in own]
        accuracy, confidence = (100 * np.array([row[key] for row in own]) for key in ("accuracy", "mean_confidence"))
        low, high = 100 * np.array([row["interval_95"] for row in own]).T
        ax.fill_between(severity, low, high, color=BLUE, alpha=0.25, linewidth=0)
        ax.plot(severity, accuracy, color=BLUE, marker="o", markersize=3.5, label="accuracy, 95 % interval")
        ax.plot(severity, confidence, color=VERMILION, linestyle="--", marker="s", markersize=3,
                label="mean confidence")
        if PAPER[name] in severity:
            ax.plot(PAPER[name], accuracy[severity.index(PAPER[name])], "o", color=GREY, markersize=10,
                    fillstyle="none", clip_on=False, label="severity of MNIST-C")
        ax.set_title(name.replace("_", " "), fontsize=10)
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(axis="y", alpha=0.3)
    axes[0, 0].set(ylim=(0, 103), xlim=(-0.3, 5.3), xticks=range(6))
    figure.supxlabel("severity (0: clean)", fontsize=10)
    figure.supylabel("%", fontsize=10)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
    return figure


def samples(images, seed=0):
    """Every corruption of the first of the images (N, 28, 28) uint8, clean and at severities 1 to 5.

    The severity of the paper's data set is framed.
    """
    groups, width, height = 3, 6 * 30 + 12, 30 + 10  # strips side by side; of a strip in pixels: six images, a title
    rows = -(-len(CORRUPTIONS) // groups)
    mosaic = np.full((rows * height, groups * width), np.nan)
    figure = Figure(figsize=(11, 11 * mosaic.shape[0] / mosaic.shape[1] + 0.4), dpi=110, layout="constrained")
    ax = figure.subplots()
    for i, name in enumerate(CORRUPTIONS):
        top, left = height * (i % rows) + 10, width * (i // rows)
        for severity in range(6):
            x = left + 1 + 30 * severity
            mosaic[top - 1 : top + 29, x - 1 : x + 29] = 128  # a rim, so that white edges end somewhere
            mosaic[top : top + 28, x : x + 28] = corrupt(name, images[:1], severity, seed)[0]
            if severity == PAPER[name]:
                ax.add_patch(Rectangle((x - 1, top - 1), 29, 29, fill=False, edgecolor=VERMILION, linewidth=2))
        ax.text(left, top - 2, name.replace("_", " "), fontsize=10, va="baseline")
    ax.imshow(mosaic, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    ax.set_axis_off()
    ax.set_title("Clean, then severities 1 to 5; framed: the severity of MNIST-C", fontsize=11)
    return figure
