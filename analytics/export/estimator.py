"""The engine as a scikit-learn classifier: `QualmClassifier().fit(X, y)`, for tables of numbers as well as for digits.

    from sklearn.model_selection import cross_val_score
    from analytics.export.estimator import QualmClassifier
    cross_val_score(QualmClassifier(random_state=0), X, y)

It is the network, loss, optimiser and training loop of core/; nothing is computed here but the scaling of the features.
"""

import numpy as np
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
    """X (N, n_in) as the user gave it, y (N,) integers in 0..n_out-1; prepare turns rows of X into network input, batch
    by batch, so that no scaled copy of X is kept. validation: (X, y) or None."""

    def __init__(self, config, X, y, n_out, prepare, validation=None):
        watched = None if validation is None else (prepare(validation[0]), validation[1])
        super().__init__(config, build_network(config, X.shape[1], n_out), X, y, watched)
        self.prepare = prepare

    def input(self, X, y, rng):
        X = self.prepare(X)
        return augment(X.reshape(-1, SIDE, SIDE) * np.float32(255), rng, self.config) if self.config.augments else X


class QualmClassifier(ClassifierMixin, BaseEstimator):
    """A multilayer perceptron with the emotional gate (core/nn/gate.py) before its output.

    hidden: units of each hidden layer, a tuple or one number. gate: whether the gate follows the last of them.
    activation: "relu" or "sigmoid". epochs: passes over the data. batch_size: samples a step; "auto" is a fiftieth of
    the data, at least 16 and at most 256. lr: peak of a cosine schedule of AdamW; weight_decay: decoupled, per step
    lr * weight_decay. label_smoothing, dropout: shares in [0, 1).

    validation_fraction: 0 trains on everything and keeps the last epoch, where the schedule has come to rest; above 0,
    this share, stratified by class, is held out, and the epoch of its best accuracy is kept.
    standardise: each feature to mean 0 and standard deviation 1 on the training samples, as a network needs features of
    like size; False takes them as they are. augment: whether the training samples are (core/digits/augmentation.py),
    for 784 features that are 28x28 digits, pixels 0..255 or 0..1, white ink on black; they are scaled to 0..1 instead
    of standardised. random_state: None, an int or a RandomState; one int gives the same model bit for bit on one
    machine.

    After fit: classes_ (n_classes,), n_features_in_, feature_names_in_ where X has names, network_ (a
    core.nn.network.Network in float64), mean_ and scale_ (n_features,), with which it reads (X - mean_) / scale_, and
    history_, a dict of lists with one value an epoch: loss in nats, lr, seconds, and, with a validation part,
    val_accuracy and val_loss.
    """

    def __init__(self, hidden=(128,), *, gate=True, activation="relu", epochs=30, batch_size="auto", lr=3e-3,
                 weight_decay=0.01, label_smoothing=0.0, dropout=0.0, validation_fraction=0.0, standardise=True,
                 augment=False, random_state=None):
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

    def fit(self, X, y):
        """Learn from X (N, n_features) numbers and y (N,) labels of any kind; returns self.

        Raises ValueError for data or settings that cannot be, FloatingPointError when the loss diverges.
        """
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if not 0 <= self.validation_fraction < 1:
            raise ValueError(f"validation_fraction must be in [0, 1), not {self.validation_fraction}")
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        validation = None
        if self.validation_fraction:
            X, X_validation, labels, y_validation = train_test_split(
                X, labels, test_size=self.validation_fraction, stratify=labels, random_state=seed)
            validation = X_validation, y_validation
        self.mean_, self.scale_ = self._scaling(X)
        config = self._config(seed, len(labels))
        task = TableTask(config, X, labels, len(self.classes_), self._prepare, validation)
        try:
            progress = fit(task, config)
        except FloatingPointError as error:
            raise FloatingPointError(str(error).replace("--lr", f"lr than {self.lr}")) from None
        if progress.interrupted:  # half-trained would look like trained to whatever called us
            raise KeyboardInterrupt
        # In float64 an answer does not depend on which other samples are asked about with it.
        self.network_ = build_network(config, X.shape[1], len(self.classes_), np.float64)
        self.network_.load(task.network.named_parameters())
        self.history_ = {name: values for name, values in progress.history.items()
                         if validation is not None or not name.startswith("val_")}
        return self

    def predict_proba(self, X):
        """Probabilities (N, n_classes) of X (N, n_features), in the order of classes_."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        parts = (self._prepare(X[i : i + 1000], np.float64) for i in range(0, len(X), 1000))
        return softmax(np.concatenate([self.network_.logits(part) for part in parts]))

    def predict(self, X):
        """The most probable label of each row of X (N, n_features): (N,)."""
        probs = self.predict_proba(X)
        return self.classes_[probs.argmax(axis=1)]

    def _config(self, seed, n):
        batch_size = int(np.clip(n // 50, 16, 256)) if self.batch_size == "auto" else self.batch_size
        return Config(preset="estimator", seed=seed, hidden=tuple(np.atleast_1d(self.hidden).tolist()), gate=self.gate,
                      activation=self.activation, init="he" if self.activation == "relu" else "xavier", lr=self.lr,
                      weight_decay=self.weight_decay, label_smoothing=self.label_smoothing, dropout=self.dropout,
                      epochs=self.epochs, batch_size=min(batch_size, n),
                      keep="best" if self.validation_fraction else "last", **(AUGMENTATION if self.augment else {}))

    def _scaling(self, X):
        """mean and scale (n_features,) float64, so that (X - mean) / scale is what the network reads."""
        n = X.shape[1]
        if self.augment:
            if n != PIXELS:
                raise ValueError(f"augment=True is for 28x28 images: {PIXELS} features, and X has {n}; leave it out")
            low, high = X.min(), X.max()
            if low < 0 or high > 255:
                raise ValueError(f"augment=True needs pixels in 0..255 or 0..1; X reaches from {low:g} to {high:g}")
            return np.zeros(n), np.full(n, 255.0 if high > 1 else 1.0)
        if not self.standardise:
            return np.zeros(n), np.ones(n)
        mean, deviation = X.mean(axis=0, dtype=np.float64), X.std(axis=0, dtype=np.float64)
        return mean, np.where(deviation > 1e-9 * np.abs(mean), deviation, 1.0)  # a constant feature stays at 0

    def _prepare(self, X, dtype=np.float32):
        return np.ascontiguousarray((X - self.mean_) / self.scale_, dtype=dtype)
