"""The model card: what a stranger should know before using a set of weights."""


def percent_row(name, m):
    low, high = m["interval_95"]
    return (f"| {name} | {m['n']:,} | {m['accuracy']:.2%} | {low:.2%} to {high:.2%} | {m['errors']} "
            f"| {m['log_loss']:.4f} | {m['ece']:.2%} | {m['auroc_confidence']:.4f} |")


def model_card(config, metrics):
    """Markdown from a model's config.json and metrics.json."""
    test, layers = metrics["test"], "-".join(map(str, config["architecture"]))
    gate = "an emotional gate, gated = h * sigmoid(h Wg + bg), on the last layer" if config["gate"] else "no gate"
    sure = test["confident_accuracy"]
    right = "none to judge it by" if sure is None else f"{sure:.3%} of those were right"
    return f"""# Model card: {config['preset']}

**What it is.** A fully connected network {layers} with {gate}; {config['parameters']:,} parameters, trained
in NumPy for {metrics['epochs']} epochs in {metrics['training_seconds'] / 60:.1f} minutes, seed {config['seed']}.

**What it is for.** Reading single handwritten digits 0 to 9, drawn, scanned or photographed. Not for numbers of several
digits, letters, or decisions about people.

**Data.** MNIST (LeCun, Cortes, Burges). Parts: {config['split']}.

| | n | accuracy | 95 % interval | errors | log loss | ECE | AUROC of confidence |
|---|---|---|---|---|---|---|---|
{percent_row('test', test)}
{percent_row('validation', metrics['validation'])}

**Doubt.** Probabilities are calibrated by a temperature of {config['emotion']['temperature']:.3f}. "Confident"
promises at most 0.1 % errors; on the test set {test['confident_share']:.1%} of the digits were confident, and {right}.

**Limits.** Other scripts, digits crossed or ornamented in unusual ways, and pictures with several digits are outside of
what it has seen; "curious" marks many of them, not all.

Remade with `python core/train.py --preset {config['preset']} --seed {config['seed']}`.
"""
