"""Models on disk: one `.npy` per array and a `config.json` with their hashes, replaced atomically. No pickles."""

import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.files import places, recover, replace_together, write_atomic
from core.shipped import TRAIN

HASHES = ("model_sha256", "weights_sha256")  # the key in config.json, and that of older files
MAX_BYTES = 512 * 2**20  # of one file
MAX_JSON_BYTES = 16 * 2**20
ARRAY_NAME = re.compile(r"\w[\w.-]*")


class ModelError(ValueError):
    """A model folder is missing, inconsistent or damaged. The message names the file and the remedy."""


def json_text(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def write_json(path: str | Path, value: object) -> None:
    write_atomic(path, json_text(value))


def npy_bytes(array: NDArray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def read_file(folder: str | Path, name: str, max_bytes: int = MAX_BYTES) -> bytes:
    """The current bytes of a file in a folder. Raises ModelError if it is missing, too large, or a link to another
    folder."""
    folder = Path(folder)
    for path in places(folder, name):
        try:
            if not path.resolve().is_relative_to(folder.resolve()):
                raise ModelError(f"{path} leads out of its folder; put the file itself there.")
            size = path.stat().st_size
            if size > max_bytes:
                raise ModelError(f"{path} has {size / 2**20:,.0f} MB; at most {max_bytes / 2**20:,.0f} MB are read.")
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, RuntimeError) as error:  # RuntimeError: circular links
            raise ModelError(f"{path} cannot be read ({getattr(error, 'strerror', error)}).") from None
    raise ModelError(f"{folder / name} is missing; restore it, or train a model with `{TRAIN}`.")


def read_json(path: str | Path) -> Any:
    """The content of a JSON file. Raises ModelError, which names the file, if it is missing or invalid."""
    path = Path(path)
    data = read_file(path.parent, path.name, MAX_JSON_BYTES)
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read ({error}); restore it or train the model again.") from None


def read_array(data: bytes, path: str | Path) -> NDArray:
    """The array of an .npy file of numbers. Raises ModelError before it allocates more memory than the file."""
    source = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(source)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = header(source)
        size = dtype.itemsize * int(np.prod(shape, dtype=object))
        if dtype.kind not in "biuf" or size != len(data) - source.tell():
            raise ValueError(f"{dtype} of shape {shape} in {len(data)} bytes")
        return np.load(io.BytesIO(data), allow_pickle=False)
    except Exception as error:  # a malicious header may raise any exception
        raise ModelError(f"{path} is not an array of plain numbers ({error}); restore it or train the model "
                         "again.") from None


def document_sha256(document: Mapping[str, Any]) -> str:
    """The hash of a config.json: of its settings, its readout and the hashes of its arrays."""
    rest = {name: value for name, value in document.items() if name not in HASHES}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def model_sha256(document: Mapping[str, Any]) -> Any:
    """The hash that identifies the model of a config.json, or of a file made from a model.

    Older files have a hash of the weights only, weights_sha256. Raises KeyError if there is neither.
    """
    return document["model_sha256" if "model_sha256" in document else "weights_sha256"]


def sign_manifest(arrays: Mapping[str, NDArray],
                  config: Mapping[str, Any]) -> tuple[dict[str, bytes | str], dict[str, Any]]:
    """(files, document): arrays as {NAME.npy: bytes}, and the config.json with the SHA-256 of each.

    `model_sha256` in it is a hash of these and of the rest of config.json; audits contain it too.
    """
    data = {name: npy_bytes(array) for name, array in sorted(arrays.items())}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in data.items()}
    document = {name: value for name, value in config.items() if name not in HASHES} | {"arrays": hashes}
    files: dict[str, bytes | str] = {f"{name}.npy": content for name, content in data.items()}
    return files, {**document, "model_sha256": document_sha256(document)}


def save_files(folder: str | Path, files: Mapping[str, bytes | str], remove: Iterable[str] = ()) -> None:
    """Replace a model by files {name: bytes or text}, config.json last.

    Removes other arrays of the former model, and the files named in `remove`.
    """
    stale = [path.name for path in Path(folder).glob("*.npy")] if Path(folder).exists() else []
    rest = {name: data for name, data in files.items() if name != "config.json"}
    replace_together(folder, {**rest, "config.json": files["config.json"]}, remove=[*stale, *remove])


def save_model(folder: str | Path, arrays: Mapping[str, NDArray], config: Mapping[str, Any],
               **documents: object) -> str:
    """Write arrays as NAME.npy, documents as NAME.json, and config.json with the hashes of the arrays, atomically.

    Arrays of a former model are removed. Returns the model's hash.
    """
    files, document = sign_manifest(arrays, config)
    files |= {f"{name}.json": json_text(value) for name, value in documents.items()}
    save_files(folder, files | {"config.json": json_text(document)})
    return document["model_sha256"]


def load_model(folder: str | Path, documents: Sequence[str] = ()) -> tuple[Any, ...]:
    """(arrays, config, *documents) of a model folder; every array is checked against the hash in config.json.

    documents: names of further JSON files of the same model; None is returned for missing ones. Raises ModelError,
    which names the file, if an array or config.json is missing, damaged or of another model.
    """
    folder = Path(folder)
    recover(folder)
    while True:
        before = read_file(folder, "config.json", MAX_JSON_BYTES)
        try:
            model = _load(folder, documents)
        except ModelError:
            if read_file(folder, "config.json", MAX_JSON_BYTES) == before:
                raise
            continue  # the model was replaced meanwhile; read the new one
        if read_file(folder, "config.json", MAX_JSON_BYTES) == before:
            return model


def _load(folder: Path, documents: Sequence[str]) -> tuple[Any, ...]:
    path = folder / "config.json"
    config = read_json(path)
    hashes = config.get("arrays") if isinstance(config, dict) else None
    if not isinstance(hashes, dict) or not hashes:
        raise ModelError(f"{path} names no arrays; train the model again.")
    if "model_sha256" in config and config["model_sha256"] != document_sha256(config):
        raise ModelError(f"{path} was changed after the model was saved; restore it or train the model again.")
    arrays = {}
    for name, expected in hashes.items():
        if not ARRAY_NAME.fullmatch(name):
            raise ModelError(f"{path} names an array {name!r}, which is not a file name; train the model again.")
        data = read_file(folder, f"{name}.npy")
        if hashlib.sha256(data).hexdigest() != expected:
            raise ModelError(f"{folder / name}.npy is not the array that config.json names (damaged, or of another "
                             "model); restore the folder or train the model again.")
        arrays[name] = read_array(data, f"{folder / name}.npy")
        if arrays[name].dtype.kind == "f" and not np.isfinite(arrays[name]).all():
            raise ModelError(f"{folder / name}.npy has values that are not finite; train the model again.")
    return arrays, config, *(
        read_json(folder / f"{name}.json") if any(path.exists() for path in places(folder, f"{name}.json")) else None
        for name in documents)
