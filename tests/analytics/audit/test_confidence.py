"""Uncertainty, gate modes, maps and non-digits against cases worked by hand."""

import numpy as np
import pytest
from answers import falling

from analytics.audit import __main__ as command
from analytics.audit import confidence as doubt
from analytics.audit import inside, maps, out_of_distribution
from analytics.audit.run import plain
from deployment.pages.audit import evidence
from deployment.pages.audit.evidence import share


def untracked(items, label):
    return items


@pytest.fixture
def answers():
    return falling()


def test_conformal_rows_count_members_and_misses():
    sets = np.zeros((4, 10), dtype=bool)
    sets[:, 0], sets[0, 1] = True, True
    row, = doubt.conformal({0.05: sets}, np.array([1, 0, 0, 5]), lambda alpha: 2 * alpha)
    assert (row["hits"], row["size"], row["single"], row["largest"]) == (3, 1.25, 0.75, 2)
    assert row["bound"] == 0.1 and row["kept"] == "within chance"  # four cases cannot refute 95 %
    half = 1.96 * np.sqrt(3 / 16) / 2
    assert row["size_interval_95"] == pytest.approx([1.25 - half, 1.25 + half])


def test_verdicts():
    assert doubt.verdict(share(999, 1000), 0.999) == "yes"
    assert doubt.verdict(share(998, 1000), 0.999) == "within chance"
    assert doubt.verdict(share(900, 1000), 0.999) == "no"
    assert doubt.verdict(share(0, 0), 0.5) == "no case"


def test_each_emotion_is_held_to_its_own_promise(answers):
    probs, y = answers
    emotions = np.array(["confident"] * 6 + ["hesitant"] * 2 + ["hesitant", "curious"])
    confident, hesitant, confused, curious = doubt.promises(emotions, probs, y, 0.9)
    assert (confident["met"]["share"], confident["errors"], confident["kept"]) == (1, 0, "yes")
    assert hesitant["right"]["share"] == pytest.approx(2 / 3) and hesitant["met"]["share"] == 1  # 1 is its second
    assert hesitant["errors"] == 1 and hesitant["kept"] == "yes"
    assert confused["kept"] == "no case" and confused["met"]["n"] == 0
    assert curious["met"]["hits"] == 9 and curious["of_all"]["hits"] == 1  # one of ten is more than 0.5 %


def test_auroc_interval_shrinks_with_the_count_and_stays_in_bounds():
    low, high = doubt.auroc_interval(0.8, 50, 100)
    wide = doubt.auroc_interval(0.8, 5, 10)
    q1, q2 = 0.8 / 1.2, 2 * 0.64 / 1.8
    variance = (0.16 + 49 * (q1 - 0.64) + 99 * (q2 - 0.64)) / 5000
    assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt(variance))
    assert wide[1] - wide[0] > high - low and doubt.auroc_interval(1.0, 5, 5) == [1, 1]


class Readout:
    @staticmethod
    def emotions(probs, novelty):
        return np.where(novelty > 1, "curious", "confident")


def test_novelty_separates_other_pictures_from_digits():
    digits, noise = np.array([0.1, 0.2, 3.0, 0.4]), np.array([2.0, 0.3])
    first, second = doubt.out_of_distribution(Readout, digits, {"test digits": (None, digits), "noise": (None, noise)})
    assert first["curious"]["hits"] == 1 and "auroc" not in first
    assert second["curious"]["share"] == 0.5 and second["auroc"] == (3 + 2) / 8
    assert second["novelty_quantiles"][2] == pytest.approx(1.15)


def test_the_sign_test_by_hand():
    assert inside.sign_test(0, 0) == 1 and inside.sign_test(3, 3) == 1
    assert inside.sign_test(0, 5) == pytest.approx(2 / 32) and inside.sign_test(1, 5) == pytest.approx(2 * 7 / 64)


def test_gates_are_compared_on_the_same_images():
    y = np.array([0, 1, 2, 3] * 5)
    live, other = np.eye(10)[y] * 4, np.eye(10)[y] * 4
    live[0], other[1], other[2] = np.eye(10)[9], np.eye(10)[9], np.eye(10)[9]  # 1 error against 2
    probs = np.full((20, 10), 0.1)
    modes = {"live": (live, probs), "open": (other, probs)}
    first, second = inside.compare_gates(modes, y, modes, y)
    assert (first["errors"], first["only_live"], first["p"]) == (1, 0, None)
    assert (second["errors"], second["only_live"], second["only_this"]) == (2, 2, 1)
    assert second["log_loss"] == pytest.approx(np.log(10)) and second["log_loss_refitted"] < 1


def test_activations_count_zeros_and_dead_units():
    layer = np.array([[0.0, 1, 2], [0, 0, 4]])
    arrays = inside.activations([layer], ["hidden 1"])
    assert arrays["activation_counts"].sum() == 3 and arrays["activation_zeros"][0] == 0.5
    assert arrays["activation_dead"][0] == 1 and arrays["activation_edges"][0, -1] == 4


def test_maps_keep_groups_apart_and_repeat():
    rng = np.random.default_rng(0)
    features = np.repeat(np.eye(3), 40, axis=0) * 20 + rng.normal(size=(120, 3))
    arrays = maps.arrays([features], ["hidden 1"], 3, untracked)
    xy = evidence.layers(arrays)["hidden 1"]
    nearest = np.linalg.norm(xy[:, None] - xy.reshape(3, 40, 2).mean(1), axis=2).argmin(1)
    assert (nearest == np.repeat([0, 1, 2], 40)).all()
    again = maps.arrays([features], ["hidden 1"], 3, untracked)
    assert all(np.array_equal(arrays[name], again[name]) for name in arrays)
    position = evidence.place_prediction(arrays, "hidden 1", [features[50]])
    assert np.linalg.norm(position - xy[40:80].mean(0)) < np.linalg.norm(position - xy[:40].mean(0))
    assert evidence.place_prediction(arrays, "hidden 1", [np.zeros(7)]) is None
    assert evidence.place_prediction(arrays, "elsewhere", [features[50]]) is None
    assert list(evidence.layers({"map_xy": xy})) == ["last hidden layer"]


def test_layers_are_named_from_the_input_on():
    assert maps.layer_names(3, True) == ["hidden 1", "hidden 2", "gated"]
    assert maps.layer_names(2, False) == ["hidden 1", "hidden 2"]


@pytest.mark.parametrize("kind", out_of_distribution.KINDS)
def test_non_digits_repeat_differ_and_hold_ink(kind):
    images = out_of_distribution.make(kind, 12, seed=4)
    assert images.shape == (12, 28, 28) and images.dtype == np.uint8
    assert np.array_equal(images, out_of_distribution.make(kind, 12, seed=4)) and not np.array_equal(
        images[0], images[1]
    )
    assert not np.array_equal(images, out_of_distribution.make(kind, 12, seed=5))
    ink = images.mean((1, 2)) / 255
    assert (ink > 0).all() and (ink.max() < 0.06 if kind == "nearly blank" else ink.min() > 0.03)


def test_bad_non_digits_end_in_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="choose from noise"):
        out_of_distribution.make("letters", 1)
    path = tmp_path / "more.npz"
    np.savez(path, pictures=np.ones((2, 28, 28), np.uint8), wrong=np.ones((2, 28)))
    assert out_of_distribution.load_extra(path, "pictures").sum() == 2 * 784
    for name, words in (("wrong", r"\(N, 28, 28\) uint8 is needed"), ("absent", "no array 'absent'")):
        with pytest.raises(ValueError, match=words):
            out_of_distribution.load_extra(path, name)
    path.write_bytes(b"no archive")
    with pytest.raises(ValueError, match="NumPy archive"):
        out_of_distribution.load_extra(path, "pictures")
    with pytest.raises(SystemExit, match=r"^audit: .+"):
        command.main(["--extra", str(tmp_path / "missing.npz"), "pictures"])


def test_json_knows_no_nan_and_no_numpy():
    assert plain({"a": (np.float32(1), np.nan, [np.int64(3), True])}) == {"a": [1.0, None, [3, True]]}
