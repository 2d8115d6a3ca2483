"""The files of an audit: missing, damaged or of another model."""

import json

import numpy as np
import pytest

from core.storage import write_json
from deployment.audit import reader
from deployment.deploy_mnist import SHIPPED


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


def test_an_audit_without_the_hash_of_its_model_is_refused(tmp_path):
    np.savez(tmp_path / "audit.npz", **dict.fromkeys(reader.REQUIRED, np.zeros(1)))
    with pytest.raises(reader.AuditError, match="which model"):
        reader.load_audit(tmp_path)


@pytest.mark.parametrize("key", ["model_sha256", "weights_sha256"])
def test_either_hash_is_read(tmp_path, key):
    np.savez(tmp_path / "audit.npz", **dict.fromkeys(reader.REQUIRED, np.zeros(1)), **{key: np.array("a" * 64)})
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
