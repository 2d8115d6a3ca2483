"""Models on disk: one `.npy` an array and a `config.json` that vouches for them. No pickles, nothing half written."""

import hashlib
import io
import json
import os
from pathlib import Path

import numpy as np

HASHES = ("model_sha256", "weights_sha256")  # today's key in config.json, and the older one


class ModelError(ValueError):
    """A model folder is missing, mixed or damaged; the message names the file and what to do."""


def write_atomic(path, data):
    """Write bytes or text to a file aside and rename it into place: a reader sees the old or the new, never a part."""
    path = Path(path)
    part = path.with_name(path.name + ".part")
    part.write_bytes(data.encode() if isinstance(data, str) else data)
    os.replace(part, path)


def write_json(path, value):
    write_atomic(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def npy_bytes(array):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def document_sha256(document):
    """One hash over a config.json: over its settings, its readout and the hashes of its arrays."""
    rest = {name: value for name, value in document.items() if name not in HASHES}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def model_sha256(document):
    """The hash that says which model a config.json, or something made from a model, belongs to.

    Older files carry one over the weights alone, as weights_sha256. Raises KeyError where there is neither.
    """
    return document["model_sha256" if "model_sha256" in document else "weights_sha256"]


def save_model(folder, arrays, config, **documents):
    """Write arrays as NAME.npy, documents as NAME.json, and last config.json with the SHA-256 of every array.

    `model_sha256` in it is one hash over all of them and over the rest of config.json, the readout among it; audits
    carry it too. Arrays of an older model are removed. Returns that hash.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    encoded = {name: npy_bytes(array) for name, array in sorted(arrays.items())}
    for name, data in encoded.items():
        write_atomic(folder / f"{name}.npy", data)
    for name, document in documents.items():
        write_json(folder / f"{name}.json", document)
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in encoded.items()}
    document = {name: value for name, value in config.items() if name not in HASHES} | {"arrays": hashes}
    together = document_sha256(document)
    write_json(folder / "config.json", {**document, "model_sha256": together})
    for stale in folder.glob("*.npy"):
        if stale.stem not in hashes:
            stale.unlink()
    return together


def read_json(path):
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{path} is missing; restore it, or train a model with `python core/train.py`.") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({error}); restore it or train the model again.") from None


def load_model(folder):
    """(arrays, config) of a model folder, every array checked against the hash in its config.json."""
    folder = Path(folder)
    config = read_json(folder / "config.json")
    if "model_sha256" in config and config["model_sha256"] != document_sha256(config):
        raise ModelError(f"{folder / 'config.json'} was changed after the model was saved; restore it or train the "
                         "model again.")
    arrays = {}
    for name, expected in config.get("arrays", {}).items():
        try:
            data = (folder / f"{name}.npy").read_bytes()
        except OSError:
            raise ModelError(f"{folder / name}.npy is missing; restore it or train the model again.") from None
        if hashlib.sha256(data).hexdigest() != expected:
            raise ModelError(f"{folder / name}.npy is not the array that config.json names (damaged, or of another "
                             "model); restore the folder or train the model again.")
        arrays[name] = np.load(io.BytesIO(data), allow_pickle=False)
    if not arrays:
        raise ModelError(f"{folder / 'config.json'} names no arrays; train the model again.")
    return arrays, config
