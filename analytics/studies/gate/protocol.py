"""The study's protocol as Markdown: written into the report before the first run, and never changed by results."""

import numpy as np

from analytics.studies.gate.arms import ARMS, FEW, WIDTH, WRONG
from analytics.studies.gate.statistics import seeds_for, visible
from analytics.studies.gate.study import N_OTHERS, N_PRIMARY, PRIMARY, PRIMARY_ARMS, runs

REGIME_TEXT = {
    "augmented": f"784-{WIDTH}-{WIDTH}-{WIDTH}-10, the default recipe with its augmentation, 8 epochs",
    "plain": "`emotion-mlp-as-stated`: 784-256-128-64-10, SGD, no augmentation, ended by validation",
    "few": f"the augmented regime with {FEW:,} training images, other ones for each seed, 40 epochs in batches of 64",
    "wrong": f"the augmented regime without augmentation, {100 * WRONG:.0f} % of the training labels exchanged for "
    "wrong ones",
}
ARM_TEXT = {
    "none": "no gate", "dense": "no gate, a further Dense layer with as many parameters as the gate",
    "gate": "the emotional gate, h * sigmoid(h Wg + bg)", "constant": "one learned share for each unit, for all "
    "pictures", "other's": "a gate that is shown another picture's features", "fixed": "a gate that is not trained",
    "residual": "h + h * gate", "open": "the gate, its bias at 4 at first instead of 1",
    "focal 1": "no gate, focal weights with gamma 1", "focal 2": "no gate, focal weights with gamma 2",
    "shuffled 1": "the weights of focal 1, dealt to the batch's samples by chance",
    "shuffled 2": "the weights of focal 2, dealt to the batch's samples by chance",
}
DIFFERENCE, OTHER_DIFFERENCE = 0.03, 0.05  # points of accuracy that are to be visible
OUTCOMES = {  # column -> (what it is, factor, digits)
    "accuracy": ("test accuracy, points", 100, 3), "log_loss": ("log loss, nats", 1, 4),
    "ece": ("calibration error (15 bins), points", 100, 3),
    "error_auroc": ("AUROC of confidence, right against wrong", 1, 4),
    "ood_auroc": ("AUROC of confidence, digits against 2,000 pictures of none", 1, 4),
    "robustness": ("accuracy on 15 corruptions of 1,000 test images, points", 100, 3),
    "epochs_to_97": ("epochs to 97 % on validation", 1, 2),
}
PAIRS = (("gate", "none"), ("gate", "dense"), ("gate", "constant"), ("gate", "other's"), ("gate", "fixed"),
         ("residual", "none"), ("open", "none"), ("focal 1", "none"), ("focal 2", "none"),
         ("focal 1", "shuffled 1"), ("focal 2", "shuffled 2"))


def protocol():
    """The protocol, without the pilot's figures."""
    total = sum(runs(regime, arm) for regime in REGIME_TEXT for arm in ARMS) + 1
    return "\n".join([
        "## Protocol", "", f"Fixed before the first of its {total:,} runs; nothing is looked at before the last of "
        "them has ended, and no run is stopped or added for what it shows.", "",
        "**Arms.** " + "; ".join(f"*{arm}*: {text}" for arm, text in ARM_TEXT.items()) + ". One further run, *held at "
        "1*, must equal *none* bit for bit.", "",
        "**Regimes.** " + "; ".join(f"*{regime}*: {text}" for regime, text in REGIME_TEXT.items()) + ".", "",
        "**Pairing.** Arms of one seed share the training images and their labels, the split by writer, the initial "
        "weights of every layer that they have in common, the order of batches and the augmentation of every picture.",
        "", f"**Runs.** {N_PRIMARY} seeds of {', '.join(f'*{arm}*' for arm in PRIMARY_ARMS)} in the regime "
        f"*{PRIMARY[0]}*; of every other cell {', '.join(f'{n} in *{regime}*' for regime, n in N_OTHERS.items())}. The "
        "numbers come from a pilot with seeds of its own, below. *gate* less *none* was to show a difference of 0.03 "
        f"points in *{PRIMARY[0]}*, four times in five at 5 %: by the pilot's spread 16 seeds would do, but six "
        f"differences tell a spread badly, and *dense*, which scatters more, needs {N_PRIMARY} to show 0.05. The other "
        "arms were to show 0.05 points; where they scatter too much for that (*plain*, whose training ends when "
        "validation says so, would need 400 seeds) the column at the right says what can be seen instead. The "
        "pilot trained *augmented* and *wrong* for 12 epochs and *few* for 80; the study has 8 and 40, so that its "
        "nine hours of processor time end in two sittings.", "",
        f"**Primary comparison, one.** {PRIMARY[1]} less {PRIMARY[2]}, test accuracy, regime *{PRIMARY[0]}*. All other "
        f"comparisons of accuracy ({', '.join(f'{a} less {b}' for a, b in PAIRS)}, in every regime) are corrected "
        "together by Holm's method. All other outcomes are exploratory: "
        + ", ".join(name for name, _, _ in list(OUTCOMES.values())[1:]) + ".", "",
        "**Statistics.** Mean difference within seeds; its 95 % interval by the BCa bootstrap, for accuracy over seeds "
        "and test images both, for the others over seeds; p by exchanging the arms within seeds (sign flips). The "
        "p-value is about other seeds and these test images, the interval of accuracy about other test images, too: "
        "it can hold 0 where p is small.", "",
        "**Can the gate be made to pay?** *residual* and *open*, no others, under the same protocol.", "",
        "**What it learned.** Which units the gate shuts for which digit (mean value below 0.1), and whether its "
        "activity tells errors beyond the margin: nested logistic models of being wrong, the smaller of the margin "
        "and its square, the larger of the gate's mean, scatter and likeness to its answer's mean gate too; likelihood "
        "ratio, and AUROC of both in ten-fold cross-validation.", ""])


def pilot_table(rows):
    """The pilot's spread of differences in accuracy, and the seeds that it asks for; rows: its runs."""
    lines = ["### The pilot", "", "| regime | difference | n | mean, points | spread within seeds | seeds to see "
             f"{DIFFERENCE} / {OTHER_DIFFERENCE} points | visible with the study's seeds |", "|---" * 7 + "|"]
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


def differences(rows, regime, a, b, outcome):
    """outcome of arm a less that of arm b, seed by seed: (n,)."""
    by_seed = {arm: {row["seed"]: row for row in rows if row["regime"] == regime and row["arm"] == arm}
               for arm in (a, b)}
    shared = sorted(by_seed[a].keys() & by_seed[b].keys())
    return np.array([by_seed[a][seed][outcome] - by_seed[b][seed][outcome] for seed in shared], float)
