"""Audit pictures for the README and the app: pure functions from arrays to Matplotlib figures.

`Figure` objects are made directly, without pyplot, so that nothing global is kept and threads may draw at once.
"""

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from analytics.evidence import unit_order
from analytics.palette import DIGITS, GREY, HEAT, VERMILION
from core import metrics
from deployment.theme import BLUE, ORANGE


def _figure(width: float, height: float, rows=1, columns=1, **options):
    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    axes = figure.subplots(rows, columns, **options)
    for ax in np.ravel(axes):
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def learning(history: dict[str, np.ndarray]) -> Figure:
    """Loss (left) and accuracy in percent (right) by epoch; `history` as in train_history.json."""
    figure, axes = _figure(9, 3.4, 1, 2)
    for ax, name, scale in zip(axes, ("loss", "accuracy"), (1, 100), strict=True):
        training = history.get("loss" if name == "loss" else "train_accuracy")
        for values, colour, label in ((training, BLUE, "training"), (history.get(f"val_{name}"), ORANGE, "validation")):
            if values is not None:
                ax.plot(history["epoch"], scale * values, color=colour, label=label, marker="o", markersize=3)
        ax.set(xlabel="epoch", ylabel="loss (nats)" if name == "loss" else "accuracy (%)")
        ax.legend(frameon=False)
    return figure


def confusion(matrix: np.ndarray) -> Figure:
    """Counts (10, 10), rows true, columns answered. Colour tells the errors apart; the right answers stay grey."""
    figure, ax = _figure(6.6, 5.8)
    errors = np.where(np.eye(len(matrix), dtype=bool) | (matrix == 0), np.nan, matrix)
    top = np.nanmax(errors) if np.isfinite(errors).any() else 1
    ax.imshow(np.where(np.eye(len(matrix)), 0.15, np.nan), cmap="Greys", vmin=0, vmax=1)
    shades = ax.imshow(errors, cmap=HEAT, norm=LogNorm(1, max(2, top)))
    for row, column in np.argwhere(matrix > 0):
        dark = row != column and shades.norm(matrix[row, column]) < 0.55
        ax.text(column, row, matrix[row, column], ha="center", va="center", color="white" if dark else "black")
    ax.set(xticks=range(len(matrix)), yticks=range(len(matrix)), xlabel="answer", ylabel="true digit")
    figure.colorbar(shades, label="errors (test images)", shrink=0.8, format="%d")
    return figure


def per_class(scores: dict[str, np.ndarray]) -> Figure:
    """Precision, recall and F1 (10,) of each digit in percent."""
    figure, ax = _figure(7, 3.4)
    styles = (("precision", BLUE, "s", -0.18), ("recall", ORANGE, "D", 0), ("f1", GREY, "o", 0.18))
    for name, colour, marker, shift in styles:
        label = "F1" if name == "f1" else name
        ax.plot(np.arange(10) + shift, 100 * scores[name], marker, color=colour, label=label, markersize=7)
    ax.set(xticks=range(10), xlabel="digit", ylabel="%")
    ax.grid(axis="y", alpha=0.3)
    ax.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def reliability(bands: list[dict]) -> Figure:
    """Stated confidence against measured accuracy, in the bands of `evidence.confidence_bands`."""
    figure, ax = _figure(7, 3.6)
    at = np.arange(len(bands))
    keys = ("stated", "measured", "low", "high")
    stated, measured, low, high = (100 * np.array([band[key] for band in bands]) for key in keys)
    ax.errorbar(at, measured, (measured - low, high - measured), fmt="o", color=BLUE, capsize=3, label="measured, 95 %")
    ax.plot(at, stated, "_", color=VERMILION, markersize=22, markeredgewidth=3, label="stated")
    ax.set_xticks(at, [f"{b['name']}\nn = {b['n']}" for b in bands], fontsize=8)
    ax.set(xlabel="stated confidence (%)", ylabel="right answers (%)")
    ax.legend(frameon=False, loc="lower right")
    return figure


def digit_map(xy: np.ndarray, y: np.ndarray, y_hat: np.ndarray) -> Figure:
    """Places (M, 2) of test images coloured by true digit; errors crossed."""
    figure, ax = _figure(7.2, 6.6)
    ax.scatter(*xy.T, s=5, c=np.array(DIGITS)[y], linewidths=0)
    wrong = y != y_hat
    ax.scatter(*xy[wrong].T, s=42, c="black", marker="x", linewidths=1.3, label="errors")
    for digit in np.unique(y):
        ax.text(*np.median(xy[y == digit], axis=0), digit, fontsize=20, weight="bold", ha="center", va="center",
                bbox={"boxstyle": "circle,pad=0.15", "fc": "white", "ec": DIGITS[digit], "lw": 2, "alpha": 0.9})
    ax.set_axis_off()
    ax.legend(frameon=False, loc="upper right")
    return figure


def digit_maps(maps: dict[str, np.ndarray], y: np.ndarray) -> Figure:
    """The maps of all layers, name -> places (M, 2), coloured by true digit y (M,), two to a row."""
    rows = -(-len(maps) // 2)
    figure, axes = _figure(9, 4.2 * rows, rows, 2, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, (name, xy) in zip(axes.flat, maps.items(), strict=False):
        ax.scatter(*xy.T, s=3, c=np.array(DIGITS)[y], linewidths=0)
        for digit in np.unique(y):
            ax.text(*np.median(xy[y == digit], axis=0), digit, fontsize=11, weight="bold", ha="center", va="center",
                    bbox={"boxstyle": "circle,pad=0.12", "fc": "white", "ec": DIGITS[digit], "alpha": 0.9})
        ax.set_title(name, fontsize=11)
    return figure


def risk_coverage(probs: np.ndarray, y: np.ndarray) -> Figure:
    """Errors among the surest answers in percent, by the share answered; probs (N, 10), y (N,)."""
    figure, ax = _figure(7, 3.4)
    coverage, risk = metrics.risk_coverage(probs.max(1), probs.argmax(1) == y)
    ax.plot(100 * coverage, 100 * risk, color=BLUE)
    ax.set(xlabel="share answered, the surest first (%)", ylabel="errors among them (%)", ylim=(0, None))
    ax.grid(alpha=0.3)
    return figure


def novelty(rows: list[dict]) -> Figure:
    """Novelty of the kinds of pictures of `doubt.strangers`: 5 to 95 % thin, 25 to 75 % thick, the median a dot."""
    figure, ax = _figure(7, 0.45 * len(rows) + 1)
    for at, row in enumerate(rows):
        low, quarter, middle, upper, high = row["novelty_quantiles"]
        ax.plot([low, high], [at, at], color=BLUE, linewidth=1.5)
        ax.plot([quarter, upper], [at, at], color=BLUE, linewidth=6, solid_capstyle="butt")
        ax.plot(middle, at, "o", color=ORANGE, markersize=7)
    ax.axvline(1, color=VERMILION, linestyle="--", linewidth=1)
    ax.set_yticks(range(len(rows)), [row["kind"] for row in rows])
    ax.set(xscale="log", xlabel="novelty (log scale); curious right of the dashes")
    ax.invert_yaxis()
    return figure


def image_grid(images: np.ndarray, titles: list[str], columns: int, heading: str) -> Figure:
    """Images (N, 28, 28) with a line above each, `columns` to a row, as one mosaic (an axes for each would be slow)."""
    rows = max(1, -(-len(images) // columns))
    height, width = 36, 31  # of a cell in pixels: the image, a line of text, a gap
    mosaic = np.full((rows * height, columns * width), np.nan)
    figure, ax = _figure(1.1 * columns, 1.28 * rows + 0.5)
    for i, (image, title) in enumerate(zip(images, titles, strict=True)):
        top, left = height * (i // columns), width * (i % columns)
        mosaic[top + 7 : top + 35, left : left + 28] = image
        ax.text(left + 14, top + 5.5, title, fontsize=8.5, ha="center", va="baseline")
    ax.imshow(mosaic, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    ax.set_axis_off()
    ax.set_title(heading, fontsize=12)
    return figure


def weights(names: np.ndarray, counts: np.ndarray, edges: np.ndarray, what="weight", sharex=True) -> Figure:
    """Histograms of the weights, one row for each of L layers: counts (L, B), edges (L, B + 1)."""
    figure, axes = _figure(7, 1.25 * len(names) + 0.5, len(names), 1, sharex=sharex, squeeze=False)
    for ax, name, count, edge in zip(axes.flat, names, counts, edges, strict=True):
        ax.stairs(count, edge, fill=True, color=BLUE)
        ax.set(yscale="log", ylim=(0.7, None))
        ax.set_title(f"{name}  ({count.sum():,})", loc="left", fontsize=9)
    axes.flat[-1].set_xlabel(what)
    figure.supylabel("how many (log scale)", fontsize=10)
    return figure


def gate(class_mean: np.ndarray) -> Figure:
    """Mean gate (10, h) of each digit; units grouped by the digit that opens them most."""
    figure, ax = _figure(9, 3.4)
    units = class_mean[:, unit_order(class_mean)]
    shown = ax.imshow(units, aspect="auto", cmap=HEAT, vmin=0, vmax=1, interpolation="none")
    ax.set(yticks=range(10), ylabel="digit", xlabel="gate unit, grouped by the digit that opens it most")
    figure.colorbar(shown, label="mean gate (0 shut, 1 open)")
    return figure
