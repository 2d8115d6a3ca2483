"""Hostile model folders and audits: refused whole at load, in a sentence that names the file, or read with finite
figures."""

import contextlib
import io
import json
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from analytics.torture.mutate import mutated
from analytics.torture.operations import audit_of, home, prepare
from analytics.torture.trials import Trial
from core.files import replace_together
from core.storage import ModelError, document_sha256, json_text, sign_manifest
from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.audit import evidence
from deployment.pages.audit import stored as reader
from deployment.reader.picture.load import InputError

WRONG = (None, True, -1, 0, 1, 2, 10**30, 1e308, -1e-300, float("nan"), float("inf"), "", "x" * 5000, "7", [], [[]], {},
         [1] * 50, [float("nan")] * 4, {"a": {"b": []}}, "../../etc/passwd", "\0", [784, 1, 10])
SHAPES = ((), (0,), (1,), (10**6,), (3, 3), (12, 12), (784, 12), (12, 10), (10, 12), (2, 2, 2))
HEADERS = ("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }",
           "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
           "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }", "[" * 5000, "", "{'descr': '<f4'}")


@cache
def images():
    return prepare()["test"].X[:3]


def model_folder(rng, number):
    """One damaged copy of a small model; a config.json that was changed mostly vouches for itself again."""
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base) / "model"
        shutil.copytree(home() / "first", folder)
        for _ in range(rng.integers(1, 3)):
            with contextlib.suppress(Exception):  # what is damaged already stays as it is
                rng.choice(DAMAGES)(folder, rng)
        if rng.random() < 0.7:
            with contextlib.suppress(Exception):  # what cannot vouch for itself is tried as it is
                sign_again(folder)
        try:
            deployer = MNISTDeployer(folder)
        except ModelError as error:
            names = folder.name in str(error)
            return "ModelError" if names else Trial("ModelError", f"names no file: {str(error)[:200]}")
        return in_use(deployer)


def in_use(deployer):
    """What a loaded model says of three digits, all by all: finite, or a sentence."""
    with contextlib.suppress(ModelError):
        deployer.bank.nearest(np.ones(deployer.config.hidden[-1], np.float32), 5)
    try:
        for prediction in deployer.predict_batch(images()):
            numbers = [*prediction.probabilities, prediction.novelty, *np.concatenate(prediction.hidden)]
            modes = deployer.gate_comparison(prediction.image) or {}
            evidence_for = deployer.explain(prediction.image, prediction.digit, prediction.runner_up)
            if not np.isfinite([*numbers, *evidence_for.ravel(), *(p for mode in modes.values() for p in mode)]).all():
                return Trial("loaded", "values that are not finite")
        evidence.model_arrays(deployer)
    except InputError:
        return "loaded, answers refused"
    return "loaded"


def sign_again(folder):
    """config.json with the hashes of the arrays as they are now."""
    document = json.loads((folder / "config.json").read_text())
    arrays = {name: np.load(folder / f"{name}.npy", allow_pickle=False) for name in document["arrays"]}
    (folder / "config.json").write_text(json_text(sign_manifest(arrays, document)[1]))


def damage_bytes(folder, rng):
    file = rng.choice(sorted(path for path in folder.iterdir() if path.is_file()))
    file.write_bytes(mutated(file.read_bytes(), rng))


def change_document(folder, rng):
    """A value of config.json, metrics.json or train_history.json exchanged, added or lost, at any depth."""
    file = folder / rng.choice(["config.json", "config.json", "metrics.json", "train_history.json"])
    with contextlib.suppress(ValueError, OSError):  # damaged already
        document = json.loads(file.read_text())
        place = document
        while isinstance(place, dict) and place:
            key = rng.choice(sorted(place))
            if isinstance(place[key], dict) and place[key] and rng.random() < 0.7:
                place = place[key]
                continue
            if rng.random() < 0.2:
                del place[key]
            elif isinstance(place[key], list) and place[key] and rng.random() < 0.5:
                place[key][int(rng.integers(len(place[key])))] = WRONG[rng.integers(len(WRONG))]
            else:
                place[key] = WRONG[rng.integers(len(WRONG))]
            break
        if isinstance(document.get("arrays"), dict) and rng.random() < 0.8:
            document["model_sha256"] = document_sha256(document)
        file.write_text(json.dumps(document))


def change_array(folder, rng):
    file = rng.choice(sorted(folder.glob("*.npy")))
    array = np.load(file)
    kind = rng.integers(5)
    if kind == 0:
        array = np.zeros(SHAPES[rng.integers(len(SHAPES))], array.dtype)
    elif kind == 1 and array.size:
        array = array.astype("f4")
        array.flat[rng.integers(array.size)] = rng.choice([np.nan, np.inf, -np.inf, 1e38])
    elif kind == 2:
        array = array.astype(rng.choice(["f8", "f2", "i8", "u1", "c16", "U5", "?", "i4"]))
    elif kind == 3:
        array = array * rng.choice([1e30, 1e-30, 0, -1])
    else:
        array = array[::-1].T
    np.save(file, array)


def forge_header(folder, rng):
    file = rng.choice(sorted(folder.glob("*.npy")))
    header = HEADERS[rng.integers(len(HEADERS))].encode().ljust(120) + b"\n"
    version = bytes([rng.choice([1, 2, 3, 9]), 0])
    length = len(header).to_bytes(2 if version[0] == 1 else 4, "little")
    file.write_bytes(b"\x93NUMPY" + version + length + header + bytes(48))


def lose_or_link(folder, rng):
    file = rng.choice(sorted(path for path in folder.iterdir() if path.is_file()))
    data = file.read_bytes()
    file.unlink()
    kind = rng.integers(5)
    if kind == 1:
        outside = folder.parent / "outside"
        outside.write_bytes(data)
        file.symlink_to(outside)
    elif kind == 2:
        file.symlink_to(file.name)
    elif kind == 3:
        file.mkdir()
    elif kind == 4:
        with open(file, "wb") as out:  # holes take no room
            os.truncate(out.fileno(), 2**40)


DAMAGES = (damage_bytes, change_document, change_document, change_array, forge_header, lose_or_link)


def audit_folder(rng, number):
    """One damaged saved audit, through the reader of the page and what the page computes of it."""
    arrays, document = audit_of("first")
    arrays = dict(arrays)
    name = rng.choice(sorted(arrays))
    kind = rng.integers(6)
    if kind == 0:
        del arrays[name]
    elif kind == 1:
        arrays[name] = np.zeros(SHAPES[rng.integers(len(SHAPES))])
    elif kind == 2:
        arrays[name] = np.full(arrays[name].shape, rng.choice([np.nan, -1, 300, 1e300]))
    elif kind == 3:
        with contextlib.suppress(ValueError):  # a hash is no number
            arrays[name] = arrays[name].astype(rng.choice(["U3", "f2", "?", "i8", "c16"]))
    with tempfile.TemporaryDirectory() as base:
        packed = io.BytesIO()
        np.savez_compressed(packed, **arrays)
        npz, rows = packed.getvalue(), json_text(document).encode()
        if kind == 4:
            npz = mutated(npz, rng)
        if kind == 5 or rng.random() < 0.2:
            rows = mutated(rows, rng)
        folder = Path(base) / "images"
        replace_together(folder, {"audit.json": rows, "audit.npz": npz})
        try:
            found = reader.load_audit(folder)
            reader.load_document(folder, reader.made_for(found))
        except reader.AuditError as error:
            return "AuditError" if folder.name in str(error) else Trial("AuditError", f"names no file: {error}")
        numbers = [row["share"] for row in evidence.selective(found["probs"], found["y"], [0.99])]
        evidence.mistakes(found["probs"], found["y"])
        evidence.confident_hits(found["probs"], found["y"])
        return "read" if np.isfinite(numbers).all() else Trial("read", "values that are not finite")
