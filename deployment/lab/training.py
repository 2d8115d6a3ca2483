"""The training of the lab: the engine's task for digits, with settings that change between two batches."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.digits.config import STRENGTHS
from core.digits.data import DIGITS, PIXELS
from core.digits.task import DigitTask, Images, digit_network
from core.nn.classification import Half
from core.nn.context import EVALUATION, Array, Context, Params
from core.nn.fast import layers
from core.nn.fast.layers import fast
from core.nn.fast.optimizers import SGD, make_optimizer
from core.nn.network import Network, build_network
from deployment.lab.settings import KNOBS, LabSettings

AVERAGED = 1000  # training images whose statistics batch normalisation uses at the end


class DivergedError(FloatingPointError):
    """The loss is not finite."""


class SwitchableDropout(layers.Dropout):
    """Dropout whose rate may change; at rate 0 it is not there."""

    def forward(self, params: Params, x: Array, ctx: Context = EVALUATION) -> tuple[Array, Array | None]:
        return super().forward(params, x, ctx) if self.rate else (x, None)


class ObservedNetwork(Network):
    """A network that stores the logits (N, 10) of its last forward pass; the pass after it may overwrite them."""

    last_logits: Array

    def forward(self, X: Array, ctx: Context = EVALUATION) -> tuple[Array, list[Any]]:
        self.last_logits, caches = super().forward(X, ctx)
        return self.last_logits, caches


def lab_network(settings: LabSettings) -> ObservedNetwork:
    """The network of a training: always with a gate and dropout layers, which can then be switched on and off."""
    plain = build_network(settings.config().replace(gate=True, dropout=0.5), PIXELS, DIGITS)
    pairs = [(name, SwitchableDropout(settings.dropout) if name.startswith("dropout") else layer)
             for name, layer in zip(plain.names, plain.layers, strict=True)]
    return ObservedNetwork(pairs)


def finished_network(settings: LabSettings, theta: NDArray[np.floating], gate: bool) -> Network:
    """The network for use from a theta of `LabTask.finished_theta`; without `gate`, one that has none."""
    config = settings.config().replace(batch_norm=False, dropout=0.0, input_dropout=0.0)
    network = digit_network(config.replace(gate=True))
    network.theta[...] = theta
    return network if gate else digit_network(config.replace(gate=False)).load(network.named_parameters())


class LabTask(DigitTask):
    """A training on Images `train`, evaluated on `validation`, step by step.

    settings: the present ones, changed by `set`; step: batches since the start; epoch: whole epochs since the start.
    All randomness follows from the seed, the epoch and the step.
    """

    def __init__(self, settings: LabSettings, train: Images, validation: Images) -> None:
        still = settings.config().replace(**dict.fromkeys(STRENGTHS, 0.0))
        super().__init__(still, train, validation, lab_network(settings))
        self._use(settings)
        self._gated = self.network
        self.y_true, seed = train.y, settings.seed
        rng = np.random.default_rng([seed, 6])
        self._noise, self._other = rng.random(len(train)), rng.integers(1, DIGITS, len(train))
        self._shuffled = np.random.default_rng([seed, 3]).permutation(len(train))  # as X_sample of DigitTask is chosen
        self.step = self.epoch = self._position = 0
        # momentum above zero, so that SGD has a velocity
        self._optimizer = make_optimizer(self.config.replace(momentum=0.9), self.theta, self.decay_size)
        self._before = self.theta.copy()
        for name in KNOBS:
            self._apply(name)

    def set(self, name: str, value: Any) -> None:
        """Change a knob; it acts with the next batch. Raises ValueError for a value out of range."""
        if name not in KNOBS:
            raise ValueError(f"{name!r} is no knob of the lab")
        before = self.settings
        self._use(before.replace(**{name: value}))
        self._apply(name, before)

    def _use(self, settings: LabSettings) -> None:
        self.settings, self.config = settings, settings.config()
        self._deformed = self.config

    def _apply(self, name: str, before: LabSettings | None = None) -> None:
        settings, optimizer = self.settings, self._optimizer
        if name == "momentum" and isinstance(optimizer, SGD):
            optimizer.momentum = settings.momentum
        elif name == "momentum":
            if before and (t := int(optimizer.state["t"][0])):  # the stored moment is a sum, whose weights change
                old, new = before.momentum, settings.momentum
                optimizer.state["m"] *= (1 - old) / (1 - old**t) * (1 - new**t) / (1 - new)
            optimizer.beta1 = settings.momentum  # pyright: ignore[reportAttributeAccessIssue]  # it is an Adam
        elif name == "weight_decay":
            optimizer.weight_decay = settings.weight_decay
        elif name == "gate":
            self.network = self._gated if settings.gate else self._gated.with_gate(1.0)
            for view in self._gate_of(self.grads[0]).values():
                view[...] = 0
        elif name == "dropout":
            for layer in self._gated.layers + self.network.layers:
                if isinstance(layer, SwitchableDropout):
                    layer.rate = settings.dropout
        elif name == "augmentation":  # of the images that batch normalisation averages over
            rows, self.X_augmented = self._shuffled[:AVERAGED], self.X_sample[:AVERAGED]
            if settings.batch_norm and self.config.augments:
                rng = np.random.default_rng([settings.seed, 4])
                self.X_augmented = self.input(self.X[rows], self.y_true[rows], rng)
        elif name == "label_noise":
            wrong = self._noise < settings.label_noise
            self.y = np.where(wrong, (self.y_true + self._other) % DIGITS, self.y_true).astype(np.uint8)
        elif name == "share":
            done = self._position / len(self._order) if before else 0.0
            self._deal()
            self._position = int(done * len(self._order))

    def _gate_of(self, vector: Array) -> Params:
        """Views of the gate's parameters in a vector shaped like theta."""
        return self._gated.views(vector)[self._gated.names.index("gate")]

    def _deal(self) -> None:
        """Shuffle the images in use for an epoch."""
        n = max(1, round(self.settings.share * len(self.y_true)))
        rng = np.random.default_rng([self.settings.seed, 1, self.epoch])
        self._order, self._position = self._shuffled[:n][rng.permutation(n)], 0

    @property
    def progress(self) -> float:
        """Epochs since the start, such as 3.4."""
        return self.epoch + self._position / len(self._order)

    def next_batch(self) -> list[Half]:
        """The next batch of the present epoch, in one part."""
        rows = self._order[self._position : self._position + self.settings.batch_size]
        return [(self.X[rows], self.y[rows], np.random.default_rng([self.settings.seed, 2, self.step]))]

    def train_batch(self) -> tuple[float, float, bool]:
        """One step; returns loss (nats) and accuracy of its batch, and whether an epoch ends with it.

        Images beyond the last whole batch are left to another epoch. Raises DivergedError, before weights change.
        """
        batch = self.next_batch()
        loss, grads = self.loss_and_grad(batch)
        if not np.isfinite(loss):
            raise DivergedError
        y = batch[0][1]
        right = float(np.mean(self.network.last_logits.argmax(axis=1) == y))
        gate = None if self.settings.gate else {name: view.copy() for name, view in self._gate_of(self.theta).items()}
        np.copyto(self._before, self.theta)
        self._optimizer.step(self.theta, grads, self.settings.lr)
        if gate:  # switched off, it neither decays nor moves on
            for name, view in self._gate_of(self.theta).items():
                view[...] = gate[name]
        self.step += 1
        self._position += len(y)
        ends = self._position + min(self.settings.batch_size, len(self._order)) > len(self._order)
        if ends:
            self.epoch += 1
            self._deal()
        return loss, right, ends

    @property
    def last_update(self) -> Array:
        """The change of theta by the last step: (n,)."""
        return self.theta - self._before

    def restore(self, theta: NDArray[np.floating], step: int, epoch: int) -> None:
        """Continue from these parameters at the start of an epoch, with a new state of the optimiser."""
        self.theta[...] = theta
        self.step, self.epoch = step, epoch
        for value in self._optimizer.state.values():
            value[...] = 0
        self._before[...] = self.theta
        self._deal()

    def sample(self) -> tuple[Array, NDArray[np.integer]]:
        """At most 2,000 of the training images in use as network input, with the labels as trained on."""
        n = min(len(self.X_sample), len(self._order))
        return self.X_sample[:n], self.y[self._shuffled[:n]]

    def _folded(self) -> Network:
        return self._gated.fold_batch_norm(self.X_augmented)

    def finished(self) -> Network:
        """The network for use; a gate that is switched off is held at 1."""
        network = fast(self._folded())
        return network if self.settings.gate else network.with_gate(1.0)

    def finished_theta(self) -> Array:
        """The parameters of the network for use, those of the gate included, see finished_network."""
        return self._folded().theta
