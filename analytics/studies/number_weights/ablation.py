"""What each group of evidence earns: the weights fitted again without it on the same numbers, and compared pair by pair
on numbers of other writers."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from analytics.studies.number_weights import fit
from analytics.studies.number_weights.lattices import Example
from core.formats import measured
from deployment.reader.number.score import READINGS, SIGNALS

# name of what is left out -> weights that stay 0, as of `fit.named`
GROUPS = {
    "log probabilities of the network for digits": ("digit",),
    "the pair reader's log probabilities of one digit": ("pair digit",),
    "log probability of three digits and more": ("three or more",),
    "likeness to digits, novelty": ("no digit", "novel"),
    "gaps and blobs joined": ("blobs joined", "gap inside"),
}
NO_PAIRS, NO_SHAPES = "two digits read at once", "shapes of numbers"


def fixed(names: Sequence[str]) -> NDArray[np.bool_]:
    """Which values of theta belong to these names."""
    labels = ["digit", *(f"pair {name}" for name in READINGS), *(SIGNALS * len(READINGS))]
    return np.array([label in names for label in labels])


def table(examples: Sequence[Example], others: Sequence[Example], report: Callable[[str], None] = print) -> str:
    """Markdown: the share of `others` that is read exactly with the weights fitted on `examples`, and with those that
    are fitted without each group, and the paired difference with its 95 % interval."""
    rows = ["| without | read exactly | difference, points | 95 % interval |", "|---|---:|---:|---:|"]
    weights = fit.fitted(examples)
    whole = fit.right(others, weights)
    rows.append(f"| nothing left out | {measured(whole.mean())} | | |")
    uncoupled = [[replace(example, evidence=replace(example.evidence, joined=np.zeros_like(example.evidence.joined)))
                  for example in part] for part in (examples, others)]
    variants = {NO_PAIRS: (*uncoupled, ())} | {name: (examples, others, names) for name, names in GROUPS.items()}
    for name, (of, measured_on, names) in variants.items():
        readable = [np.isfinite(example.lattice(fit.unpack(fit.START)).log_probability(example.text)) for example in of]
        without = fit.fitted([one for one, can in zip(of, readable, strict=True) if can], fixed(names))
        rows.append(_row(name, fit.right(measured_on, without), whole))
        report(rows[-1])
    rows.append(_row(NO_SHAPES, fit.right(others, replace(weights, shapes=np.zeros_like(weights.shapes))), whole))
    return "\n".join([*rows, ""])


def _row(name, hits, whole):
    change = hits.astype(float) - whole
    half = 1.96 * change.std(ddof=1) / np.sqrt(len(change))
    return (f"| {name} | {measured(hits.mean())} | {100 * change.mean():+.1f} | "
            f"{100 * (change.mean() - half):+.1f} to {100 * (change.mean() + half):+.1f} |")
