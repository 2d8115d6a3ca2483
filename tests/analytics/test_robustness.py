"""The properties of the corruptions, and their effect on the shipped model."""

import json

import numpy as np
import pytest
from published import floor

from analytics.robustness import __main__ as command
from analytics.robustness import figures
from analytics.robustness import measure as robustness
from analytics.robustness.corruptions import CORRUPTIONS, PAPER, TABLE, clouds, corrupt, smoothing
from core.digits.data import read_checked
from core.models import model as models

# the paper's settings turn the mud of severities 4 and 5 into finer drops, which cover less than at 3
NOT_MONOTONE = {"spatter"}


@pytest.fixture(scope="module")
def images():
    return read_checked("t10k-images-idx3-ubyte")[:200]


@pytest.fixture(scope="module")
def y():
    return read_checked("t10k-labels-idx1-ubyte")[:200]


@pytest.fixture(scope="module")
def corrupted(images):
    """{name: [severity 1 to 5]} of the first 60 images."""
    return {name: [corrupt(name, images[:60], severity) for severity in range(1, 6)] for name in CORRUPTIONS}


@pytest.fixture(scope="module")
def model():
    return models.load(models.FINAL_MODEL)


def distance(a, b):
    return np.abs(a.astype(float) - b).mean()


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_images_in_images_out(name, images, corrupted):
    before = images[:60].copy()
    for out in corrupted[name]:
        assert out.shape == before.shape and out.dtype == np.uint8
    assert np.array_equal(images[:60], before), "the caller's images changed"
    assert np.array_equal(corrupt(name, before, 3), corrupted[name][2]), "same seed, other result"
    away = [distance(out, before) for out in corrupted[name]]
    assert min(away) > 0.5
    if name not in NOT_MONOTONE:
        assert np.all(np.diff(away) > -0.02 * np.array(away[:-1])), f"distances {away}"
        assert away[4] > 1.05 * away[0]


def test_seed_draws_anew(images):
    fixed = {"scale", "brightness", "stripe", "canny_edges"}
    for name in CORRUPTIONS:
        same = np.array_equal(corrupt(name, images[:5], 3, seed=0), corrupt(name, images[:5], 3, seed=1))
        assert same == (name in fixed), name


def test_fifteen_of_five_with_the_papers_among_them():
    assert len(CORRUPTIONS) == 15
    assert all(len(settings) == 5 and 1 <= paper <= 5 for _, paper, settings in TABLE.values())
    assert PAPER["fog"] == 5 and PAPER["rotate"] == 2


def test_untouched(images):
    assert np.array_equal(corrupt("zigzag", images[:3], 0), images[:3])
    assert corrupt("glass_blur", images[:0], 3).shape == (0, 28, 28)


@pytest.mark.parametrize(("name", "severity", "images", "said"), [
    ("rain", 1, np.zeros((1, 28, 28), np.uint8), "fog"), ("fog", 6, np.zeros((1, 28, 28), np.uint8), "1 to 5"),
    ("fog", 1, np.zeros((1, 28, 28)), "uint8"), ("fog", 1, np.zeros((28, 28), np.uint8), r"\(N, 28, 28\)")])
def test_bad_input(name, severity, images, said):
    with pytest.raises(ValueError, match=said):
        corrupt(name, images, severity)


def test_known_pictures():
    dot = np.zeros((1, 28, 28), np.uint8)
    dot[0, 10, 12] = 200
    moved = np.argwhere(corrupt("translate", dot, 3)[0])
    assert len(moved) == 1 and abs(moved[0, 0] - 10) == 3 and abs(moved[0, 1] - 12) == 3
    assert corrupt("translate", dot, 3).max() == 200
    assert np.all(corrupt("brightness", dot, 5)[0, 0] == 128) and corrupt("brightness", dot, 5).max() == 255
    striped = corrupt("stripe", dot, 3)[0]
    assert striped[:, :7].min() == striped[:, 21:].min() == 255
    assert striped[10, 12] == striped[:, 7:21].sum() == 200
    black = np.zeros((40, 28, 28), np.uint8)
    for severity, share in zip(range(1, 6), (0.03, 0.06, 0.09, 0.17, 0.27), strict=True):
        assert np.mean(corrupt("impulse_noise", black, severity) == 255) == pytest.approx(share / 2, rel=0.1)
    assert not corrupt("shot_noise", black, 5).any() and not corrupt("canny_edges", black, 3).any()
    grey = np.full((40, 28, 28), 100, np.uint8)
    assert corrupt("shot_noise", grey, 1).mean() == pytest.approx(100, rel=0.01)  # noise without bias


def test_a_disc_keeps_its_centre():
    """Smaller, sheared or turned about the centre: a disc keeps its centre of mass, and its area where it should."""
    rows, columns = np.indices((28, 28)) - 13.5
    disc = ((rows**2 + columns**2 < 36) * 255).astype(np.uint8)[None]
    for name, areas in (("rotate", (1,) * 5), ("scale", (0.81, 0.64, 0.49, 0.36, 0.25)),
                        ("shear", 1 / np.cos([0.2, 0.4, 0.6, 0.8, 1.0]))):
        for severity, area in enumerate(areas, start=1):
            out = corrupt(name, disc, severity)[0].astype(float)
            assert out.sum() == pytest.approx(area * disc.sum(), rel=0.05)
            assert abs((out * rows).sum() / out.sum()) < 0.1 and abs((out * columns).sum() / out.sum()) < 0.1


def test_edges_of_a_square_are_its_outline():
    square = np.zeros((1, 28, 28), np.uint8)
    square[0, 8:20, 8:20] = 255
    edges = corrupt("canny_edges", square, 3)[0] == 255
    assert not edges[11:17, 11:17].any() and not edges[:6].any()
    rows = edges[11:17]  # one edge at the left and one at the right of each row, two pixels where it falls between
    assert np.all((rows[:, 6:10].sum(axis=1) >= 1) & (rows[:, 6:10].sum(axis=1) <= 2))
    assert np.array_equal(edges, edges[::-1]) and np.array_equal(edges, edges.T)


def test_smoothing_and_clouds():
    matrix = smoothing(1.5)
    assert np.allclose(matrix.sum(axis=1), 1) and np.allclose(matrix, matrix[::-1, ::-1])
    spread = matrix[14] @ (np.arange(28) - 14) ** 2
    assert spread == pytest.approx(1.5**2, rel=0.02)
    maps = clouds(20, np.random.default_rng(0), 1.4)
    assert maps.shape == (20, 28, 28) and maps.min() >= 0 and maps.max() <= 1
    rough, smooth = (np.abs(np.diff(clouds(20, np.random.default_rng(0), decay))).mean() for decay in (1.4, 2.0))
    assert rough > 2 * smooth


@pytest.mark.slow
def test_a_real_model_sees_worse_and_says_so(model, images, y, tmp_path):
    rows = robustness.measure(model, images, y, n=200, severities=(1, 5),
                              corruptions=("impulse_noise", "rotate", "zigzag", "brightness", "dotted_line"))
    clean, mild, heavy = rows[0], rows[1::2], rows[2::2]
    stored = json.loads(command.OUT.read_text())["rows"][0]
    assert stored["corruption"] == "clean" and clean["n"] == 200
    assert clean["accuracy"] >= floor(stored["accuracy"], 200)
    assert all(row["accuracy"] < clean["accuracy"] - 0.1 for row in heavy)
    assert all(row["mean_confidence"] < clean["mean_confidence"] for row in heavy)
    assert all(worse["accuracy"] < better["accuracy"] for better, worse in zip(mild, heavy, strict=True))
    for row in rows:
        assert sum(row["emotions"].values()) == pytest.approx(1)
        assert row["interval_95"][0] <= row["accuracy"] <= row["interval_95"][1]
        assert row["confident_and_wrong"] <= min(row["emotions"]["confident"], 1 - row["accuracy"]) + 1e-9
    whole = robustness.summary(rows)
    assert whole["cells"] == 10 and whole["spearman_confidence_accuracy"] > 0.5
    command.save(tmp_path / "r.json", {"model_sha256": "ab", "summary": whole, "rows": rows},
                 {"samples": figures.samples(images)})
    assert json.loads((tmp_path / "r.json").read_text())["rows"][0]["corruption"] == "clean"
    assert {path.name for path in tmp_path.iterdir()} == {"r.json", "samples.png"}
    assert f"| rotate | {rows[3]['accuracy']:.1%}"[:-1] in robustness.table(rows)
    with pytest.raises(ValueError, match="choose 1 to 200"):
        robustness.measure(model, images, y, n=201)


def test_the_command_leaves_the_picture_of_the_audit_alone(monkeypatch, tmp_path, images, y):
    """It has a folder of its own, and a report only where it measured the shipped model into that folder."""
    assert command.OUT.parent.name == "robustness" and command.OUT.parent.parent.name == "images"
    monkeypatch.setattr(command, "load_mnist", lambda: {"X_test": images, "y_test": y})
    monkeypatch.setattr(command, "measure", lambda model, X, y, n, seed, track: robustness.measure(
        model, X, y, n, seed, ("fog",), (1, PAPER["fog"])))
    written = []
    monkeypatch.setattr(command, "write_report", lambda *args: written.append(args))
    command.main(["--n", "20", "--out", str(tmp_path / "mine.json")])
    assert {path.name for path in tmp_path.iterdir()} == {"mine.json", "corruptions.png"} and not written
    monkeypatch.setattr(command, "OUT", tmp_path / "robustness" / "robustness.json")
    command.main(["--n", "20", "--out", str(command.OUT)])
    assert [args[0] for args in written] == ["robustness"] and command.OUT.exists()
