"""The study's two pictures: pure functions to Matplotlib figures, without pyplot."""

from matplotlib.figure import Figure

from analytics.studies.gate.arms import REGIMES
from analytics.studies.gate.protocol import PAIRS
from deployment.pages.audit.evidence import unit_order
from deployment.ui.palette import BLUE, VERMILION

GREY = "#777777"


def forest(comparisons):
    """Differences in accuracy with their 95 % intervals, a panel for each regime: blue where the first of the two arms
    is better and that holds, vermilion where it is worse, grey where neither is shown."""
    figure = Figure(figsize=(11, 4.6), dpi=110, layout="constrained")
    panels = figure.subplots(1, len(REGIMES), sharey=True)
    found = {(c.regime, c.a, c.b): c for c in comparisons if c.outcome == "accuracy"}
    for ax, regime in zip(panels, REGIMES, strict=True):
        for y, (a, b) in enumerate(PAIRS):
            c = found[regime, a, b]
            colour = GREY if not c.shown else BLUE if c.mean > 0 else VERMILION
            ax.plot([c.low, c.high], [y, y], color=colour, linewidth=2)
            ax.plot(c.mean, y, "D" if c.primary else "o", color=colour, markersize=8 if c.primary else 6)
        ax.axvline(0, color="black", linewidth=0.8)
        ax.set_title(regime, fontsize=11)
        ax.grid(axis="x", alpha=0.3)
        ax.set_xlabel("points of test accuracy", fontsize=9)
    panels[0].set_yticks(range(len(PAIRS)), [f"{a} less {b}" for a, b in PAIRS])
    panels[0].invert_yaxis()
    figure.suptitle("Right of the line the first of the two is better. Coloured: the difference holds; diamond: the "
                    "primary comparison", fontsize=10)
    return figure


def units(gates):
    """Mean gate values of one network, (10 digits, h units), the units grouped by the digit for which they open
    most."""
    figure = Figure(figsize=(11, 2.8), dpi=110, layout="constrained")
    ax = figure.subplots()
    image = ax.imshow(gates[:, unit_order(gates)], aspect="auto", cmap="viridis", vmin=0, vmax=1,
                      interpolation="nearest")
    ax.set_yticks(range(10))
    ax.set_ylabel("digit")
    ax.set_xlabel(f"{gates.shape[1]} units, grouped by the digit for which they open most")
    figure.colorbar(image, ax=ax, label="mean gate value")
    return figure
