"""Files fitted to a network stay valid while its weights are the same, whatever becomes of its readout."""

import json
import logging
import shutil

import numpy as np
import pytest

from core.models import fitted, model
from core.models.model import FINAL_MODEL
from core.storage import document_sha256, load_model, save_model


@pytest.fixture(scope="module")
def shipped():
    return model.load()


def test_another_readout_of_the_same_weights_keeps_fitted_files(tmp_path, shipped):
    folder = shutil.copytree(FINAL_MODEL, tmp_path / "refitted", ignore=shutil.ignore_patterns("liminal"))
    config = json.loads((folder / "config.json").read_text())
    config["readout"]["temperature"] *= 1.01
    config["model_sha256"] = document_sha256(config)
    (folder / "config.json").write_text(json.dumps(config))
    other = model.load(folder)
    assert other.sha256 != shipped.sha256 and other.weights_sha256 == shipped.weights_sha256
    assert fitted.stale(other.weights_sha256) is None


def test_other_weights_ask_for_other_files(tmp_path, shipped):
    arrays, config = load_model(FINAL_MODEL)
    save_model(tmp_path / "other", arrays | {"output_b": arrays["output_b"] + np.float32(1)}, config)
    other = model.load(tmp_path / "other")
    assert other.weights_sha256 != shipped.weights_sha256
    sentence = fitted.stale(other.weights_sha256)
    assert "deployment/reader/number/matrices.npz" in sentence
    assert "python -m analytics.studies.number_weights --write" in sentence


def test_what_is_bound_is_loaded_for_its_weights_alone(tmp_path, caplog):
    path = tmp_path / "file.npz"
    np.savez(path, **fitted.bind("a" * 64, {"x": np.arange(3)}))
    with caplog.at_level(logging.WARNING):
        (x,) = fitted.load(path, "a" * 64, ("x",))
        assert x.tolist() == [0, 1, 2] and not caplog.records
        assert fitted.load(path, "b" * 64, ("x",)) is None and fitted.load(tmp_path / "no.npz", "a", ("x",)) is None
    assert [record.getMessage().split()[0] for record in caplog.records] == ["file.npz", "no.npz"]
    path.write_bytes(b"damaged")
    assert fitted.bound_to(path) is None
