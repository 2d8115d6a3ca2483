"""The model card: what a stranger should know before using a set of weights, for people and for machines.

`model_card` is Markdown in the form of the Hugging Face hub: a YAML head, then the text (Mitchell et al. 2019).
`card_data` holds the same facts as plain values, for model_card.json.
"""

import json

WATTS = 30  # assumed for two busy cores of a server, to turn training time into energy
GRAMS_PER_KWH = 480  # of CO2, about the world's average for electricity


def card_data(config, metrics):
    """The facts of a card as plain values, from a model's config.json and metrics.json."""
    hours = metrics["training_seconds"] / 3600
    kwh = hours * WATTS / 1000
    return {
        "name": f"qualm-{config['preset']}", "license": "mit", "library": "numpy", "task": "image-classification",
        "architecture": config["architecture"], "gate": config["gate"], "parameters": config["parameters"],
        "intended_use": "reading single handwritten digits 0 to 9, drawn, scanned or photographed",
        "out_of_scope": "numbers of several digits, letters, other scripts, decisions about people",
        "training_data": {"name": "MNIST", "parts": config["split"], "preprocessing": config["preprocessing"]},
        "recipe": f"python core/train.py --preset {config['preset']} --seed {config['seed']}",
        "results": {name: {key: metrics[name][key] for key in ("n", "accuracy", "interval_95", "errors", "log_loss",
                                                               "brier", "ece", "auroc_confidence")}
                    for name in ("test", "validation")},
        "confident": {"promise": 0.999, "share": metrics["test"]["confident_share"],
                      "accuracy": metrics["test"]["confident_accuracy"]},
        "training": {"epochs": metrics["epochs"], "hours": round(hours, 3), "hardware": "CPU",
                     "energy_kwh_estimate": round(kwh, 4), "co2_grams_estimate": round(kwh * GRAMS_PER_KWH, 1),
                     "assumed": f"{WATTS} W while training, {GRAMS_PER_KWH} g CO2 a kWh"},
        "weights_sha256": config.get("weights_sha256"),
    }


def yaml_head(card):
    """The YAML head of a model card. Values are written as JSON, which is YAML too, so that nothing needs escaping."""
    def line(name, value, indent=0):
        return f"{' ' * indent}{name}: {json.dumps(value)}"

    test = card["results"]["test"]
    rows = [("accuracy", test["accuracy"]), ("log_loss", test["log_loss"]), ("ece", test["ece"])]
    measured = [text for name, value in rows
                for text in (f"          - type: {name}", line("value", round(value, 6), 12))]
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
        line("pipeline_tag", card["task"]), line("datasets", ["ylecun/mnist"]),
        line("metrics", [name for name, _ in rows]), line("tags", ["mnist", "mlp", "numpy", "calibration"]),
        index.format(name=card["name"]),
        *measured, "co2_eq_emissions:", line("emissions", card["training"]["co2_grams_estimate"], 2),
        line("source", f"estimated: {card['training']['assumed']}", 2), line("hardware_used", "CPU", 2), "---"])


def percent_row(name, m):
    low, high = m["interval_95"]
    return (f"| {name} | {m['n']:,} | {m['accuracy']:.2%} | {low:.2%} to {high:.2%} | {m['errors']} "
            f"| {m['log_loss']:.4f} | {m['ece']:.2%} | {m['auroc_confidence']:.4f} |")


def model_card(config, metrics):
    """Markdown with its YAML head, from a model's config.json and metrics.json."""
    card = card_data(config, metrics)
    layers, training, confident = "-".join(map(str, card["architecture"])), card["training"], card["confident"]
    gate = "an emotional gate, gated = h * sigmoid(h Wg + bg), on the last layer" if card["gate"] else "no gate"
    sure = confident["accuracy"]
    right = "none to judge it by" if sure is None else f"{sure:.3%} of those were right"
    return f"""{yaml_head(card)}

# Model card: {config['preset']}

**What it is.** A fully connected network {layers} with {gate}; {card['parameters']:,} parameters, trained
in NumPy for {training['epochs']} epochs in {60 * training['hours']:.1f} minutes on a CPU, seed {config['seed']}.

**Intended use.** {card['intended_use'].capitalize()}. Out of scope: {card['out_of_scope']}.

**Data.** MNIST (LeCun, Cortes, Burges). Parts: {card['training_data']['parts']}. An image is
{card['training_data']['preprocessing']}.

| | n | accuracy | 95 % interval | errors | log loss | ECE | AUROC of confidence |
|---|---|---|---|---|---|---|---|
{percent_row('test', metrics['test'])}
{percent_row('validation', metrics['validation'])}

**Doubt.** The likeliest digit's probability is a logistic function of its lead, of how strange the last layer's
activations are and of their length, fitted on digits of writers held out from everything else. "Confident" promises at
most 0.1 % errors; on the test set {confident['share']:.1%} of the digits were confident, and {right}.

**Limits.** Other scripts, digits crossed or ornamented in unusual ways, and pictures with several digits are outside of
what it has seen; "curious" marks many of them, not all. Calibration holds for pictures like MNIST's; on others the
network may be surer than it should.

**Cost.** {60 * training['hours']:.1f} minutes of training; by a rough estimate ({training['assumed']}) {1000 *
training['energy_kwh_estimate']:.1f} Wh and {training['co2_grams_estimate']} g of CO2.

Remade with `{card['recipe']}`.
"""
