"""One training of the study, and what is measured of it."""

from functools import cache

import numpy as np
from scipy.stats import chi2
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from analytics.robustness.corruptions import CORRUPTIONS, corrupt
from analytics.studies.gate.arms import DYNAMIC_GATES, ArmTask, regime_data, settings
from core.digits.data import DIGITS, as_input
from core.digits.presets import DEFAULT
from core.digits.strokes.negatives import negatives
from core.digits.task import load_parts
from core.metrics import auroc, expected_calibration_error, log_loss
from core.nn.losses import softmax
from core.nn.training import fit

REACHED = 0.97  # validation accuracy to which epochs are counted
STRANGERS, CORRUPTED, SEVERITY = 2000, 1000, 3


@cache
def parts():
    """MNIST's parts (core/digits/task.py), read once a process."""
    return load_parts(DEFAULT)


@cache
def strangers():
    """Pictures of no digit, which no arm has seen: (N, 28, 28) uint8."""
    return negatives(STRANGERS, np.random.default_rng(15))[0]


@cache
def corrupted():
    """Test images under each of fifteen corruptions: X (15 N, 28, 28) uint8, y (15 N,)."""
    test = parts()["test"].part(np.random.default_rng(16).permutation(10_000)[:CORRUPTED])
    return np.concatenate([corrupt(name, test.X, SEVERITY) for name in CORRUPTIONS]), np.tile(test.y, len(CORRUPTIONS))


def run(regime, arm, seed):
    """Train one arm and measure it: a row of the study's table, {column: value}.

    right: which of the 10,000 test images it has right, as packed bits; gate_of_digit: mean gate value of each unit for
    each digit, (10, n) bytes of 255ths, of the arm "gate" alone.
    """
    config, data = settings(regime, arm, seed), parts()
    task = ArmTask(config, arm, regime_data(regime, seed, data["train"]), data["validation"])
    progress = fit(task, config)
    return {"parameters": int(task.theta.size), **history(progress.history["val_accuracy"], config.epochs),
            **measure(task.finished(), arm, config.input_range)}


def history(accuracies, epochs):
    """Epochs until validation was right in 97 of 100, one more than there could be where it never was."""
    reached = np.flatnonzero(np.array(accuracies) >= REACHED)
    return {"epochs": len(accuracies), "val_accuracy": float(accuracies[-1]),
            "epochs_to_97": int(reached[0]) + 1 if len(reached) else epochs + 1}


def measure(network, arm, input_range):
    """The outcomes of a finished network on the test images."""
    def logits(X):
        return network.logits(as_input(X, input_range))

    test = parts()["test"]
    found, (X, y) = logits(test.X), corrupted()
    probs = softmax(found)
    confidence, right = probs.max(axis=1), found.argmax(axis=1) == test.y
    beside = np.concatenate([confidence, softmax(logits(strangers())).max(axis=1)])
    row = {"accuracy": float(right.mean()), "log_loss": log_loss(probs, test.y),
           "ece": expected_calibration_error(probs, test.y), "error_auroc": auroc(confidence, right),
           "ood_auroc": auroc(beside, np.arange(len(beside)) < len(test)),
           "robustness": float(np.mean(logits(X).argmax(axis=1) == y)), "right": np.packbits(right).tobytes()}
    if arm in DYNAMIC_GATES:
        g = gate_values(network, as_input(test.X, input_range))
        row |= beyond_the_margin(found, g, right)
        if arm == "gate":
            means = np.stack([g[test.y == digit].mean(axis=0) for digit in range(DIGITS)])
            row["gate_of_digit"] = np.rint(255 * means).astype(np.uint8).tobytes()
    return row


def gate_values(network, X, batch=1000):
    """The gate's values (N, n) for network input X (N, 784)."""
    place = network.names.index("gate")
    return np.concatenate([network.forward(X[i : i + batch])[1][place][1] for i in range(0, len(X), batch)])


def beyond_the_margin(logits, g, right):
    """Does the gate's activity predict errors beyond the margin? Nested logistic models of being wrong.

    The smaller one knows the margin between the two best logits, and its square; the larger also how open the gate is
    on average, how much its values scatter, and how like the answer's mean gate they are (cosine). gate_lr: twice the
    gain in log likelihood, chi-squared with 3 degrees of freedom where the gate tells nothing (Wilks 1938), gate_p its
    p-value; error_auroc_margin and error_auroc_both: how well both tell errors in ten-fold cross-validation.
    """
    best = np.sort(logits, axis=1)
    margin, answer = best[:, -1] - best[:, -2], logits.argmax(axis=1)
    usual = np.stack([g[answer == digit].mean(axis=0) if (answer == digit).any() else g.mean(axis=0)
                      for digit in range(DIGITS)])[answer]
    like = (g * usual).sum(axis=1) / np.linalg.norm(g, axis=1) / np.linalg.norm(usual, axis=1)
    columns = np.column_stack([margin, margin**2, g.mean(axis=1), g.std(axis=1), like]).astype(float)
    columns = (columns - columns.mean(axis=0)) / np.maximum(columns.std(axis=0), 1e-12)
    wrong, model = ~right, LogisticRegression(C=1e6, max_iter=2000, tol=1e-8)
    likelihood, tells = [], []
    for few in (2, 5):
        X = columns[:, :few]
        likelihood.append(-len(X) * log_loss(model.fit(X, wrong).predict_proba(X), wrong.astype(int)))
        tells.append(auroc(cross_val_predict(model, X, wrong, cv=10, method="predict_proba")[:, 1], wrong))
    lr = max(0.0, 2 * (likelihood[1] - likelihood[0]))
    return {"gate_lr": lr, "gate_p": float(chi2.sf(lr, 3)), "error_auroc_margin": tells[0],
            "error_auroc_both": tells[1]}
