"""Files on disk: whole or not at all, every array vouched for, damage named."""

import hashlib
import json

import numpy as np
import pytest

from core.files import write_atomic
from core.storage import ModelError, load_model, model_sha256, npy_bytes, read_json, save_model, write_json

ARRAYS = {"b": np.arange(3.0), "a": np.ones((2, 2), np.float32)}


def test_atomic_write(tmp_path):
    path = tmp_path / "file"
    write_atomic(path, "text ü")
    assert path.read_text(encoding="utf-8") == "text ü"
    write_atomic(path, b"\0\1")
    assert path.read_bytes() == b"\0\1" and [p.name for p in tmp_path.iterdir()] == ["file"]


def test_json_is_readable_and_comes_back(tmp_path):
    write_json(tmp_path / "x.json", {"a": [1.5, "ü"]})
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert "ü" in text and text.endswith("\n") and len(text.splitlines()) > 3
    assert read_json(tmp_path / "x.json") == {"a": [1.5, "ü"]}


def test_a_model_comes_back_and_its_config_has_the_hashes(tmp_path):
    (tmp_path / "stale.npy").write_bytes(b"")
    sha256 = save_model(tmp_path, ARRAYS, {"x": 1}, metrics={"y": 2})
    arrays, config = load_model(tmp_path)
    assert arrays.keys() == ARRAYS.keys() and all(np.array_equal(arrays[n], ARRAYS[n]) for n in arrays)
    assert config["x"] == 1 and model_sha256(config) == sha256 and len(sha256) == 64
    assert config["arrays"]["a"] == hashlib.sha256((tmp_path / "a.npy").read_bytes()).hexdigest()
    assert read_json(tmp_path / "metrics.json") == {"y": 2} and not (tmp_path / "stale.npy").exists()
    assert np.load(tmp_path / "a.npy", allow_pickle=False).dtype == np.float32


def test_the_hash_covers_config_and_arrays_but_not_itself(tmp_path):
    first = save_model(tmp_path / "1", ARRAYS, {"x": 1})
    assert save_model(tmp_path / "2", ARRAYS, {"x": 1, "model_sha256": "old", "weights_sha256": "older"}) == first
    assert save_model(tmp_path / "3", ARRAYS, {"x": 2}) != first
    assert save_model(tmp_path / "4", ARRAYS | {"b": np.arange(4.0)}, {"x": 1}) != first
    assert "weights_sha256" not in load_model(tmp_path / "2")[1]


@pytest.mark.parametrize("damage, named", [
    (lambda f: (f / "a.npy").unlink(), "a.npy is missing"), (lambda f: (f / "a.npy").write_bytes(b"x"), "a.npy is not"),
    (lambda f: (f / "config.json").unlink(), "config.json is missing"),
    (lambda f: (f / "config.json").write_text("{"), "config.json cannot be read"),
    (lambda f: (f / "config.json").write_bytes(b"\xff"), "config.json cannot be read"),
    (lambda f: write_json(f / "config.json", {"arrays": {}}), "names no arrays"),
    (lambda f: write_json(f / "config.json", read_json(f / "config.json") | {"x": 9}), "was changed after")])
def test_damage_is_named(tmp_path, damage, named):
    save_model(tmp_path, ARRAYS, {"x": 1})
    damage(tmp_path)
    with pytest.raises(ModelError, match=named):
        load_model(tmp_path)


def test_nothing_pickled_is_written():
    with pytest.raises(ValueError, match=r"[Oo]bject"):
        npy_bytes(np.array([{}], dtype=object))


def test_either_hash_is_read():
    assert (
        model_sha256({"weights_sha256": "a"}) == "a"
        and model_sha256({"weights_sha256": "a", "model_sha256": "b"}) == "b"
    )
    with pytest.raises(KeyError):
        model_sha256(json.loads("{}"))
