"""Audit files that are missing, damaged or of another model."""

import json

import numpy as np
import pytest

from core.storage import write_json
from deployment.deploy_mnist import SHIPPED
from deployment.pages.audit import stored as reader


def test_missing_and_damaged_audits(tmp_path):
    assert reader.load_audit(tmp_path) is None
    for content in (b"", b"not a zip", b"PK\x03\x04 cut short"):
        (tmp_path / "audit.npz").write_bytes(content)
        with pytest.raises(reader.AuditError, match="cannot be read"):
            reader.load_audit(tmp_path)
    np.savez(tmp_path / "audit.npz", model_sha256=np.array("a" * 64))
    with pytest.raises(reader.AuditError, match=r"lacks .*probs"):
        reader.load_audit(tmp_path)


def test_each_model_has_its_own_folder(tmp_path):
    assert reader.images_dir(SHIPPED, SHIPPED) == reader.SHIPPED_IMAGES
    assert reader.images_dir(tmp_path / "runs" / "mine", SHIPPED) == tmp_path / "runs" / "mine" / "images"


def arrays(**changes):
    """Arrays of the smallest valid audit."""
    placeholders = {name: np.zeros(1) for name in reader.REQUIRED} | {
        f"headline_{name}": np.zeros(3) for name in reader.HEADLINE
    }
    return placeholders | {"y": np.zeros(4, np.uint8), "probs": np.full((4, 10), 0.1), "ece_if_calibrated": np.zeros(2),
                    "weight_names": np.array(["1"]), "weight_counts": np.zeros((1, 5), int),
                    "weight_edges": np.zeros((1, 6)), "map_index": np.arange(3), "map_xy": np.zeros((3, 2)),
                    "model_sha256": np.array("a" * 64)} | changes


def test_the_smallest_audit_is_read(tmp_path):
    np.savez(tmp_path / "audit.npz", **arrays(headline_auroc=np.full(3, np.nan)))  # without errors there is none
    assert len(reader.load_audit(tmp_path)["y"]) == 4


@pytest.mark.parametrize(
    "changes, named",
    [
        ({"probs": np.zeros((3, 10))}, "probs has the shape"),
        ({"probs": np.full((4, 10), np.nan)}, "probs holds values"),
        ({"probs": np.full((4, 10), 1.5)}, "not probabilities"),
        ({"y": np.full(4, 11)}, "out of range"),
        ({"map_index": np.array([0, 1, 4])}, "out of range"),
        ({"map_xy": np.zeros((2, 2))}, "map_xy"),
        ({"headline_accuracy": np.zeros(2)}, "headline_accuracy"),
        ({"headline_ece": np.full(3, np.inf)}, "headline_ece"),
        ({"history_epoch": np.arange(3), "history_loss": np.zeros(2)}, "history_loss"),
        ({"novelty": np.zeros(3)}, "novelty"),
        ({"y": np.zeros(4)}, "y is of type float64"),
        ({"weight_names": np.zeros(1)}, "weight_names is of type"),
        ({"weight_edges": np.zeros((1, 5))}, "weight_edges has the shape"),
        ({"weight_names": np.array([{}], dtype=object)}, "cannot be read"),
    ],
)
def test_arrays_that_do_not_fit_are_named(tmp_path, changes, named):
    np.savez(tmp_path / "audit.npz", **arrays(**changes))
    with pytest.raises(reader.AuditError, match=named):
        reader.load_audit(tmp_path)


def test_an_audit_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "MAX_BYTES", 100_000)
    np.savez_compressed(tmp_path / "audit.npz", **arrays(novelty=np.zeros(4), more=np.zeros(100_000)))
    with pytest.raises(reader.AuditError, match="unpacks to"):
        reader.load_audit(tmp_path)


def test_an_audit_without_the_hash_of_its_model_is_refused(tmp_path):
    np.savez(tmp_path / "audit.npz", **{name: values for name, values in arrays().items() if name != "model_sha256"})
    with pytest.raises(reader.AuditError, match="which model"):
        reader.load_audit(tmp_path)


@pytest.mark.parametrize("key", ["model_sha256", "weights_sha256"])
def test_either_hash_is_read(tmp_path, key):
    saved = arrays()
    np.savez(tmp_path / "audit.npz", **{key if name == "model_sha256" else name: v for name, v in saved.items()})
    write_json(tmp_path / "audit.json", {key: "a" * 64, "n": 7, "format": reader.FORMAT})
    assert reader.made_for(reader.load_audit(tmp_path)) == "a" * 64
    assert reader.load_document(tmp_path, "a" * 64)["n"] == 7 and reader.load_document(tmp_path, "b" * 64) == {}


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", json.dumps({"model_sha256": 3})])
def test_a_damaged_document_is_no_document(tmp_path, content):
    (tmp_path / "audit.json").write_text(content)
    assert reader.load_document(tmp_path, "a" * 64) == {}


def test_rows_of_an_older_version_are_named(tmp_path):
    write_json(tmp_path / "audit.json", {"weights_sha256": "a" * 64, "doubt": {}})
    with pytest.raises(reader.AuditError, match="older version"):
        reader.load_document(tmp_path, "a" * 64)


@pytest.mark.parametrize("content, sentences", [
    ('{"sentences": ["It does.", "So it is."]}', "It does. So it is."), (None, None), ("no JSON", None), ("[]", None),
    ('{"sentences": [1]}', None), ('{"sentences": []}', None), ('{"runs": 3}', None)])
def test_the_study_of_the_gate_is_shown_once_it_is_complete(tmp_path, content, sentences):
    (tmp_path / "gate").mkdir()
    if content is not None:
        (tmp_path / "gate" / "verdict.json").write_text(content)
    assert reader.gate_study(tmp_path) == sentences
