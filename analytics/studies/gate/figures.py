"""The study's two figures: pure functions that return Matplotlib figures, without pyplot."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analytics.studies.gate.arms import REGIMES
from analytics.studies.gate.protocol import PAIRS
from analytics.studies.gate.results import Comparison
from deployment.pages.audit.evidence import unit_order
from deployment.ui.palette import BLUE, VERMILION

GREY = "#777777"


def forest(comparisons: Sequence[Comparison]) -> Figure:
    """Differences in accuracy with their 95 % intervals, one panel per regime: blue where the first arm is
    significantly better, vermilion where it is significantly worse, grey otherwise."""
    figure = Figure(figsize=(11, 4.6), dpi=110, layout="constrained")
    panels = figure.subplots(1, len(REGIMES), sharey=True)
    by_key = {(c.regime, c.a, c.b): c for c in comparisons if c.outcome == "accuracy"}
    for ax, regime in zip(panels, REGIMES, strict=True):
        for y, (a, b) in enumerate(PAIRS):
            c = by_key[regime, a, b]
            colour = GREY if not c.shown else BLUE if c.mean > 0 else VERMILION
            ax.plot([c.low, c.high], [y, y], color=colour, linewidth=2)
            ax.plot(c.mean, y, "D" if c.primary else "o", color=colour, markersize=8 if c.primary else 6)
        ax.axvline(0, color="black", linewidth=0.8)
        ax.set_title(regime, fontsize=11)
        ax.grid(axis="x", alpha=0.3)
        ax.set_xlabel("points of test accuracy", fontsize=9)
    panels[0].set_yticks(range(len(PAIRS)), [f"{a} less {b}" for a, b in PAIRS])
    panels[0].invert_yaxis()
    figure.suptitle("Right of the line the first arm is better. Coloured: significant; diamond: primary comparison",
                    fontsize=10)
    return figure


def units(gates: NDArray[np.floating]) -> Figure:
    """Mean gate values (10 digits, h units) of one network; units are grouped by the digit with the highest value."""
    figure = Figure(figsize=(11, 2.8), dpi=110, layout="constrained")
    ax = figure.subplots()
    image = ax.imshow(gates[:, unit_order(gates)], aspect="auto", cmap="viridis", vmin=0, vmax=1,
                      interpolation="nearest")
    ax.set_yticks(range(10))
    ax.set_ylabel("digit")
    ax.set_xlabel(f"{gates.shape[1]} units, grouped by the digit for which they open most")
    figure.colorbar(image, ax=ax, label="mean gate value")
    return figure
