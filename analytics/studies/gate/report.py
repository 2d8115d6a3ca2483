"""The study's report: protocol and pilot at first, results and two sentences once every run has ended."""

import numpy as np
from scipy.stats import binom

from analytics.studies.gate.arms import ARMS, FEW, REGIMES, WRONG
from analytics.studies.gate.protocol import OUTCOMES, PAIRS
from analytics.studies.gate.results import Comparison, shut

CALLED = {"none": "no gate", "dense": "a Dense layer as large", "gate": "the gate", "residual": "the residual gate",
          "open": "the gate that starts open"}  # arms of which the sentences speak
LEVEL = 0.05
EXPLORED = {"log_loss": "log loss in nats", "ece": "calibration error in points",
            "robustness": "accuracy on corrupted images in points"}
LEARNING = {"augmented": "on augmented images", "plain": "on plain images", "few": f"on {FEW:,} images",
            "wrong": f"on {100 * WRONG:.0f} % wrong labels"}


def means(rows):
    """Every cell's outcomes, mean ± standard deviation over seeds."""
    lines = ["| regime | arm | n | parameters | accuracy % | log loss | calibration error % | AUROC, errors | AUROC, "
             "no digits | corrupted % | epochs to 97 % |", "|---" * 11 + "|"]
    for regime in REGIMES:
        for arm in ARMS:
            some = [row for row in rows if row["regime"] == regime and row["arm"] == arm]
            cells = []
            for name, (_, factor, digits) in OUTCOMES.items():
                values = factor * np.array([row[name] for row in some])
                cells.append(f"{values.mean():.{digits}f} ± {values.std(ddof=1):.{digits}f}")
            lines.append(f"| {regime} | {arm} | {len(some)} | {some[0]['parameters']:,} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def accuracy_table(comparisons):
    lines = ["| regime | difference | n | points (95 % interval) | p | Holm's p | so |", "|---" * 7 + "|"]
    lines += [f"| {c.regime} | {c.a} less {c.b}{', primary' if c.primary else ''} | {c.n} | {signed(c)} | "
              f"{p_text(c.p)} | {'' if c.primary else p_text(c.adjusted)} | {so(c)} |"
              for c in comparisons if c.outcome == "accuracy"]
    return "\n".join(lines) + "\n"


def exploratory_table(comparisons):
    """All other outcomes, a column each; in bold where p < 0.05 by itself, which of so many some are by chance."""
    names = [name for name in OUTCOMES if name != "accuracy"]
    found = {(c.regime, c.a, c.b, c.outcome): c for c in comparisons}
    lines = [f"| regime | difference | {' | '.join(OUTCOMES[name][0] for name in names)} |",
             "|---" * (len(names) + 2) + "|"]
    for regime in REGIMES:
        for a, b in PAIRS:
            cells = [signed(found[regime, a, b, name]) for name in names]
            cells = [f"**{cell}**" if found[regime, a, b, name].p < 0.05 else cell
                     for name, cell in zip(names, cells, strict=True)]
            lines.append(f"| {regime} | {a} less {b} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def learned_text(gates, beyond):
    """What the gate learned, as Markdown. gates: (n, 10, h) mean values; beyond: as results.beyond gives."""
    of_digit, counts = shut(gates)
    lines = ["Units shut on average (mean value below 0.1), share of all, mean ± standard deviation over "
             f"{len(gates)} networks of the regime *augmented*:", "", "| " + " | ".join(map(str, range(10))) + " |",
             "|---" * 10 + "|",
             "| " + " | ".join(f"{100 * of_digit[:, d].mean():.1f} % ± {100 * of_digit[:, d].std(ddof=1):.1f}"
                               for d in range(10)) + " |", "",
             f"Shut for all digits {100 * counts[:, 0].mean():.1f} %, for none {100 * counts[:, 1].mean():.1f} %, for "
             f"exactly one {100 * counts[:, 2].mean():.1f} %. The picture shows the network of seed 0.", "",
             "![Mean gate values by digit](../../images/gate/units.png)", "",
             "Does its activity tell errors beyond the margin? In-sample likelihood ratio (chi-squared with 3 degrees "
             "of freedom without any use: median 2.4), and the gain in cross-validated AUROC:", "",
             "| regime | gate | n | median likelihood ratio | networks with p < 0.05 | AUROC gained (95 % interval) |",
             "|---" * 6 + "|"]
    lines += [f"| {regime} | {arm} | {n} | {ratio:.1f} | {some} of {n} | {gain[0]:+.4f} ({gain[1]:+.4f} to "
              f"{gain[2]:+.4f}) |" for regime, arm, n, ratio, some, gain in beyond]
    return "\n".join(lines) + "\n"


def sentences(comparisons, beyond):
    """Sentences for people: what the gate does to accuracy, what else may be said, and the exploratory outcomes."""
    primary = next(c for c in comparisons if c.primary)
    size = f"{abs(primary.mean) if primary.shown else primary.mean:.3f}"
    told = (f"{'costs' if primary.mean < 0 else 'gains'} {size} points of accuracy (" if primary.shown else
            f"shows no effect on accuracy ({size} points, ")
    unsure = "; with other test images it might be none" if primary.shown and primary.low < 0 < primary.high else ""
    first = (f"Over {primary.n} pairs of trainings of a small network the emotional gate {told}95 % interval "
             f"{primary.low:.3f} to {primary.high:.3f}; p {p_text(primary.p, '= ')}{unsure}).")
    others = [c for c in comparisons if c.outcome == "accuracy" and c.a in CALLED and c.b in CALLED and not c.primary]
    held = [f"{CALLED[c.a]} {abs(c.mean):.3f} points {'better' if c.mean > 0 else 'worse'} than {CALLED[c.b]} "
            f"{LEARNING[c.regime]}" for c in others if c.shown]
    n, _, some, gain = next(rest for regime, arm, *rest in beyond if (regime, arm) == (primary.regime, "gate"))
    second = (f"Of {len(others)} further comparisons, a Dense layer as large, other data and two other gates among "
              f"them, {len(held) or 'none'} {'hold' if len(held) != 1 else 'holds'} after Holm's correction"
              f"{': ' + ', '.join(held) if held else ''}; beyond the margin its activity tells something of errors "
              f"in {some} of {n} networks, where chance alone gives {n * LEVEL:.0f} ({some} or more with a probability "
              f"of {binom.sf(some - 1, n, LEVEL):.2g}; AUROC {gain[0]:+.4f}).")
    explored = [f"{words} {signed(c)}" for outcome, words in EXPLORED.items() for c in comparisons
                if (c.regime, c.a, c.b, c.outcome) == (primary.regime, primary.a, primary.b, outcome)]
    third = [f"With the gate, in the same trainings, exploratory and uncorrected: {'; '.join(explored)}."]
    return [first, second, *(third if explored else [])]


def signed(c: Comparison):
    digits = OUTCOMES[c.outcome][2]
    return f"{c.mean:+.{digits}f} ({c.low:+.{digits}f} to {c.high:+.{digits}f})"


def p_text(p, equals=""):
    return "< 0.0001" if p < 0.0001 else f"{equals}{p:.4f}"


def so(c):
    return f"{c.a if c.mean > 0 else c.b} is more accurate" if c.shown else "no difference shown"
