"""One training run of the study and its measurements."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from analytics.robustness.corruptions import CORRUPTIONS, corrupt
from analytics.studies.gate.arms import DYNAMIC_GATES, ArmTask, regime_data, settings
from core.digits.data import DIGITS, as_input
from core.digits.presets import DEFAULT
from core.digits.strokes.negatives import negatives
from core.digits.task import Images, load_parts
from core.metrics import auroc, expected_calibration_error, log_loss
from core.nn.losses import softmax
from core.nn.network import Network
from core.nn.training import fit

REACHED = 0.97  # validation accuracy for the outcome epochs_to_97
N_OOD, N_CORRUPTED, SEVERITY = 2000, 1000, 3


@cache
def parts() -> dict[str, Images]:
    """The parts of MNIST (core/digits/task.py), loaded once per process."""
    return load_parts(DEFAULT)


@cache
def out_of_distribution() -> NDArray[np.uint8]:
    """Images of non-digits that no arm is trained on: (N, 28, 28) uint8."""
    return negatives(N_OOD, np.random.default_rng(15))[0]


@cache
def corrupted() -> tuple[NDArray[np.uint8], NDArray[np.integer]]:
    """Test images under each of fifteen corruptions: X (15 N, 28, 28) uint8, y (15 N,)."""
    test = parts()["test"].part(np.random.default_rng(16).permutation(10_000)[:N_CORRUPTED])
    return np.concatenate([corrupt(name, test.X, SEVERITY) for name in CORRUPTIONS]), np.tile(test.y, len(CORRUPTIONS))


def run(regime: str, arm: str, seed: int) -> dict[str, Any]:
    """Train and measure one arm: a row of the study's table, {column: value}.

    right: correctness on the 10,000 test images, as packed bits. gate_of_digit (arm "gate" only): mean gate value per
    digit and unit, (10, n) bytes in units of 1/255.
    """
    config, data = settings(regime, arm, seed), parts()
    task = ArmTask(config, arm, regime_data(regime, seed, data["train"]), data["validation"])
    progress = fit(task, config)
    return {"parameters": int(task.theta.size), **history(progress.history["val_accuracy"], config.epochs),
            **measure(task.finished(), arm, config.input_range)}


def history(accuracies: Sequence[float], epochs: int) -> dict[str, Any]:
    """Epochs until validation accuracy reaches 97 %; `epochs` + 1 if it never does."""
    reached = np.flatnonzero(np.array(accuracies) >= REACHED)
    return {"epochs": len(accuracies), "val_accuracy": float(accuracies[-1]),
            "epochs_to_97": int(reached[0]) + 1 if len(reached) else epochs + 1}


def measure(network: Network, arm: str, input_range: tuple[float, float]) -> dict[str, Any]:
    """The outcomes of a trained network on the test images."""
    def logits(X: NDArray[np.uint8]) -> NDArray[np.floating]:
        return network.logits(as_input(X, input_range))

    test = parts()["test"]
    test_logits, (X, y) = logits(test.X), corrupted()
    probs = softmax(test_logits)
    confidence, right = probs.max(axis=1), test_logits.argmax(axis=1) == test.y
    with_ood = np.concatenate([confidence, softmax(logits(out_of_distribution())).max(axis=1)])
    row = {"accuracy": float(right.mean()), "log_loss": log_loss(probs, test.y),
           "ece": expected_calibration_error(probs, test.y), "error_auroc": auroc(confidence, right),
           "ood_auroc": auroc(with_ood, np.arange(len(with_ood)) < len(test)),
           "robustness": float(np.mean(logits(X).argmax(axis=1) == y)), "right": np.packbits(right).tobytes()}
    if arm in DYNAMIC_GATES:
        g = gate_values(network, as_input(test.X, input_range))
        row |= beyond_the_margin(test_logits, g, right)
        if arm == "gate":
            means = np.stack([g[test.y == digit].mean(axis=0) for digit in range(DIGITS)])
            row["gate_of_digit"] = np.rint(255 * means).astype(np.uint8).tobytes()
    return row


def gate_values(network: Network, X: NDArray[np.floating], batch: int = 1000) -> NDArray[np.floating]:
    """Gate values (N, n) for network input X (N, 784)."""
    place = network.names.index("gate")
    return np.concatenate([network.forward(X[i : i + batch])[1][place][1] for i in range(0, len(X), batch)])


def beyond_the_margin(logits: NDArray[np.floating], g: NDArray[np.floating],
                      right: NDArray[np.bool_]) -> dict[str, float]:
    """Test whether gate values g (N, n) predict errors beyond the margin, by nested logistic models of being wrong.

    The smaller model has the margin between the two largest logits and its square; the larger one also the mean and
    standard deviation of the gate values and their cosine similarity to the mean gate of the predicted class.
    gate_lr: twice the gain in log likelihood, chi-squared with 3 degrees of freedom under the null hypothesis (Wilks
    1938); gate_p: its p-value; error_auroc_margin, error_auroc_both: AUROC of both models in ten-fold cross-validation.
    """
    best = np.sort(logits, axis=1)
    margin, answer = best[:, -1] - best[:, -2], logits.argmax(axis=1)
    class_mean = np.stack([g[answer == digit].mean(axis=0) if (answer == digit).any() else g.mean(axis=0)
                           for digit in range(DIGITS)])[answer]
    cosine = (g * class_mean).sum(axis=1) / np.linalg.norm(g, axis=1) / np.linalg.norm(class_mean, axis=1)
    columns = np.column_stack([margin, margin**2, g.mean(axis=1), g.std(axis=1), cosine]).astype(float)
    columns = (columns - columns.mean(axis=0)) / np.maximum(columns.std(axis=0), 1e-12)
    wrong, model = ~right, LogisticRegression(C=1e6, max_iter=2000, tol=1e-8)
    likelihood, aurocs = [], []
    for n_columns in (2, 5):
        X = columns[:, :n_columns]
        likelihood.append(-len(X) * log_loss(model.fit(X, wrong).predict_proba(X), wrong.astype(int)))
        probs = np.asarray(cross_val_predict(model, X, wrong, cv=10, method="predict_proba"))
        aurocs.append(auroc(probs[:, 1], wrong))
    lr = max(0.0, 2 * (likelihood[1] - likelihood[0]))
    return {"gate_lr": lr, "gate_p": float(chi2.sf(lr, 3)), "error_auroc_margin": aurocs[0],
            "error_auroc_both": aurocs[1]}
