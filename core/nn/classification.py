"""Classification as a training task for `core.nn.training.fit`."""

from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.metrics import accuracy
from core.nn.arguments import check_length
from core.nn.context import Arena, Array, Context
from core.nn.fast.layers import fast
from core.nn.losses import Labels, focal_weight, softmax_cross_entropy
from core.nn.network import Network
from core.nn.parallel import side_by_side
from core.nn.settings import ClassificationSettings

HALVES = 2
WHOLE = 1 << 26  # rows of a batch times parameters: up to this, a batch is not divided
Half = tuple[NDArray[Any], Labels, np.random.Generator]  # or a whole batch: rows of X, labels, random generator
C = TypeVar("C", bound=ClassificationSettings)


class ClassificationTask(Generic[C]):
    """Teach a network the labels y (N,) of the rows of X (N, ...), -1 for samples without a class.

    A large batch goes through the network in two halves in parallel, each with its augmentation, dropout and batch
    statistics. The loss is that of the whole batch; the gradients of the halves sum to its gradient. A small batch goes
    through as a whole, with its products on two threads: two gradients would be as large as one of a large batch.
    Neither depends on the number of threads.

    validation: (network input (M, n_in), labels (M,)), or None. drop_last: leave the samples beyond the last whole
    batch to another epoch; otherwise batches have nearly equal sizes. All randomness follows from (seed, epoch, step),
    so that a run can resume at any epoch. Raises ValueError if rows and labels differ in number or there are none.
    """

    score = "val_accuracy"
    nothing = False  # whether some samples have no class (core/nn/losses.py)

    def __init__(self, config: C, network: Network, X: NDArray[Any], y: Labels,
                 validation: tuple[Array, Labels] | None = None, drop_last: bool = False) -> None:
        for labels, rows in [(y, X), *([validation[::-1]] if validation is not None else [])]:
            check_length("ClassificationTask", "labels", labels, len(rows))
        if not len(y):
            raise ValueError("ClassificationTask needs at least one sample")
        self.config, self.network, self.X, self.y, self.validation = config, fast(network), X, y, validation
        network.initialise(np.random.default_rng([config.seed, 0]))
        self.theta, self.decay_size, self.drop_last = network.theta, network.n_matrix, drop_last
        size = config.batch_size
        self._parts = 1 if min(size, len(y)) * self.theta.size <= WHOLE else HALVES
        self.grads = np.zeros((self._parts, network.theta.size), network.dtype)
        self._views = [network.views(row) for row in self.grads]
        self._arenas = [Arena() for _ in range(self._parts)]
        self.steps_per_epoch = max(1, len(y) // size) if drop_last else -(-len(y) // size)

    def batches(self, epoch: int) -> Iterator[list[Half]]:
        """The epoch's batches in a new order, each a list of its parts: of two halves, or of the whole batch."""
        for step, chosen in enumerate(self.deal(epoch, np.random.default_rng([self.config.seed, 1, epoch]))):
            yield [(self.X[rows], self.y[rows], np.random.default_rng([self.config.seed, 2, epoch, step, half]))
                   for half, rows in enumerate(np.array_split(chosen, self._parts)) if len(rows)]

    def deal(self, epoch: int, rng: np.random.Generator) -> Iterable[NDArray[np.integer]]:
        """The rows of each of the epoch's batches."""
        order = rng.permutation(len(self.y))
        if self.drop_last:
            order = order[: self.steps_per_epoch * min(self.config.batch_size, len(order))]
        return np.array_split(order, self.steps_per_epoch)

    def input(self, X: NDArray[Any], y: Labels, rng: np.random.Generator) -> Array:
        """Rows X as the network reads them in training: (n, n_in). Tasks with augmentation override it."""
        return X

    def sample_weight(self, logits: Array, y: Labels) -> Array:
        """Weights of the samples of a batch, of mean 1: (N,)."""
        return focal_weight(logits, y, self.config.focal_gamma)

    def finished(self) -> Network:
        """The network for use at the present theta."""
        return self.network

    def loss_and_grad(self, batch: list[Half]) -> tuple[float, Array]:
        """Loss of one batch at the present theta, and its gradient in parts (halves, n), whose sum it is."""
        config, halves, n = self.config, len(batch), sum(len(y) for _, y, _ in batch)

        def forward(half: int) -> tuple[Array, list[Any]]:
            X, y, rng = batch[half]
            self._arenas[half].reset()
            ctx = Context(train=True, rng=rng, arena=self._arenas[half])
            return self.network.forward(self.input(X, y, rng), ctx)

        def backward(half: int, logits: Array, caches: list[Any], weight: Array | None = None) -> float:
            loss, dlogits = softmax_cross_entropy(logits, batch[half][1], config.label_smoothing, weight, of=n,
                                                  nothing=self.nothing)
            ctx = Context(train=True, arena=self._arenas[half], input_gradient=False)
            self.network.backward(dlogits, caches, self._views[half], ctx)
            return loss

        if config.focal_gamma:  # weights are relative to the whole batch: all logits first
            passes = side_by_side(forward, halves)
            logits, y = np.concatenate([logits for logits, _ in passes]), np.concatenate([y for _, y, _ in batch])
            weights = np.split(self.sample_weight(logits, y), [len(batch[0][1])])
            losses = side_by_side(lambda half: backward(half, *passes[half], weights[half]), halves)
        else:
            losses = side_by_side(lambda half: backward(half, *forward(half)), halves)
        loss = sum(losses)
        if self.config.l2:
            matrices = self.theta[: self.decay_size]
            loss += 0.5 * self.config.l2 * float(np.dot(matrices, matrices))
            self.grads[0, : self.decay_size] += self.theta.dtype.type(self.config.l2) * matrices
        return loss, self.grads[: len(batch)]

    def evaluate(self) -> dict[str, float]:
        """A row of history at the present theta: accuracy (a share) and loss (nats, without smoothing) on validation,
        nan without validation."""
        if self.validation is None:
            return {"val_accuracy": np.nan, "val_loss": np.nan}
        X, y = self.validation
        logits = self.finished().logits(X)
        return {"val_accuracy": accuracy(y, logits.argmax(axis=1)), "val_loss": softmax_cross_entropy(logits, y)[0]}
