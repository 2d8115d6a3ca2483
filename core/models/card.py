"""The model card (Mitchell et al. 2019): `model_card` is Markdown with a YAML head, as on the Hugging Face hub;
`card_data` has the same facts as plain values, for model_card.json.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.digits.config import Config
from core.digits.presets import PRESETS
from core.formats import interval, measured, percent
from core.settings import as_text

FLAGS = ("seed", "epochs", "batch_size", "lr")  # settings that have a command-line flag
MNIST = "MNIST of Y. LeCun, C. Cortes and C. J. C. Burges"
TAGS = ("mnist", "mlp", "numpy", "calibration")


def split_words(config: Config, sizes: dict[str, int]) -> str:
    """A description of the split. sizes: the number of images in each part."""
    held_out = f"{sizes['validation']:,} validation, {sizes['calibration']:,} calibration"
    if config.train_on == "all":
        return (f"all {sizes['train']:,} images train, those of validation and calibration among them: its validation "
                "figures and its readout are of seen images")
    if config.csv:
        return f"{sizes['train']:,} train, {held_out}, drawn by chance, image by image"
    return (f"{sizes['train']:,} train, {held_out}, no writer in two parts (data/split.npz); the readout is fitted to "
            "the calibration images and their renderings as canvas, photograph, scan and ruled paper "
            "(data/renderings.npz)")


def recipe(config: dict[str, Any]) -> str:
    """The command that trains this model again, from its config.json."""
    settings = Config.from_dict(config)
    command = ["python", "core/train.py", "--preset", settings.preset]
    changes = settings.difference(PRESETS.get(settings.preset, Config()).replace(preset=settings.preset))
    changes |= {"seed": settings.seed}
    for name, value in changes.items():
        if name in FLAGS:
            command += [f"--{name.replace('_', '-')}", as_text(value)]
        elif name == "csv":
            command += ["--csv", Path(value).name]
        elif name != "csv_sha256":
            command += ["--set", f"{name}={as_text(value)}"]
    return shlex.join(command)


def training_data(config: Mapping[str, Any]) -> str:
    """The name of the training data."""
    if config.get("csv"):
        return f"{Path(config['csv']).name}, a CSV file (SHA-256 {config['csv_sha256'][:12]} …)"
    return MNIST


def generated_words(config: Mapping[str, Any]) -> str:
    """A description of the generated share of each training batch; empty if there is none."""
    shares = [f"{percent(share, 0)} are {images}" for share, images in (
        (config["synthetic"], "digits drawn from the skeletons in core/digits/strokes"),
        (config["negatives"], "generated images that are not digits")) if share]
    return f"of every training batch {' and '.join(shares)}" if shares else ""


def readout_words(config: dict[str, Any]) -> str:
    """A description of the images that the readout was fitted to."""
    if config["train_on"] == "all":
        return "digits that the network was also trained on, so that it may be overconfident"
    if config.get("csv"):
        return "images held out from training by chance; cross-conformal folds are drawn image by image"
    return "digits of writers held out from training; cross-conformal folds are whole writers"


def card_data(config: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    """The facts of a card as plain values, from a model's config.json and metrics.json."""
    return {
        "name": f"qualm-{config['preset']}", "license": "mit", "library": "numpy", "task": "image-classification",
        "architecture": config["architecture"], "gate": config["gate"], "parameters": config["parameters"],
        "intended_use": "reading single handwritten digits 0 to 9, drawn, scanned or photographed; digits of a "
                        "whole number after deployment/reader/number has cut them out",
        "out_of_scope": "letters, other scripts, decisions about people",
        "training_data": {"name": training_data(config), "generated": generated_words(config), "parts": config["split"],
                          "preprocessing": config["preprocessing"]},
        "recipe": recipe(config),
        "results": {name: {key: metrics[name][key] for key in ("n", "accuracy", "interval_95", "errors", "log_loss",
                                                               "brier", "ece", "auroc_confidence")}
                    for name in ("test", "validation")},
        "confident": {"promise": 0.999, "share": metrics["test"]["confident_share"],
                      "accuracy": metrics["test"]["confident_accuracy"]},
        "training": {"epochs": metrics["epochs"], "hours": round(metrics["training_seconds"] / 3600, 3),
                     "hardware": "CPU"},
        "model_sha256": config.get("model_sha256"),
    }


def yaml_head(card: dict[str, Any], tags: Sequence[str] = TAGS) -> str:
    """The YAML head of a model card, from the values of `card_data`.

    Values are written as JSON, which is valid YAML, so they need no escaping.
    """
    def line(name: str, value: object, indent: int = 0) -> str:
        return f"{' ' * indent}{name}: {json.dumps(value)}"

    test = card["results"]["test"]
    rows = [("accuracy", test["accuracy"]), ("log_loss", test["log_loss"]), ("ece", test["ece"])]
    values = [text for name, value in rows
                for text in (f"          - type: {name}", line("value", round(value, 6), 12))]
    of_mnist = card["training_data"]["name"] == MNIST
    index = """model-index:
  - name: {name}
    results:
      - task:
          type: image-classification
        dataset:
          name: MNIST
          type: mnist
          split: test
        metrics:"""
    return "\n".join([
        "---", line("license", card["license"]), line("library_name", card["library"]),
        line("pipeline_tag", card["task"]), *([line("datasets", ["ylecun/mnist"])] if of_mnist else []),
        line("metrics", [name for name, _ in rows]), line("tags", list(tags)),
        index.format(name=card["name"]),
        *values, "---"])


def result_row(name: str, m: dict[str, Any]) -> str:
    return (f"| {name} | {m['n']:,} | {measured(m['accuracy'], 2)} | {interval(m['interval_95'], 2)} | {m['errors']} "
            f"| {m['log_loss']:.4f} | {percent(m['ece'], 2)} | {m['auroc_confidence']:.4f} |")


def model_card(config: dict[str, Any], metrics: dict[str, Any]) -> str:
    """Markdown with its YAML head, from a model's config.json and metrics.json."""
    card = card_data(config, metrics)
    data = card["training_data"]
    layers, training, confident = "-".join(map(str, card["architecture"])), card["training"], card["confident"]
    gate = "an emotional gate, gated = h * sigmoid(h Wg + bg), on the last layer" if card["gate"] else "no gate"
    generated = f"; {data['generated']}" if data["generated"] else ""
    unseen = ("in styles that are not among the skeletons in core/digits/strokes" if config["synthetic"] else
              "in styles that its training images do not contain")
    share_right = confident["accuracy"]
    right = "so none can be checked" if share_right is None else f"{measured(share_right, 3)} of those were right"
    return f"""{yaml_head(card)}

# Model card: {config['preset']}

**Model.** A fully connected network {layers} with {gate}; {card['parameters']:,} parameters, trained
in NumPy for {training['epochs']} epochs in {60 * training['hours']:.1f} minutes on a CPU, seed {config['seed']}.

**Intended use.** {card['intended_use'][0].upper()}{card['intended_use'][1:]}. Out of scope: {card['out_of_scope']}.

**Data.** {data['name']}{generated}; tested on MNIST. Parts: {data['parts']}. An image is
{data['preprocessing']}.

| | n | accuracy | 95 % interval | errors | log loss | ECE | AUROC of confidence |
|---|---|---|---|---|---|---|---|
{result_row('test', metrics['test'])}
{result_row('validation', metrics['validation'])}

**Uncertainty.** The probability of the likeliest digit is a function of the logit margin, of the reconstruction errors
of the first and last hidden layer, and of the norm of the last one, fitted on
{readout_words(config)}. "Confident" promises at most 0.1 % errors; on the test set {percent(confident['share'])} of the
digits were confident, and {right}.

**Limits.** Letters, other scripts and digits written {unseen} are
out-of-distribution; "curious" marks many of them, not all. Calibration holds for pictures like MNIST's; on others the
network may be overconfident.

To train it again: `{card['recipe']}`.
"""
