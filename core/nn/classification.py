"""Classification as a training task: what `core.nn.training.fit` asks for, answered for a network and labelled rows."""

import numpy as np

from core.metrics import accuracy
from core.nn.arguments import check_length
from core.nn.layers import Arena
from core.nn.losses import focal_weight, softmax_cross_entropy
from core.nn.parallel import side_by_side

HALVES = 2


class ClassificationTask:
    """Teach a network the labels y (N,) of the rows of X (N, ...), -1 for what is of no class. `theta` is what the
    optimiser changes.

    A batch goes through the network in two halves, side by side, each with its own augmentation, dropout and statistics
    of batch normalisation. The loss is that of the whole batch, and the sum of both gradients is its gradient. There
    are always two, so that the result does not depend on the number of threads.

    config: the settings of batch and loss. validation: (network input (M, n_in), labels (M,)), or None. drop_last:
    whether samples beyond the last whole batch wait for another epoch; else batches have nearly equal sizes.
    All randomness follows from (seed, epoch, step), so a run can be taken up at any epoch.
    """

    score = "val_accuracy"
    nothing = False  # whether some samples are of no class (core/nn/losses.py)

    def __init__(self, config, network, X, y, validation=None, drop_last=False):
        for labels, rows in [(y, X), *([validation[::-1]] if validation is not None else [])]:
            check_length("ClassificationTask", "labels", labels, len(rows))
        if not len(y):
            raise ValueError("ClassificationTask needs at least one sample")
        self.config, self.network, self.X, self.y, self.validation = config, network, X, y, validation
        network.initialise(np.random.default_rng([config.seed, 0]))
        self.theta, self.decay_size, self.drop_last = network.theta, network.n_matrix, drop_last
        self.grads = np.zeros((HALVES, network.theta.size), network.dtype)
        self._views = [network.views(row) for row in self.grads]
        self._arenas = [Arena() for _ in range(HALVES)]
        size = config.batch_size
        self.steps_per_epoch = max(1, len(y) // size) if drop_last else -(-len(y) // size)

    def batches(self, epoch):
        """The epoch's batches in a fresh order, each a list of halves (rows of X, labels, rng); of one where the batch
        is a single row."""
        for step, chosen in enumerate(self.deal(epoch, np.random.default_rng([self.config.seed, 1, epoch]))):
            yield [(self.X[rows], self.y[rows], np.random.default_rng([self.config.seed, 2, epoch, step, half]))
                   for half, rows in enumerate(np.array_split(chosen, HALVES)) if len(rows)]

    def deal(self, epoch, rng):
        """The rows of each of the epoch's batches."""
        order = rng.permutation(len(self.y))
        if self.drop_last:
            order = order[: self.steps_per_epoch * min(self.config.batch_size, len(order))]
        return np.array_split(order, self.steps_per_epoch)

    def input(self, X, y, rng):
        """Rows X as the network reads them in training: (n, n_in). Augmentation of tasks that have one comes here."""
        return X

    def sample_weight(self, logits, y):
        """What each sample of a batch counts, of mean 1: (N,)."""
        return focal_weight(logits, y, self.config.focal_gamma)

    def finished(self):
        """The network for use at the present theta."""
        return self.network

    def loss_and_grad(self, batch):
        """Loss of one batch at the present theta, and its gradient (halves, n): the sum of these rows."""
        config, halves, n = self.config, len(batch), sum(len(y) for _, y, _ in batch)

        def forward(half):
            X, y, rng = batch[half]
            self._arenas[half].reset()
            return self.network.forward(self.input(X, y, rng), train=True, rng=rng, arena=self._arenas[half])

        def backward(half, logits, caches, weight=None):
            loss, dlogits = softmax_cross_entropy(logits, batch[half][1], config.label_smoothing, weight, of=n,
                                                  nothing=self.nothing)
            self.network.backward(dlogits, caches, self._views[half], arena=self._arenas[half])
            return loss

        if config.focal_gamma:  # weights are relative to the whole batch: all logits first
            found = side_by_side(forward, halves)
            logits, y = np.concatenate([logits for logits, _ in found]), np.concatenate([y for _, y, _ in batch])
            weights = np.split(self.sample_weight(logits, y), [len(batch[0][1])])
            losses = side_by_side(lambda half: backward(half, *found[half], weights[half]), halves)
        else:
            losses = side_by_side(lambda half: backward(half, *forward(half)), halves)
        loss = sum(losses)
        if self.config.l2:
            weights = self.theta[: self.decay_size]
            loss += 0.5 * self.config.l2 * float(np.dot(weights, weights))
            self.grads[0, : self.decay_size] += self.theta.dtype.type(self.config.l2) * weights
        return loss, self.grads[: len(batch)]

    def evaluate(self):
        """A row of history at the present theta: accuracy (a share) and loss (nats, without smoothing) on validation;
        nan without one."""
        if self.validation is None:
            return {"val_accuracy": np.nan, "val_loss": np.nan}
        X, y = self.validation
        logits = self.finished().logits(X)
        return {"val_accuracy": accuracy(y, logits.argmax(axis=1)), "val_loss": softmax_cross_entropy(logits, y)[0]}
