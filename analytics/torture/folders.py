"""Manipulated model folders and audits: an error message that names the file, or finite figures."""

import contextlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analytics.torture.mutate import mutated
from analytics.torture.operations import audit_of, home, prepare
from analytics.torture.trials import Trial
from core.files import replace_together
from core.storage import ModelError, document_sha256, json_text, sign_manifest
from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.audit import evidence
from deployment.pages.audit import stored as reader
from deployment.reader.picture.opening import InputError

WRONG_VALUES = (None, True, -1, 0, 1, 2, 10**30, 1e308, -1e-300, float("nan"), float("inf"), "", "x" * 5000, "7", [],
                [[]], {}, [1] * 50, [float("nan")] * 4, {"a": {"b": []}}, "../../etc/passwd", "\0", [784, 1, 10])
SHAPES = ((), (0,), (1,), (10**6,), (3, 3), (12, 12), (784, 12), (12, 10), (10, 12), (2, 2, 2))
HEADERS = ("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }",
           "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
           "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }", "[" * 5000, "", "{'descr': '<f4'}")


@cache
def images() -> NDArray[np.uint8]:
    return prepare()["test"].X[:3]


def model_folder(rng: np.random.Generator, number: int) -> Trial | str:
    """Load and use one damaged copy of a small model; in most trials the manifest is signed again."""
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base) / "model"
        shutil.copytree(home() / "first", folder)
        for _ in range(rng.integers(1, 3)):
            with contextlib.suppress(Exception):  # a file may be damaged already
                DAMAGES[rng.integers(len(DAMAGES))](folder, rng)
        if rng.random() < 0.7:
            with contextlib.suppress(Exception):  # if that fails, the folder is tried as it is
                sign_again(folder)
        try:
            deployer = MNISTDeployer(folder)
        except ModelError as error:
            names_file = folder.name in str(error)
            return "ModelError" if names_file else Trial("ModelError", f"names no file: {str(error)[:200]}")
        return in_use(deployer)


def in_use(deployer: MNISTDeployer) -> Trial | str:
    """Predict and explain three digits with a loaded model: finite figures, or an error message."""
    with contextlib.suppress(ModelError):
        deployer.bank.nearest(np.ones(deployer.config.hidden[-1], np.float32), 5)
    try:
        for prediction in deployer.predict_batch(images()):
            numbers = [*prediction.probabilities, prediction.novelty, *np.concatenate(prediction.hidden)]
            modes = deployer.gate_comparison(prediction.image) or {}
            evidence_for = deployer.explain(prediction.image, prediction.digit, prediction.runner_up)
            if not np.isfinite([*numbers, *evidence_for.ravel(), *(p for mode in modes.values() for p in mode)]).all():
                return Trial("loaded", "non-finite values")
        evidence.model_arrays(deployer)
    except InputError:
        return "loaded, answers refused"
    return "loaded"


def one_of(paths: Iterable[Path], rng: np.random.Generator) -> Path:
    """A random path; the order of `paths` does not matter."""
    ordered = sorted(paths)
    return ordered[rng.integers(len(ordered))]


def sign_again(folder: Path) -> None:
    """Write config.json with the hashes of the current arrays."""
    document = json.loads((folder / "config.json").read_text())
    arrays = {name: np.load(folder / f"{name}.npy", allow_pickle=False) for name in document["arrays"]}
    (folder / "config.json").write_text(json_text(sign_manifest(arrays, document)[1]))


def damage_bytes(folder: Path, rng: np.random.Generator) -> None:
    file = one_of((path for path in folder.iterdir() if path.is_file()), rng)
    file.write_bytes(mutated(file.read_bytes(), rng))


def change_document(folder: Path, rng: np.random.Generator) -> None:
    """Replace or delete a value of config.json, metrics.json or train_history.json, at any depth."""
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
                place[key][int(rng.integers(len(place[key])))] = WRONG_VALUES[rng.integers(len(WRONG_VALUES))]
            else:
                place[key] = WRONG_VALUES[rng.integers(len(WRONG_VALUES))]
            break
        if isinstance(document.get("arrays"), dict) and rng.random() < 0.8:
            document["model_sha256"] = document_sha256(document)
        file.write_text(json.dumps(document))


def change_array(folder: Path, rng: np.random.Generator) -> None:
    """Change shape, values, type, scale or order of an array."""
    file = one_of(folder.glob("*.npy"), rng)
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


def forge_header(folder: Path, rng: np.random.Generator) -> None:
    file = one_of(folder.glob("*.npy"), rng)
    header = HEADERS[rng.integers(len(HEADERS))].encode().ljust(120) + b"\n"
    version = bytes([rng.choice([1, 2, 3, 9]), 0])
    length = len(header).to_bytes(2 if version[0] == 1 else 4, "little")
    file.write_bytes(b"\x93NUMPY" + version + length + header + bytes(48))


def delete_or_link(folder: Path, rng: np.random.Generator) -> None:
    """Delete a file, or replace it by a link, a folder or a sparse file of 1 TB."""
    file = one_of((path for path in folder.iterdir() if path.is_file()), rng)
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
        with open(file, "wb") as out:  # a sparse file takes no space
            os.truncate(out.fileno(), 2**40)


DAMAGES = (damage_bytes, change_document, change_document, change_array, forge_header, delete_or_link)


def audit_folder(rng: np.random.Generator, number: int) -> Trial | str:
    """Load one damaged audit as the page does, and compute the page's figures."""
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
        np.savez_compressed(packed, **arrays)  # pyright: ignore[reportArgumentType]  # the stub expects allow_pickle
        npz, rows = packed.getvalue(), json_text(document).encode()
        if kind == 4:
            npz = mutated(npz, rng)
        if kind == 5 or rng.random() < 0.2:
            rows = mutated(rows, rng)
        folder = Path(base) / "images"
        replace_together(folder, {"audit.json": rows, "audit.npz": npz})
        try:
            audit = reader.load_audit(folder)
            assert audit is not None, "the file exists"
            reader.load_document(folder, reader.made_for(audit))
        except reader.AuditError as error:
            return "AuditError" if folder.name in str(error) else Trial("AuditError", f"names no file: {error}")
        numbers = [row["share"] for row in evidence.selective(audit["probs"], audit["y"], [0.99])]
        evidence.mistakes(audit["probs"], audit["y"])
        evidence.confident_hits(audit["probs"], audit["y"])
        return "read" if np.isfinite(numbers).all() else Trial("read", "non-finite values")
