"""A scikit-learn classifier with Qualm's network: `QualmClassifier().fit(X, y)`, for tabular data and for digits.

    from sklearn.model_selection import cross_val_score
    from analytics.export.estimator import QualmClassifier
    cross_val_score(QualmClassifier(random_state=0), X, y)

Network, loss, optimiser and training loop are those of core/; only the features are scaled here.
"""

from collections.abc import Callable, Sequence
from typing import Self, cast

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from core.digits.augmentation import augment
from core.digits.config import Config
from core.digits.data import PIXELS, SIDE
from core.digits.presets import SPRINT
from core.nn.classification import ClassificationTask
from core.nn.losses import softmax
from core.nn.network import build_network
from core.nn.training import fit

AUGMENTATION = {name: getattr(SPRINT, name) for name in ("elastic", "elastic_sigma", "rotation", "scale", "shear",
                                                         "shift")}


class TableTask(ClassificationTask):
    """Classification of unscaled features X (N, n_in), y (N,) integers in 0..n_out-1; validation: (X, y) or None.

    prepare: scales rows of X batch by batch, which avoids a scaled copy of X.
    """

    def __init__(self, config: Config, X: np.ndarray, y: np.ndarray, n_out: int,
                 prepare: Callable[[np.ndarray], np.ndarray], validation: tuple[np.ndarray, np.ndarray] | None = None):
        scaled_validation = None if validation is None else (prepare(validation[0]), validation[1])
        super().__init__(config, build_network(config, X.shape[1], n_out), X, y, scaled_validation)
        self.prepare = prepare

    def input(self, X: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        X = self.prepare(X)
        if not self.config.augments:
            return X
        images = cast("NDArray[np.uint8]", X.reshape(-1, SIDE, SIDE) * np.float32(255))  # floats in 0..255 work, too
        return augment(images, rng, self.config)


class QualmClassifier(ClassifierMixin, BaseEstimator):
    """A multilayer perceptron with the emotional gate (core/nn/gate.py) before its output.

    hidden: units of each hidden layer, a tuple or one number. gate: whether a gate follows the last hidden layer.
    activation: "relu" or "sigmoid". epochs: passes over the data. batch_size: samples per step; "auto" is a fiftieth of
    the data, at least 16 and at most 256. lr: peak of the cosine schedule of AdamW; weight_decay: decoupled, lr *
    weight_decay per step. label_smoothing, dropout: in [0, 1).

    validation_fraction: if 0, train on all samples and use the weights of the last epoch; if above 0, hold out this
    share, stratified by class, and use the epoch with its best accuracy.
    standardise: scale each feature to mean 0 and standard deviation 1 on the training samples. augment: augment the
    training samples (core/digits/augmentation.py), which must be 28x28 digits of 784 pixels in 0..255 or 0..1, white
    ink on black; they are scaled to 0..1 instead of standardised. random_state: None, an int or a RandomState; an int
    gives a bit-identical model on the same machine.

    After fit: classes_ (n_classes,), n_features_in_, feature_names_in_ if X has names, network_ (a
    core.nn.network.Network in float64), mean_ and scale_ (n_features,) of its input (X - mean_) / scale_, and
    history_, a dict of lists with one value per epoch: loss in nats, lr, seconds, and, with a validation part,
    val_accuracy and val_loss.
    """

    def __init__(self, hidden: int | Sequence[int] = (128,), *, gate: bool = True, activation: str = "relu",
                 epochs: int = 30, batch_size: int | str = "auto", lr: float = 3e-3, weight_decay: float = 0.01,
                 label_smoothing: float = 0.0, dropout: float = 0.0, validation_fraction: float = 0.0,
                 standardise: bool = True, augment: bool = False,
                 random_state: int | np.random.RandomState | None = None):
        self.hidden = hidden
        self.gate = gate
        self.activation = activation
        self.epochs = epochs
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.dropout = dropout
        self.validation_fraction = validation_fraction
        self.standardise = standardise
        self.augment = augment
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train on X (N, n_features) numbers and y (N,) labels of any type; returns self.

        Raises ValueError for invalid data or settings, FloatingPointError when the loss diverges.
        """
        features, targets = cast("tuple[np.ndarray, np.ndarray]", validate_data(
            self, X, y))  # pyright: ignore[reportArgumentType]: types inferred from the default "no_validation"
        check_classification_targets(targets)
        self.classes_, labels = np.unique(targets, return_inverse=True)
        if not 0 <= self.validation_fraction < 1:
            raise ValueError(f"validation_fraction must be in [0, 1), not {self.validation_fraction}")
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        validation = None
        if self.validation_fraction:
            features, X_validation, labels, y_validation = map(np.asarray, train_test_split(
                features, labels, test_size=self.validation_fraction, stratify=labels, random_state=seed))
            validation = X_validation, y_validation
        self.mean_, self.scale_ = self._scaling(features)
        config = self._config(seed, len(labels))
        task = TableTask(config, features, labels, len(self.classes_), self._prepare, validation)
        try:
            progress = fit(task, config)
        except FloatingPointError as error:
            raise FloatingPointError(str(error).replace("--lr", f"lr than {self.lr}")) from None
        if progress.interrupted:  # the caller would take the partly trained model for a trained one
            raise KeyboardInterrupt
        # In float64 an answer does not depend on the other samples of its batch.
        self.network_ = build_network(config, features.shape[1], len(self.classes_), np.float64)
        self.network_.load(task.network.named_parameters())
        self.history_ = {name: values for name, values in progress.history.items()
                         if validation is not None or not name.startswith("val_")}
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.floating]:
        """Probabilities (N, n_classes) of X (N, n_features), in the order of classes_."""
        check_is_fitted(self)
        features = np.asarray(validate_data(
            self, X, reset=False))  # pyright: ignore[reportArgumentType]: types inferred from the default "no_validation"
        parts = (self._prepare(features[i : i + 1000], np.float64) for i in range(0, len(features), 1000))
        return softmax(np.concatenate([self.network_.logits(part) for part in parts]))

    def predict(self, X: ArrayLike) -> NDArray:
        """The most probable label of each row of X (N, n_features): (N,)."""
        probs = self.predict_proba(X)
        return self.classes_[probs.argmax(axis=1)]

    def _config(self, seed: int, n: int) -> Config:
        batch_size = int(np.clip(n // 50, 16, 256)) if isinstance(self.batch_size, str) else self.batch_size
        return Config(preset="estimator", seed=seed, hidden=tuple(np.atleast_1d(self.hidden).tolist()), gate=self.gate,
                      activation=self.activation, init="he" if self.activation == "relu" else "xavier", lr=self.lr,
                      weight_decay=self.weight_decay, label_smoothing=self.label_smoothing, dropout=self.dropout,
                      epochs=self.epochs, batch_size=min(batch_size, n),
                      keep="best" if self.validation_fraction else "last", **(AUGMENTATION if self.augment else {}))

    def _scaling(self, X: np.ndarray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """mean and scale (n_features,) of the network input (X - mean) / scale."""
        n = X.shape[1]
        if self.augment:
            if n != PIXELS:
                raise ValueError(f"augment=True needs 28x28 images: {PIXELS} features, and X has {n}")
            low, high = X.min(), X.max()
            if low < 0 or high > 255:
                raise ValueError(f"augment=True needs pixels in 0..255 or 0..1; X has values from {low:g} to {high:g}")
            return np.zeros(n), np.full(n, 255.0 if high > 1 else 1.0)
        if not self.standardise:
            return np.zeros(n), np.ones(n)
        mean, deviation = X.mean(axis=0, dtype=np.float64), X.std(axis=0, dtype=np.float64)
        return mean, np.where(deviation > 1e-9 * np.abs(mean), deviation, 1.0)  # a constant feature stays at 0

    def _prepare(self, X: np.ndarray, dtype: DTypeLike = np.float32) -> np.ndarray:
        return np.ascontiguousarray((X - self.mean_) / self.scale_, dtype=dtype)
