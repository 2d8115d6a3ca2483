"""Classification as a training task: what `core.nn.training.fit` asks for, answered for a network and labelled rows."""

import numpy as np

from core.metrics import accuracy
from core.nn.layers import Arena
from core.nn.losses import focal_weight, softmax_cross_entropy


class ClassificationTask:
    """Teach a network the labels y (N,) of the rows of X (N, ...). `theta` is what the optimiser changes.

    config: the settings of batch and loss. validation: (network input (M, n_in), labels (M,)), or None. drop_last:
    whether samples beyond the last whole batch wait for another epoch; else batches have nearly equal sizes.
    All randomness follows from (seed, epoch, step), so a run can be taken up at any epoch.
    """

    score = "val_accuracy"

    def __init__(self, config, network, X, y, validation=None, drop_last=False):
        self.config, self.network, self.X, self.y, self.validation = config, network, X, y, validation
        network.initialise(np.random.default_rng([config.seed, 0]))
        self.theta, self.decay_size, self.views = network.theta, network.n_matrix, network.views
        self.arena, self.drop_last = Arena(), drop_last
        size = config.batch_size
        self.steps_per_epoch = max(1, len(y) // size) if drop_last else -(-len(y) // size)

    def batches(self, epoch):
        """The epoch's batches in a fresh order, each (network input (batch, n_in), labels (batch,), rng)."""
        order = np.random.default_rng([self.config.seed, 1, epoch]).permutation(len(self.y))
        if self.drop_last:
            order = order[: self.steps_per_epoch * min(self.config.batch_size, len(order))]
        for step, chosen in enumerate(np.array_split(order, self.steps_per_epoch)):
            rng = np.random.default_rng([self.config.seed, 2, epoch, step])
            yield self.input(self.X[chosen], self.y[chosen], rng), self.y[chosen], rng

    def input(self, X, y, rng):
        """Rows X as the network reads them in training: (n, n_in). Augmentation of tasks that have one comes here."""
        return X

    def finished(self):
        """The network for use at the present theta."""
        return self.network

    def loss_and_grad(self, batch, grads, grad_views):
        """Loss of one batch at the present theta, its gradient in `grads` (flat; `grad_views` are its arrays)."""
        X, y, rng = batch
        self.arena.reset()
        logits, caches = self.network.forward(X, train=True, rng=rng, arena=self.arena)
        weight = focal_weight(logits, y, self.config.focal_gamma) if self.config.focal_gamma else None
        loss, dlogits = softmax_cross_entropy(logits, y, self.config.label_smoothing, weight)
        self.network.backward(dlogits, caches, grad_views, arena=self.arena)
        if self.config.l2:
            weights = self.theta[: self.decay_size]
            loss += 0.5 * self.config.l2 * float(np.dot(weights, weights))
            grads[: self.decay_size] += self.theta.dtype.type(self.config.l2) * weights
        return loss

    def evaluate(self):
        """A row of history at the present theta: accuracy (a share) and loss (nats, without smoothing) on validation;
        nan without one."""
        if self.validation is None:
            return {"val_accuracy": np.nan, "val_loss": np.nan}
        X, y = self.validation
        logits = self.finished().logits(X)
        return {"val_accuracy": accuracy(y, logits.argmax(axis=1)), "val_loss": softmax_cross_entropy(logits, y)[0]}
