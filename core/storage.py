"""Models on disk: one `.npy` an array and a `config.json` that vouches for them, replaced as one. No pickles."""

import hashlib
import io
import json
import re
from pathlib import Path

import numpy as np

from core.files import places, recover, replace_together, write_atomic

HASHES = ("model_sha256", "weights_sha256")  # today's key in config.json, and the older one
LARGEST = 512 * 2**20  # bytes of one file
LARGEST_JSON = 16 * 2**20
NAME = re.compile(r"\w[\w.-]*")


class ModelError(ValueError):
    """A model folder is missing, mixed or damaged; the message names the file and what to do."""


def json_text(value):
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def write_json(path, value):
    write_atomic(path, json_text(value))


def npy_bytes(array):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def read_file(folder, name, largest=LARGEST):
    """The bytes of a file of a folder, as they count now. Raises ModelError for what is missing, too large or
    elsewhere."""
    folder = Path(folder)
    for path in places(folder, name):
        try:
            if not path.resolve().is_relative_to(folder.resolve()):
                raise ModelError(f"{path} leads out of its folder; put the file itself there.")
            size = path.stat().st_size
            if size > largest:
                raise ModelError(f"{path} has {size / 2**20:,.0f} MB; at most {largest / 2**20:,.0f} MB are read.")
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
            raise ModelError(f"{path} cannot be read ({getattr(error, 'strerror', error)}).") from None
    raise ModelError(f"{folder / name} is missing; restore it, or train a model with `python core/train.py`.")


def read_json(path):
    """A JSON file. Raises ModelError, naming it, where it is missing or no JSON."""
    path = Path(path)
    data = read_file(path.parent, path.name, LARGEST_JSON)
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read ({error}); restore it or train the model again.") from None


def read_array(data, path):
    """The array in the bytes of an .npy file of plain numbers. Raises ModelError before anything large is allocated."""
    source = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(source)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = header(source)
        size = dtype.itemsize * int(np.prod(shape, dtype=object))
        if dtype.kind not in "biuf" or size != len(data) - source.tell():
            raise ValueError(f"{dtype} of shape {shape} in {len(data)} bytes")
        return np.load(io.BytesIO(data), allow_pickle=False)
    except Exception as error:  # a hostile header raises almost anything
        raise ModelError(f"{path} is no array of plain numbers ({error}); restore it or train the model "
                         "again.") from None


def document_sha256(document):
    """One hash over a config.json: over its settings, its readout and the hashes of its arrays."""
    rest = {name: value for name, value in document.items() if name not in HASHES}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def model_sha256(document):
    """The hash that says which model a config.json, or something made from a model, belongs to.

    Older files carry one over the weights alone, as weights_sha256. Raises KeyError where there is neither.
    """
    return document["model_sha256" if "model_sha256" in document else "weights_sha256"]


def sign_manifest(arrays, config):
    """(files, document): arrays as {NAME.npy: bytes}, and the config.json that holds the SHA-256 of each.

    `model_sha256` in it is one hash over all of them and over the rest of config.json, the readout among it; audits
    carry it too.
    """
    files = {f"{name}.npy": npy_bytes(array) for name, array in sorted(arrays.items())}
    hashes = {name.removesuffix(".npy"): hashlib.sha256(data).hexdigest() for name, data in files.items()}
    document = {name: value for name, value in config.items() if name not in HASHES} | {"arrays": hashes}
    return files, {**document, "model_sha256": document_sha256(document)}


def save_files(folder, files, remove=()):
    """Replace a model by files {name: bytes or text}, config.json last.

    Arrays of the former model that are not among them go, and so do the files named in `remove`.
    """
    stale = [path.name for path in Path(folder).glob("*.npy")] if Path(folder).exists() else []
    rest = {name: data for name, data in files.items() if name != "config.json"}
    replace_together(folder, {**rest, "config.json": files["config.json"]}, remove=[*stale, *remove])


def save_model(folder, arrays, config, **documents):
    """Write arrays as NAME.npy, documents as NAME.json, and the config.json that vouches for the arrays, all as one.

    Arrays of a former model are removed. Returns the model's hash.
    """
    files, document = sign_manifest(arrays, config)
    files |= {f"{name}.json": json_text(value) for name, value in documents.items()}
    save_files(folder, files | {"config.json": json_text(document)})
    return document["model_sha256"]


def load_model(folder, documents=()):
    """(arrays, config) of a model folder, every array checked against the hash in its config.json.

    documents: names of further JSON files of the same model, which then stand as (arrays, config, *documents), None for
    those that are not there. Raises ModelError, naming the file, where one is missing, damaged or of another model.
    """
    folder = Path(folder)
    recover(folder)
    while True:
        before = read_file(folder, "config.json", LARGEST_JSON)
        try:
            found = _load(folder, documents)
        except ModelError:
            if read_file(folder, "config.json", LARGEST_JSON) == before:
                raise
            continue  # another model took its place meanwhile: read that one
        if read_file(folder, "config.json", LARGEST_JSON) == before:
            return found


def _load(folder, documents):
    path = folder / "config.json"
    config = read_json(path)
    named = config.get("arrays") if isinstance(config, dict) else None
    if not isinstance(named, dict) or not named:
        raise ModelError(f"{path} names no arrays; train the model again.")
    if "model_sha256" in config and config["model_sha256"] != document_sha256(config):
        raise ModelError(f"{path} was changed after the model was saved; restore it or train the model again.")
    arrays = {}
    for name, expected in named.items():
        if not NAME.fullmatch(name):
            raise ModelError(f"{path} names an array {name!r}, which is no name of a file; train the model again.")
        data = read_file(folder, f"{name}.npy")
        if hashlib.sha256(data).hexdigest() != expected:
            raise ModelError(f"{folder / name}.npy is not the array that config.json names (damaged, or of another "
                             "model); restore the folder or train the model again.")
        arrays[name] = read_array(data, f"{folder / name}.npy")
        if arrays[name].dtype.kind == "f" and not np.isfinite(arrays[name]).all():
            raise ModelError(f"{folder / name}.npy holds values that are not finite; train the model again.")
    present = (any(path.exists() for path in places(folder, f"{name}.json")) for name in documents)
    return arrays, config, *(read_json(folder / f"{name}.json") if there else None
                             for name, there in zip(documents, present, strict=True))
