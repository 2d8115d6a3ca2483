"""The training loop in its simplest form. core.nn.training.fit adds validation, checkpoints and averaging."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.nn.context import Array, Context
from core.nn.losses import softmax_cross_entropy
from core.nn.network import Network
from core.nn.optimizers import SGD, Adam
from core.nn.schedules import Schedule


def train(network: Network, X: Array, y: NDArray[np.integer], optimizer: SGD | Adam, schedule: Schedule, *, epochs: int,
          batch_size: int, rng: np.random.Generator, on_epoch: Callable[[int, float], None] | None = None) -> None:
    """Teach a network the labels y (N,) of the rows of X (N, n_in); on_epoch(epoch, mean loss) reports progress."""
    grads = np.zeros_like(network.theta)
    gradients, ctx, step = network.views(grads), Context(train=True, rng=rng, input_gradient=False), 0
    for epoch in range(epochs):
        losses = []
        for rows in np.array_split(rng.permutation(len(X)), max(1, len(X) // batch_size)):
            logits, caches = network.forward(X[rows], ctx)
            loss, dlogits = softmax_cross_entropy(logits, y[rows])
            network.backward(dlogits, caches, gradients, ctx)
            optimizer.step(network.theta, grads, schedule(step))
            losses.append(loss)
            step += 1
        if on_epoch:
            on_epoch(epoch, float(np.mean(losses)))
