"""Audit pictures for the README and the app: pure functions from arrays to Matplotlib figures.

`Figure` is used without pyplot, which has global state, so that several threads may draw at once.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from deployment.ui.palette import BLUE, DIGIT_COLOURS, HEAT, ORANGE


def _figure(width: float, height: float, rows: int = 1, columns: int = 1,
            sharex: bool = False) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    axes = list(figure.subplots(rows, columns, sharex=sharex, squeeze=False).flat)
    for ax in axes:
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
    """Counts (10, 10), rows true, columns answered. Errors are coloured by count; right answers are grey."""
    figure, (ax,) = _figure(6.6, 5.8)
    errors = np.where(np.eye(len(matrix), dtype=bool) | (matrix == 0), np.nan, matrix)
    top = np.nanmax(errors) if np.isfinite(errors).any() else 1
    ax.imshow(np.where(np.eye(len(matrix)), 0.15, np.nan), cmap="Greys", vmin=0, vmax=1)
    shades = ax.imshow(errors, cmap=HEAT, norm=LogNorm(1, max(2, top)))
    for row, column in np.argwhere(matrix > 0):
        dark = row != column and np.asarray(shades.norm(matrix[row, column])) < 0.55
        ax.text(column, row, str(matrix[row, column]), ha="center", va="center", color="white" if dark else "black")
    ax.set(xticks=range(len(matrix)), yticks=range(len(matrix)), xlabel="answer", ylabel="true digit")
    figure.colorbar(shades, label="errors (test images)", shrink=0.8, format="%d")
    return figure


def digit_map(xy: np.ndarray, y: np.ndarray, y_hat: np.ndarray) -> Figure:
    """Positions (M, 2) of test images coloured by true digit; errors are crossed."""
    figure, (ax,) = _figure(7.2, 6.6)
    ax.scatter(*xy.T, s=5, c=np.array(DIGIT_COLOURS)[y], linewidths=0)
    wrong = y != y_hat
    ax.scatter(*xy[wrong].T, s=42, c="black", marker="x", linewidths=1.3, label="errors")
    for digit in np.unique(y):
        x, y_centre = np.median(xy[y == digit], axis=0)
        ax.text(x, y_centre, str(digit), fontsize=20, weight="bold", ha="center", va="center",
                bbox={"boxstyle": "circle,pad=0.15", "fc": "white", "ec": DIGIT_COLOURS[digit], "lw": 2, "alpha": 0.9})
    ax.set_axis_off()
    ax.legend(frameon=False, loc="upper right")
    return figure


def image_grid(images: np.ndarray, titles: list[str], columns: int, heading: str) -> Figure:
    """Images (N, 28, 28) with a title above each, `columns` to a row, as one mosaic (one axes per image is slow)."""
    rows = max(1, -(-len(images) // columns))
    height, width = 36, 31  # of a cell in pixels: the image, a line of text, a gap
    mosaic = np.full((rows * height, columns * width), np.nan)
    figure, (ax,) = _figure(1.1 * columns, 1.28 * rows + 0.5)
    for i, (image, title) in enumerate(zip(images, titles, strict=True)):
        top, left = height * (i // columns), width * (i % columns)
        mosaic[top + 7 : top + 35, left : left + 28] = image
        ax.text(left + 14, top + 5.5, title, fontsize=8.5, ha="center", va="baseline")
    ax.imshow(mosaic, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    ax.set_axis_off()
    ax.set_title(heading, fontsize=12)
    return figure


def weights(names: np.ndarray, counts: np.ndarray, edges: np.ndarray, xlabel: str = "weight",
            sharex: bool = True) -> Figure:
    """Histograms, one row for each of L layers: counts (L, B), edges (L, B + 1)."""
    figure, axes = _figure(7, 1.25 * len(names) + 0.5, len(names), 1, sharex)
    for ax, name, count, edge in zip(axes, names, counts, edges, strict=True):
        ax.stairs(count, edge, fill=True, color=BLUE)
        ax.set(yscale="log", ylim=(0.7, None))
        ax.set_title(f"{name}  ({count.sum():,})", loc="left", fontsize=9)
    axes[-1].set_xlabel(xlabel)
    figure.supylabel("how many (log scale)", fontsize=10)
    return figure
