"""The shipped model in one file: `python -m analytics.export.safetensors [--model DIR] [--out qualm.safetensors]`.

Safetensors is a header of names, types and shapes followed by plain numbers; every framework reads it, and nothing in
it can run. The file holds all arrays of the model folder, bit for bit, and in its metadata what one needs to compute
with them; `unpack` gives back arrays and settings, from which core.storage.save_model makes the same folder again.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np

from core.command import refusing
from core.files import write_atomic
from core.models import model
from core.models.card import generated_words, training_data
from core.storage import ModelError, load_model, model_sha256, npy_bytes

FORMULA = ("x = pixels (28x28 row by row, 0..255) scaled linearly to input_range; for each hidden layer "
           "h = activation(x @ hiddenI_W + hiddenI_b), the next one's x; with a gate, "
           "h = h * sigmoid(h @ gate_Wg + gate_bg); logits = h @ output_W + output_b; the digit is the largest one, "
           "softmax(logits / temperature) are probabilities. core/uncertainty/readout.py refines them with the "
           "readout in config.")


def metadata(config):
    """What goes beside the arrays, text to text, from the config.json of a model folder as a dict."""
    *before, n_out = config["architecture"]
    return {"format": "np", "architecture": "-".join(map(str, [*before, *(["gate"] if config["gate"] else []), n_out])),
            "activation": config["activation"], "formula": FORMULA, "input_range": json.dumps(config["input_range"]),
            "preprocessing": config["preprocessing"], "temperature": repr(config["readout"]["temperature"]),
            "model_sha256": model_sha256(config), "license": "MIT",
            "training_data": "; ".join(filter(None, (training_data(config), generated_words(config)))),
            "config": json.dumps(config, ensure_ascii=False)}


def pack(folder):
    """A model folder as the bytes of a safetensors file. Raises ModelError when the folder is damaged."""
    from safetensors.numpy import save

    arrays, config = load_model(folder)
    try:
        return save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata(config))
    except KeyError as error:
        raise ModelError(f"{Path(folder) / 'config.json'} does not name {error}; train the model again.") from None


def unpack(data, name="the file"):
    """(arrays, config) of the bytes of such a file, as core.storage.load_model gives them for a folder.

    Every array is checked against its SHA-256 in the settings. Raises ModelError when the bytes are not a file that
    `pack` made, or were changed.
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


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m analytics.export.safetensors", description=__doc__.splitlines()[0])
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
