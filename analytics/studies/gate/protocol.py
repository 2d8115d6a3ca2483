"""The study's protocol as Markdown. It is in the report before the first run and does not depend on results."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analytics.studies.gate.arms import ARMS, FEW, WIDTH, WRONG
from analytics.studies.gate.statistics import seeds_for, visible
from analytics.studies.gate.study import N_OTHERS, N_PRIMARY, PRIMARY, PRIMARY_ARMS, runs
from analytics.studies.runs import Row

REGIME_TEXT = {
    "augmented": f"784-{WIDTH}-{WIDTH}-{WIDTH}-10, the default recipe with its augmentation, 8 epochs",
    "plain": "`emotion-mlp-as-stated`: 784-256-128-64-10, SGD, no augmentation, early stopping on validation",
    "few": f"the augmented regime with {FEW:,} training images, drawn anew for each seed, 40 epochs in batches of 64",
    "wrong": f"the augmented regime without augmentation, {100 * WRONG:.0f} % of the training labels replaced by "
    "wrong ones",
}
ARM_TEXT = {
    "none": "no gate", "dense": "no gate, an additional Dense layer with as many parameters as the gate",
    "gate": "the emotional gate, h * sigmoid(h Wg + bg)", "constant": "one learned factor per unit, the same for "
    "all images", "other's": "a gate computed from another image's features", "fixed": "a gate that is not trained",
    "residual": "h + h * gate", "open": "the gate, its bias initialised to 4 instead of 1",
    "focal 1": "no gate, focal weights with gamma 1", "focal 2": "no gate, focal weights with gamma 2",
    "shuffled 1": "the weights of focal 1, randomly permuted within the batch",
    "shuffled 2": "the weights of focal 2, randomly permuted within the batch",
}
DIFFERENCE, OTHER_DIFFERENCE = 0.03, 0.05  # points of accuracy that the study is to detect
OUTCOMES = {  # column -> (description, factor, decimals)
    "accuracy": ("test accuracy, points", 100, 3), "log_loss": ("log loss, nats", 1, 4),
    "ece": ("calibration error (15 bins), points", 100, 3),
    "error_auroc": ("AUROC of confidence, correct against wrong answers", 1, 4),
    "ood_auroc": ("AUROC of confidence, digits against 2,000 out-of-distribution images", 1, 4),
    "robustness": ("accuracy on 15 corruptions of 1,000 test images, points", 100, 3),
    "epochs_to_97": ("epochs to 97 % on validation", 1, 2),
}
PAIRS = (("gate", "none"), ("gate", "dense"), ("gate", "constant"), ("gate", "other's"), ("gate", "fixed"),
         ("residual", "none"), ("open", "none"), ("focal 1", "none"), ("focal 2", "none"),
         ("focal 1", "shuffled 1"), ("focal 2", "shuffled 2"))


def protocol() -> str:
    """The protocol, without the pilot's results."""
    total = sum(runs(regime, arm) for regime in REGIME_TEXT for arm in ARMS) + 1
    return "\n".join([
        "## Protocol", "", f"Fixed before the first of its {total:,} runs; no result is examined before the last run "
        "has ended, and no run is stopped or added because of its result.", "",
        "**Arms.** " + "; ".join(f"*{arm}*: {text}" for arm, text in ARM_TEXT.items()) + ". One further run, *held at "
        "1*, must equal *none* bit for bit.", "",
        "**Regimes.** " + "; ".join(f"*{regime}*: {text}" for regime, text in REGIME_TEXT.items()) + ".", "",
        "**Pairing.** Arms of one seed share the training images and their labels, the split by writer, the initial "
        "weights of every layer that they have in common, the order of batches and the augmentation of every image.",
        "", f"**Runs.** {N_PRIMARY} seeds of {', '.join(f'*{arm}*' for arm in PRIMARY_ARMS)} in the regime "
        f"*{PRIMARY[0]}*; every other cell: {', '.join(f'{n} in *{regime}*' for regime, n in N_OTHERS.items())}. The "
        "numbers come from a pilot with separate seeds, below. *gate* less *none* is to detect a difference of 0.03 "
        f"points in *{PRIMARY[0]}* with power 0.8 at 5 %: by the pilot's deviation 16 seeds suffice, but six "
        f"differences estimate a deviation poorly, and *dense*, which varies more, needs {N_PRIMARY} to detect 0.05. "
        "The other arms are to detect 0.05 points; where they vary too much for that (*plain*, with early "
        "stopping, would need 400 seeds) the last column gives the detectable difference. The pilot trained "
        "*augmented* and *wrong* for 12 epochs and *few* for 80; the study has 8 and 40, which limits it to nine hours "
        "of processor time in two sessions.", "",
        f"**One primary comparison.** {PRIMARY[1]} less {PRIMARY[2]}, test accuracy, regime *{PRIMARY[0]}*. All other "
        f"comparisons of accuracy ({', '.join(f'{a} less {b}' for a, b in PAIRS)}, in every regime) are corrected "
        "together by Holm's method. All other outcomes are exploratory: "
        + ", ".join(name for name, _, _ in list(OUTCOMES.values())[1:]) + ".", "",
        "**Statistics.** Mean difference within seeds; its 95 % interval by the BCa bootstrap, for accuracy over both "
        "seeds and test images, for the others over seeds; p by exchanging the arms within seeds (sign flips). The "
        "p-value generalises to other seeds on these test images, the interval of accuracy to other test images as "
        "well: it can contain 0 where p is small.", "",
        "**Can the gate be improved?** *residual* and *open*, no others, under the same protocol.", "",
        "**What the gate learned.** Which units the gate shuts for which digit (mean value below 0.1), and whether its "
        "activity predicts errors beyond the margin: nested logistic models of being wrong, the smaller with the "
        "margin and its square, the larger also with the gate's mean, deviation and similarity to the predicted "
        "class's mean gate; likelihood ratio, and AUROC of both in ten-fold cross-validation.", ""])


def pilot_table(rows: Sequence[Row]) -> str:
    """Markdown: deviation of the pilot's paired differences in accuracy, and the numbers of seeds derived from it."""
    lines = ["### The pilot", "", "| regime | difference | n | mean, points | deviation within seeds | seeds to "
             f"detect {DIFFERENCE} / {OTHER_DIFFERENCE} points | detectable with the study's seeds |", "|---" * 7 + "|"]
    for regime in REGIME_TEXT:
        for a, b in (("gate", "none"), ("gate", "dense"), ("dense", "none")):
            d = 100 * differences(rows, regime, a, b, "accuracy")
            if len(d) < 2:
                continue
            spread, n = float(d.std(ddof=1)), min(runs(regime, a), runs(regime, b))
            lines.append(f"| {regime} | {a} less {b} | {len(d)} | {d.mean():+.3f} | {spread:.3f} | "
                         f"{seeds_for(spread, DIFFERENCE)} / {seeds_for(spread, OTHER_DIFFERENCE)} | "
                         f"{visible(spread, n):.3f} ({n}) |")
    return "\n".join(lines) + "\n"


def differences(rows: Sequence[Row], regime: str, a: str, b: str, outcome: str) -> NDArray[np.floating]:
    """Paired differences (n,), one per seed: the outcome of arm a minus that of arm b."""
    by_seed = {arm: {row["seed"]: row for row in rows if row["regime"] == regime and row["arm"] == arm}
               for arm in (a, b)}
    shared = sorted(by_seed[a].keys() & by_seed[b].keys())
    return np.array([by_seed[a][seed][outcome] - by_seed[b][seed][outcome] for seed in shared], float)
