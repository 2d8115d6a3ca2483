"""The rule by which training recipes are compared and by which the seed that ships is chosen.

It was written before the first run that it judges.

**What a run is measured on.** On validation, 2,558 MNIST images of writers of whom no image trains, in one pass of the
network, without test-time augmentation; and on development pictures from outside MNIST, read by the full pipeline of
MNISTDeployer.predict_batch. For each image the run stores whether the answer is right; a picture that cannot be read is
an error, and pictures of doubtful label count like the others. The test set is not read.

**How recipes are compared.** On the same seeds, 0, 1 and 2, and the same images. e_i is the share of the seeds that err
on image i. D is the sum over all images, validation and development together, of d_i = e_i(present recipe) -
e_i(candidate): the errors that the candidate saves, as a mean over seeds. Its standard error is sqrt(sum d_i^2). A
candidate passes if D > 0, D is at least one standard error, and no gate fails. The gates:

- on no development set has the candidate more than 3 errors more than the present recipe (means over seeds);
- the mean accuracy over 75 cells of corrupted validation images, fifteen corruptions at five severities, one pass, is
  not lower by more than 0.3 points (means over seeds);
- of the development answers called confident, seeds pooled, at most 0.05 % are wrong, or not a larger share than with
  the present recipe;
- the AUROC of confidence on the pooled development pictures is not lower by more than 0.003 (means over seeds).

**Ties.** Of the candidates that pass, the one with the largest D is the best. Each other one is tied with it if their
D differ by at most one standard error, computed in the same way from the two error shares of each image. Of the tied
ones the simplest wins: the fewest parameters, then the fewest settings that differ from the present recipe, then the
fewest epochs, then the name, alphabetically.

**Lengths.** Ideas are compared at short length: 16 epochs instead of 200, the same for all, the present recipe
included. The winner is trained at full length with seeds 0, 1 and 2 and compared with the present recipe at full length
by the same rule.

**The seed that ships** is that with the fewest errors on validation and development together, then with the lowest log
loss on validation.

**The test set** is read once for each finished run of full length, after the choice of recipe and seed. If no candidate
passes, at short or at full length, the shipped weights stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

SEEDS = (0, 1, 2)
SHORT_EPOCHS = 16
VALIDATION = "validation"  # the name of this set; every other set is a development set
MORE_ERRORS = 3  # on one development set
LESS_CORRUPTED_ACCURACY = 0.003
CONFIDENT_AND_WRONG = 0.0005  # of the answers called confident
LESS_AUROC = 0.003
ROUNDING = 1e-9  # means over seeds are not exact


@dataclass(frozen=True)
class SetResult:
    """The answers for a set of n images: indices of the wrong ones, the number called confident and of these wrong."""

    n: int
    wrong: tuple[int, ...]
    confident: int = 0
    confident_wrong: int = 0

    @property
    def errors(self) -> int:
        return len(self.wrong)


@dataclass(frozen=True)
class Result:
    """The measurement of one run.

    changes: the settings, with their values, that differ from the present recipe; sets: by name, VALIDATION among them;
    log_loss: on validation, nats; auroc: of confidence on all development pictures; corrupted: mean accuracy of the
    cells of corrupted validation images, a share; seconds: of training.
    """

    recipe: str
    seed: int
    epochs: int
    parameters: int
    sets: Mapping[str, SetResult]
    log_loss: float
    auroc: float
    corrupted: float
    seconds: float = 0.0
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def development(self) -> dict[str, SetResult]:
        return {name: one for name, one in self.sets.items() if name != VALIDATION}

    @property
    def errors(self) -> int:
        """Errors on validation and development together."""
        return sum(one.errors for one in self.sets.values())


Runs = Sequence[Result]  # the runs of one recipe, one for each seed


@dataclass(frozen=True)
class Judgement:
    """A candidate beside the present recipe. saved: D, the errors saved, and its standard error; failed: a sentence
    for each gate that fails."""

    recipe: str
    saved: float
    standard_error: float
    failed: tuple[str, ...]

    @property
    def passes(self) -> bool:
        return self.saved > ROUNDING and self.saved >= self.standard_error - ROUNDING and not self.failed


@dataclass(frozen=True)
class Verdict:
    """The Judgement of each candidate; tied: the best one and those tied with it, the winner first."""

    judgements: tuple[Judgement, ...]
    tied: tuple[str, ...]

    @property
    def winner(self) -> str | None:
        return self.tied[0] if self.tied else None


def error_shares(runs: Runs) -> NDArray[np.floating]:
    """The share of the seeds that err on each image, over all sets, ordered by name: (N,)."""
    shares = []
    for name in sorted(runs[0].sets):
        errs = np.zeros((len(runs), runs[0].sets[name].n))
        for row, run in zip(errs, runs, strict=True):
            row[list(run.sets[name].wrong)] = 1
        shares.append(errs.mean(axis=0))
    return np.concatenate(shares)


def errors_saved(before: Runs, after: Runs) -> tuple[float, float]:
    """D, the errors that `after` saves, and its standard error. Raises ValueError unless both have the same seeds and
    sets."""
    check_comparable([*before, *after])
    if sorted(run.seed for run in before) != sorted(run.seed for run in after):
        raise ValueError(f"{before[0].recipe} and {after[0].recipe} were not trained with the same seeds")
    d = error_shares(before) - error_shares(after)
    return float(d.sum()), float(np.sqrt((d**2).sum()))


def check_comparable(runs: Runs) -> None:
    """Raises ValueError unless all runs were measured on sets of the same names and sizes."""
    sizes = [{name: one.n for name, one in run.sets.items()} for run in runs]
    for run, these in zip(runs, sizes, strict=True):
        if these != sizes[0]:
            raise ValueError(f"{run.recipe}, seed {run.seed}, was measured on other sets than {runs[0].recipe}, seed "
                             f"{runs[0].seed}: {these} and {sizes[0]}")


def confident_and_wrong(runs: Runs) -> float:
    """The wrong share of the development answers called confident, seeds pooled; 0 if none is called confident."""
    sets = [one for run in runs for one in run.development.values()]
    return sum(one.confident_wrong for one in sets) / max(1, sum(one.confident for one in sets))


def failed_gates(present: Runs, candidate: Runs) -> list[str]:
    """A sentence for each gate that fails."""
    failed = []
    for name in sorted(present[0].development):
        before, after = (float(np.mean([run.sets[name].errors for run in runs])) for runs in (present, candidate))
        if after > before + MORE_ERRORS + ROUNDING:
            failed.append(f"{name}: {after:.1f} errors, {before:.1f} with the present recipe")
    before, after = (float(np.mean([run.corrupted for run in runs])) for runs in (present, candidate))
    if after < before - LESS_CORRUPTED_ACCURACY - ROUNDING:
        failed.append(f"corrupted digits: {after:.2%}, {before:.2%} with the present recipe")
    before, after = confident_and_wrong(present), confident_and_wrong(candidate)
    if after > max(before, CONFIDENT_AND_WRONG) + ROUNDING:
        failed.append(f"wrong among the confident: {after:.3%}, {before:.3%} with the present recipe")
    before, after = (float(np.mean([run.auroc for run in runs])) for runs in (present, candidate))
    if after < before - LESS_AUROC - ROUNDING:
        failed.append(f"AUROC of confidence: {after:.4f}, {before:.4f} with the present recipe")
    return failed


def simplicity(runs: Runs) -> tuple[int, int, int, str]:
    """The key by which the simpler recipe comes first."""
    return runs[0].parameters, len(runs[0].changes), runs[0].epochs, runs[0].recipe


def choose(present: Runs, candidates: Mapping[str, Runs]) -> Verdict:
    """The Verdict on candidates {name: runs}, each with the seeds of the present recipe's runs. Raises ValueError if
    they cannot be compared."""
    judgements = tuple(Judgement(name, *errors_saved(present, runs), tuple(failed_gates(present, runs)))
                       for name, runs in candidates.items())
    passed = [one for one in judgements if one.passes]
    if not passed:
        return Verdict(judgements, ())
    best = max(passed, key=lambda one: (one.saved, one.recipe))
    tied = []
    for one in passed:
        behind, standard_error = errors_saved(candidates[one.recipe], candidates[best.recipe])
        if behind <= standard_error + ROUNDING:
            tied.append(one.recipe)
    return Verdict(judgements, tuple(sorted(tied, key=lambda name: simplicity(candidates[name]))))


def ranked_seeds(runs: Runs) -> list[int]:
    """The seeds of one recipe, the one that ships first. Raises ValueError if they were measured on different sets."""
    check_comparable(runs)
    return [run.seed for run in sorted(runs, key=lambda run: (run.errors, run.log_loss, run.seed))]
