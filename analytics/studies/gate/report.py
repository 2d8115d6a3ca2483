"""Tables and summary sentences of the study's report."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from analytics.studies.gate.arms import ARMS, FEW, REGIMES, WRONG
from analytics.studies.gate.protocol import OUTCOMES, PAIRS
from analytics.studies.gate.results import Activity, Comparison, shut
from analytics.studies.runs import Row

ARM_NAMES = {"none": "no gate", "dense": "an equally large Dense layer", "gate": "the gate",
             "residual": "the residual gate", "open": "the gate that starts open"}  # arms in the summary sentences
LEVEL = 0.05
EXPLORATORY = {"log_loss": "log loss in nats", "ece": "calibration error in points",
            "robustness": "accuracy on corrupted images in points"}
REGIME_NAMES = {"augmented": "on augmented images", "plain": "on plain images", "few": f"on {FEW:,} images",
            "wrong": f"on {100 * WRONG:.0f} % wrong labels"}


def means(rows: Sequence[Row]) -> str:
    """Markdown: all outcomes of every cell, mean ± standard deviation over seeds."""
    lines = ["| regime | arm | n | parameters | accuracy % | log loss | calibration error % | AUROC, errors | AUROC, "
             "OOD | corrupted % | epochs to 97 % |", "|---" * 11 + "|"]
    for regime in REGIMES:
        for arm in ARMS:
            runs = [row for row in rows if row["regime"] == regime and row["arm"] == arm]
            cells = []
            for name, (_, factor, digits) in OUTCOMES.items():
                values = factor * np.array([row[name] for row in runs])
                cells.append(f"{values.mean():.{digits}f} ± {values.std(ddof=1):.{digits}f}")
            lines.append(f"| {regime} | {arm} | {len(runs)} | {runs[0]['parameters']:,} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def accuracy_table(comparisons: Sequence[Comparison]) -> str:
    lines = ["| regime | difference | n | points (95 % interval) | p | Holm's p | conclusion |", "|---" * 7 + "|"]
    lines += [f"| {c.regime} | {c.a} less {c.b}{', primary' if c.primary else ''} | {c.n} | {signed(c)} | "
              f"{p_text(c.p)} | {'' if c.primary else p_text(c.adjusted)} | {conclusion(c)} |"
              for c in comparisons if c.outcome == "accuracy"]
    return "\n".join(lines) + "\n"


def exploratory_table(comparisons: Sequence[Comparison]) -> str:
    """Markdown: one column per outcome other than accuracy; uncorrected p < 0.05 in bold."""
    names = [name for name in OUTCOMES if name != "accuracy"]
    by_key = {(c.regime, c.a, c.b, c.outcome): c for c in comparisons}
    lines = [f"| regime | difference | {' | '.join(OUTCOMES[name][0] for name in names)} |",
             "|---" * (len(names) + 2) + "|"]
    for regime in REGIMES:
        for a, b in PAIRS:
            cells = [signed(by_key[regime, a, b, name]) for name in names]
            cells = [f"**{cell}**" if by_key[regime, a, b, name].p < 0.05 else cell
                     for name, cell in zip(names, cells, strict=True)]
            lines.append(f"| {regime} | {a} less {b} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def learned_text(gates: NDArray[np.floating], beyond: Sequence[Activity]) -> str:
    """Markdown on what the gate learned. gates: mean values (n, 10, h); beyond: from results.beyond."""
    of_digit, counts = shut(gates)
    lines = ["Share of units that are shut (mean gate value below 0.1), mean ± standard deviation over "
             f"{len(gates)} networks of the regime *augmented*:", "", "| " + " | ".join(map(str, range(10))) + " |",
             "|---" * 10 + "|",
             "| " + " | ".join(f"{100 * of_digit[:, d].mean():.1f} % ± {100 * of_digit[:, d].std(ddof=1):.1f}"
                               for d in range(10)) + " |", "",
             f"Shut for all digits {100 * counts[:, 0].mean():.1f} %, for none {100 * counts[:, 1].mean():.1f} %, for "
             f"exactly one {100 * counts[:, 2].mean():.1f} %. The image shows the network of seed 0.", "",
             "![Mean gate values by digit](../../images/gate/units.png)", "",
             "Does its activity predict errors beyond the margin? In-sample likelihood ratio (under the null "
             "hypothesis chi-squared with 3 degrees of freedom, median 2.4) and the gain in cross-validated AUROC:", "",
             "| regime | gate | n | median likelihood ratio | networks with p < 0.05 | gain in AUROC (95 % interval) |",
             "|---" * 6 + "|"]
    lines += [f"| {regime} | {arm} | {n} | {ratio:.1f} | {significant} of {n} | {gain[0]:+.4f} ({gain[1]:+.4f} to "
              f"{gain[2]:+.4f}) |" for regime, arm, n, ratio, significant, gain in beyond]
    return "\n".join(lines) + "\n"


def sentences(comparisons: Sequence[Comparison], beyond: Sequence[Activity]) -> list[str]:
    """Summary: the primary comparison, the other comparisons of accuracy, and the exploratory outcomes."""
    primary = next(c for c in comparisons if c.primary)
    size = f"{abs(primary.mean) if primary.shown else primary.mean:.3f}"
    effect = (f"{'costs' if primary.mean < 0 else 'gains'} {size} points of accuracy (" if primary.shown else
              f"shows no effect on accuracy ({size} points, ")
    unsure = "; not significant over other test images" if primary.shown and primary.low < 0 < primary.high else ""
    first = (f"In {primary.n} paired trainings of a small network the emotional gate {effect}95 % interval "
             f"{primary.low:.3f} to {primary.high:.3f}; p {p_text(primary.p, '= ')}{unsure}).")
    others = [c for c in comparisons if c.outcome == "accuracy" and c.a in ARM_NAMES and c.b in ARM_NAMES
              and not c.primary]
    significant = [f"{ARM_NAMES[c.a]} {abs(c.mean):.3f} points {'better' if c.mean > 0 else 'worse'} than "
                   f"{ARM_NAMES[c.b]} {REGIME_NAMES[c.regime]}" for c in others if c.shown]
    _, _, n, _, predictive, gain = next(row for row in beyond if row[:2] == (primary.regime, "gate"))
    second = (f"Of {len(others)} further comparisons (an equally large Dense layer, other data, two other gates) "
              f"{len(significant) or 'none'} {'is' if len(significant) == 1 else 'are'} significant after Holm's "
              f"correction{': ' + ', '.join(significant) if significant else ''}; its activity predicts errors beyond "
              f"the margin in {predictive} of {n} networks, where chance alone gives {n * LEVEL:.0f} ({predictive} or "
              f"more with probability {binom.sf(predictive - 1, n, LEVEL):.2g}; AUROC {gain[0]:+.4f}).")
    explored = [f"{label} {signed(c)}" for outcome, label in EXPLORATORY.items() for c in comparisons
                if (c.regime, c.a, c.b, c.outcome) == (primary.regime, primary.a, primary.b, outcome)]
    third = [f"Effect of the gate on other outcomes, exploratory and uncorrected: {'; '.join(explored)}."]
    return [first, second, *(third if explored else [])]


def signed(c: Comparison) -> str:
    """Mean difference and interval, with signs."""
    digits = OUTCOMES[c.outcome][2]
    return f"{c.mean:+.{digits}f} ({c.low:+.{digits}f} to {c.high:+.{digits}f})"


def p_text(p: float, equals: str = "") -> str:
    return "< 0.0001" if p < 0.0001 else f"{equals}{p:.4f}"


def conclusion(c: Comparison) -> str:
    return f"{c.a if c.mean > 0 else c.b} is more accurate" if c.shown else "no difference shown"
