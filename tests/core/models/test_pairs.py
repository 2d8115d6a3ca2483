"""The pair reader's folder: trained, saved, loaded, promoted."""

import numpy as np
import pytest

from core.digits.pairs import task
from core.models import pairs, promotion
from core.storage import ModelError
from core.train import main
from deployment.deploy_mnist import MNISTDeployer


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small run of the preset, from the command line."""
    folder = tmp_path_factory.mktemp("runs") / "pairs"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(task, "PER_SET", 1200)
        patch.setattr(pairs, "MEASURED", 200)
        main(["--preset", "pairs", "--epochs", "1", "--batch-size", "64", "--set", "hidden=24", "--out", str(folder)])
    return folder


def test_a_run_is_saved_in_half_precision_and_loads(folder):
    network, X = pairs.load(folder), np.random.default_rng(0).random((3, 984), np.float32)
    logits = network.logits(X)
    assert logits.shape == (3, 121) and logits.dtype == np.float32 and np.isfinite(logits).all()
    assert np.load(folder / "hidden1_W.npy").dtype == np.float16
    assert pairs.is_pair_reader(folder) and not pairs.is_pair_reader(promotion.FINAL_MODEL)


def test_a_damaged_file_is_named(folder, tmp_path):
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "hidden1_b.npy").write_bytes(b"no")
    with pytest.raises(ModelError, match=r"hidden1_b\.npy"):
        pairs.load(tmp_path)
    assert not pairs.is_pair_reader(tmp_path / "elsewhere")


def test_a_run_is_promoted_into_its_folder(folder, tmp_path):
    assert promotion.objection(folder, tmp_path / "pairs") is None
    promotion.promote(folder, tmp_path / "pairs")
    X = np.zeros((1, 984), np.float32)
    np.testing.assert_array_equal(pairs.load(tmp_path / "pairs").logits(X), pairs.load(folder).logits(X))
    assert "below the shipped model's" in promotion.objection(folder, pairs.FOLDER)


def test_the_shipped_one_is_small_and_states_its_figures():
    assert sum(file.stat().st_size for file in pairs.FOLDER.glob("*.npy")) <= 8 * 10**6
    metrics = pairs.read_json(pairs.FOLDER / "metrics.json")
    assert metrics["test"]["n"] == 10_000 and metrics["test"]["two_digits"] > 0.75


def test_a_run_of_the_pair_reader_is_no_model_of_digits(folder, monkeypatch):
    monkeypatch.setattr("deployment.deploy_mnist.RUNS", folder.parent)
    from deployment.deploy_mnist import available_models

    assert list(available_models()) == ["shipped model"]
    assert MNISTDeployer().assess_pairs(np.zeros((2, 984), np.float32)).shape == (2, 121)
