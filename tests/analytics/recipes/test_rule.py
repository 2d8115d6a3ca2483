"""The rule that compares recipes: errors saved, gates, ties, and the seed that ships."""

from dataclasses import replace

import numpy as np
import pytest

from analytics.studies.recipes.rule import (
    Result,
    SetResult,
    choose,
    confident_and_wrong,
    error_shares,
    errors_saved,
    failed_gates,
    ranked_seeds,
)


def run(seed=0, validation=(), pen=(), recipe="present", **changes):
    """A run with these errors among 20 validation images and 30 pen strokes, of which 20 are called confident."""
    whole = Result(recipe, seed, 24, 1000, {"validation": SetResult(20, tuple(validation)),
                                            "pen": SetResult(30, tuple(pen), 20, 0)}, 0.02, 0.97, 0.65)
    return replace(whole, **changes)


def seeds(recipe="present", validation=(), pen=(), **changes):
    return [run(seed, validation, pen, recipe, **changes) for seed in range(3)]


def test_the_share_of_seeds_that_err_on_each_image():
    shares = error_shares([run(0, [1], [2]), run(1, [1]), run(2, [3], [2])])
    pen, validation = shares[:30], shares[30:]  # by name
    assert pen[2] == pytest.approx(2 / 3) and pen.sum() == pytest.approx(2 / 3)
    assert validation[[1, 3]] == pytest.approx([2 / 3, 1 / 3]) and validation.sum() == pytest.approx(1)


def test_errors_saved_and_their_standard_error():
    """Both recipes err on image 4: it counts neither in D nor in its error."""
    before = [run(0, [0, 4], [7]), run(1, [0, 4]), run(2, [0, 4])]
    after = [run(0, [4]), run(1, [4], [9]), run(2, [4], [9])]
    saved, error = errors_saved(before, after)
    assert saved == pytest.approx(1 + 1 / 3 - 2 / 3)
    assert error == pytest.approx(np.sqrt(1 + 1 / 9 + 4 / 9))
    assert errors_saved(after, before) == (pytest.approx(-saved), pytest.approx(error))


def test_only_runs_of_the_same_seeds_and_sets_are_compared():
    with pytest.raises(ValueError, match="same seeds"):
        errors_saved(seeds(), seeds()[:2])
    other = run(0, recipe="other", sets={"validation": SetResult(20, ()), "pen": SetResult(31, ())})
    with pytest.raises(ValueError, match="other, seed 0, was measured on other sets"):
        errors_saved([run()], [other])


def test_a_candidate_passes_with_one_standard_error_and_not_with_less():
    """Four errors fewer and none more have the standard error 2; of the others D is 2, its error sqrt 6."""
    verdict = choose(seeds(validation=[0, 1, 2, 3]), {
        "better": seeds("better"), "changed": seeds("changed", pen=[0, 1]), "equal": seeds("equal", [0, 1, 2, 3])})
    better, changed, equal = verdict.judgements
    assert (better.saved, better.standard_error, better.passes) == (4, 2, True)
    assert (changed.saved, changed.standard_error) == (2, pytest.approx(np.sqrt(6))) and not changed.passes
    assert (equal.saved, equal.standard_error, equal.passes) == (0, 0, False)
    assert verdict.winner == "better" and verdict.tied == ("better",)
    assert choose(seeds(validation=[0]), {"one": seeds("one")}).winner == "one", "D equals its standard error"


@pytest.mark.parametrize("changes, named", [
    (dict(pen=range(4)), "pen: 4.0 errors, 0.0"),
    (dict(corrupted=0.6469), "corrupted digits: 64.69%, 65.00%"),
    (dict(auroc=0.9669), "AUROC of confidence: 0.9669, 0.9700"),
])
def test_each_gate_fails_beyond_its_limit(changes, named):
    (failed,) = failed_gates(seeds(), seeds("candidate", **changes))
    assert failed.startswith(named)


def test_gates_hold_at_their_limits_and_validation_is_no_development_set():
    assert failed_gates(seeds(), seeds("candidate", pen=range(3), corrupted=0.647, auroc=0.967)) == []
    assert failed_gates(seeds(), seeds("candidate", validation=range(9))) == []


def with_confident(recipe, confident, wrong):
    return [run(0, recipe=recipe, sets={"validation": SetResult(20, (), 20, 20),
                                        "pen": SetResult(30, (), confident, wrong)})]


def test_the_wrong_among_the_confident_are_few_or_no_more_than_now():
    present = with_confident("present", 5000, 5)
    assert confident_and_wrong(present) == 0.001, "validation is left out"
    assert failed_gates(present, with_confident("candidate", 5000, 5)) == []
    assert failed_gates(present, with_confident("candidate", 4999, 5))[0].startswith("wrong among the confident")
    none = with_confident("present", 5000, 0)
    assert failed_gates(none, with_confident("candidate", 2000, 1)) == []
    assert len(failed_gates(none, with_confident("candidate", 1999, 1))) == 1


def test_a_failed_gate_outweighs_saved_errors():
    verdict = choose(seeds(validation=range(9)), {"fragile": seeds("fragile", corrupted=0.6)})
    assert verdict.judgements[0].saved == 9 and not verdict.judgements[0].passes and verdict.winner is None


def test_of_tied_candidates_the_simplest_wins():
    present = seeds(validation=range(9))
    best = seeds("best", parameters=1200)
    tied = seeds("tied", [0], parameters=1100, changes={"a": 1, "b": 2})
    behind = seeds("behind", [0, 1], parameters=900)  # two errors more: beyond the standard error sqrt 2
    verdict = choose(present, {"best": best, "tied": tied, "behind": behind})
    assert [one.passes for one in verdict.judgements] == [True, True, True]
    assert verdict.tied == ("tied", "best")
    fewer_settings = seeds("x", [0], parameters=1100, changes={"a": 1})
    assert choose(present, {"best": best, "tied": tied, "x": fewer_settings}).winner == "x"
    shorter = seeds("y", [0], parameters=1100, changes={"a": 1}, epochs=12)
    assert choose(present, {"best": best, "x": fewer_settings, "y": shorter}).winner == "y"
    same = seeds("w", [0], parameters=1100, changes={"a": 1})
    assert choose(present, {"best": best, "x": fewer_settings, "w": same}).winner == "w"


def test_the_seed_with_the_fewest_errors_ships_then_the_lower_log_loss():
    runs = [run(0, [1], [2]), run(1, [], [2, 3], log_loss=0.01), run(2, [], [2, 3, 4], log_loss=0.001)]
    assert ranked_seeds(runs) == [1, 0, 2]
