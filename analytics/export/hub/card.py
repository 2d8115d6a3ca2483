"""The README.md of a folder for a model hub: the model card of what the folder holds, the network without test-time
augmentation. Its figures are those of the audit."""

from collections.abc import Mapping
from typing import Any

from core.formats import interval, percent
from core.metrics import wilson_interval
from core.models.card import TAGS, card_data, generated_words, readout_words, yaml_head

ACTIVATIONS = {"relu": "np.maximum({z}, 0)", "sigmoid": "1 / (1 + np.exp(-({z})))"}


def numpy_code(config: Mapping[str, Any]) -> str:
    """A program that reads digits.npy with model.safetensors and NumPy, for the network of a config.json."""
    low, high = config["input_range"]
    pixels = "np.load(\"digits.npy\").reshape(-1, 784)"
    scaled = f"{low} + {high - low} * {pixels} / 255" if low else f"{high} * {pixels} / 255"
    hidden = ACTIVATIONS[config["activation"]].format(z='x @ w[f"{layer}_W"] + w[f"{layer}_b"]')
    gate = ['x = x / (1 + np.exp(-(x @ w["gate_Wg"] + w["gate_bg"])))'] if config["gate"] else []
    return "\n".join([
        "import numpy as np", "from safetensors.numpy import load_file", "",
        'w = load_file("model.safetensors")', f"x = {scaled}",
        f"for layer in {tuple(f'hidden{i + 1}' for i in range(len(config['hidden'])))!r}:", f"    x = {hidden}", *gate,
        'print((x @ w["output_W"] + w["output_b"]).argmax(axis=1))'])


def hub_card(config: dict[str, Any], metrics: dict[str, Any], document: Mapping[str, Any], selection: str = "") -> str:
    """Markdown with its YAML head.

    config, metrics: config.json and metrics.json of the model; document: audit.json of the same model; selection: how
    the model was chosen.
    """
    card, export, whole = card_data(config, metrics), document["export"], document["headline"]
    n, errors = export["n"], export["errors"]
    card["results"]["test"] = {"accuracy": 1 - errors / n, "log_loss": export["log_loss"], "ece": export["ece"]}
    data, corrupted = card["training_data"], document["robustness"]["summary"]
    generated = generated_words(config)
    gate = " With a gate before its output, gated = h * sigmoid(h Wg + bg)." if card["gate"] else ""
    use = card["intended_use"].partition(";")[0]  # what follows is about the files of the project
    outputs = "".join(f"\n- `{name}`, float32 {shape}: {what}" for name, shape, what in (
        ("probabilities", "(N, 10)", "calibrated, in the order of the digits"),
        *([("gate", f"(N, {card['architecture'][-2]})", "the values of the gate")] if card["gate"] else [])))
    return f"""{yaml_head(card, [*TAGS, "onnx", "safetensors"])}

# {card['name']}

A fully connected network {"-".join(map(str, card["architecture"]))} that reads one handwritten digit and states
calibrated probabilities; {card['parameters']:,} parameters, trained in NumPy on a CPU.{gate} It is part of Qualm, a
reader of digits, numbers and tables that reports how sure it is.

## Use

```sh
pip install -r requirements.txt
python example.py                  # ten of MNIST's test digits
python example.py pictures.npy     # grey pictures (N, H, W), uint8, one digit each on plain ground
```

`model.onnx` takes `image`, uint8 (N, 28, 28), in MNIST's form ({data['preprocessing']}), and returns:
{outputs}

`example.py` brings a picture into this form. The weights alone are in `model.safetensors`; with NumPy:

```python
{numpy_code(config)}
```

## Intended use

{use[0].upper()}{use[1:]}. Out of scope: {card['out_of_scope']}.

## Limits

- It answers whatever it is shown. A letter, a scribble or an empty picture gets a digit with a probability. Qualm
  measures novelty and marks such pictures; this folder does not.
- The probabilities hold for digits like MNIST's. On deformed, blurred or noisy ones they are too high: of
  {document['robustness']['n']:,} test digits under {corrupted['cells']} kinds and strengths of corruption Qualm reads
  {percent(corrupted['mean_accuracy'])} correctly and states a confidence of {percent(corrupted['mean_confidence'])};
  without corruption it reads {percent(corrupted['clean_accuracy'])} correctly.
- `example.py` expects plain ground. Ruled paper, shadows, and pictures with several digits need the preprocessing of
  Qualm.

## Measured

On MNIST's {n:,} test images, by `{document['command']}` in Qualm:

| | accuracy | 95 % interval | errors | log loss (nats) | calibration error |
|---|---|---|---|---|---|
| this folder, `model.onnx` | {percent(1 - errors / n, 2)} | {interval(wilson_interval(n - errors, n), 2)} | {errors} \
| {export['log_loss']:.4f} | {percent(export['ece'], 2)} |
| Qualm, with test-time augmentation | {percent(whole['accuracy']['value'], 2)} \
| {interval(whole['accuracy']['interval_95'], 2)} | {whole['errors']['value']:.0f} | {whole['log_loss']['value']:.4f} \
| {percent(whole['ece']['value'], 2)} |

Calibration error: mean absolute difference of confidence and accuracy in 15 bins of equal size; a perfectly calibrated
model would measure {interval(export['ece_if_calibrated'], 2)} by chance. Intervals: Wilson. {selection}

## Training data

{data['name']}{f"; {generated}" if generated else ""}. Parts: {data['parts']}. The probabilities are fitted on
{readout_words(config).partition(";")[0]}.

To train it again, in a copy of Qualm: `{card['recipe']}`.

## Licence

Code and weights: MIT, see LICENSE. `digits.npy` holds ten images of MNIST (Y. LeCun, C. Cortes and C. J. C. Burges),
Creative Commons Attribution-Share Alike 3.0.

SHA-256 of the model: `{card['model_sha256']}`
"""
