"""Export a model as one file: `python -m analytics.export.safetensors [--model DIR] [--out qualm.safetensors]`.

Safetensors is a header of names, types and shapes followed by raw numbers, without executable content. The file holds
all arrays of the model folder unchanged; its metadata holds the settings and the formula of the network. `unpack`
returns arrays and settings, from which core.storage.save_model restores the folder.
"""

import argparse
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from core.command import refusing
from core.files import write_atomic
from core.models import model
from core.models.card import generated_words, training_data
from core.storage import ModelError, load_model, model_sha256, npy_bytes

FORMULA = ("x = pixels (28x28 row by row, 0..255) scaled linearly to input_range; for each hidden layer "
           "h = activation(x @ hiddenI_W + hiddenI_b), the next layer's x; with a gate, "
           "h = h * sigmoid(h @ gate_Wg + gate_bg); logits = h @ output_W + output_b; the digit is their argmax, "
           "softmax(logits / temperature) are probabilities. core/uncertainty/readout.py refines them with the "
           "readout in config.")


def metadata(config: Mapping) -> dict[str, str]:
    """The file's metadata from the config.json of a model folder."""
    *sizes, n_out = config["architecture"]
    return {"format": "np", "architecture": "-".join(map(str, [*sizes, *(["gate"] if config["gate"] else []), n_out])),
            "activation": config["activation"], "formula": FORMULA, "input_range": json.dumps(config["input_range"]),
            "preprocessing": config["preprocessing"], "temperature": repr(config["readout"]["temperature"]),
            "model_sha256": model_sha256(config), "license": "MIT",
            "training_data": "; ".join(filter(None, (training_data(config), generated_words(config)))),
            "config": json.dumps(config, ensure_ascii=False)}


def pack(folder: str | Path) -> bytes:
    """A model folder as the bytes of a safetensors file. Raises ModelError when the folder is damaged."""
    from safetensors.numpy import save

    arrays, config = load_model(folder)
    try:
        return save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata(config))
    except KeyError as error:
        raise ModelError(f"{Path(folder) / 'config.json'} does not name {error}; train the model again.") from None


def unpack(data: bytes, name: str = "the file") -> tuple[dict[str, np.ndarray], dict]:
    """(arrays, config) from the bytes of a file of `pack`, as core.storage.load_model returns them.

    Every array is checked against its SHA-256 in the settings. Raises ModelError when the bytes are not such a file or
    were changed.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        config = json.loads(header["__metadata__"]["config"])
        expected = config["arrays"]
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{name} is not a model that this program exported ({error}); export it again.") from None
    for key, sha256 in expected.items():
        if key not in arrays or hashlib.sha256(npy_bytes(arrays[key])).hexdigest() != sha256:
            raise ModelError(f"{key} in {name} is missing or was changed; export the model again.")
    return arrays, config


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.export.safetensors",
                                     description="Export a model as one safetensors file.")
    parser.add_argument("--model", type=Path, default=model.FINAL_MODEL, metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("qualm.safetensors"), metavar="FILE")
    args = parser.parse_args(argv)
    with refusing("export"):
        data = pack(args.model)
        arrays, config = unpack(data, str(args.out))
        write_atomic(args.out, data)
    print(f"{args.out}: {len(data) / 1e6:.1f} MB, {len(arrays)} arrays, all with the SHA-256 of {args.model}; "
          f"model {model_sha256(config)[:12]}")


if __name__ == "__main__":
    main()
