"""The training task of versions 1 to 6 for core.nn.training.fit."""

from collections.abc import Iterator

import numpy as np

from core.nn.context import Array, Context
from core.text.data.emobank import Sentences
from core.text.metrics import SHOWN, measure, pad_loss
from core.text.network.ragged import Integers
from core.text.versions.config import VersionConfig
from core.text.versions.trm import Thought, TinyRecursiveModel

Batch = tuple[Integers, Array | None, np.random.Generator]  # rows, recent, source of dropout


class VersionTask:
    """Train a TinyRecursiveModel on the train rows of Sentences; validate on dev. The score is the mean Pearson's r.

    embedding (N, n_in) and prior (N, 3) are for all rows; the priors of train rows must be held-out predictions
    (Featurizer.fit). The memory of a sentence holds the responses to the sentences before it in its document, computed
    with the weights at the start of the epoch; validation uses no memory.
    """

    score = "r"

    def __init__(self, config: VersionConfig, sentences: Sentences, embedding: Array, prior: Array) -> None:
        self.config, self.sentences = config, sentences
        self.embedding, self.prior = embedding, prior if config.prior else np.zeros_like(prior)
        self.train, self.dev = sentences.rows("train"), sentences.rows("dev")
        self.target = sentences.pad.astype(np.float32)
        self.variance = np.maximum(self.target[self.train].var(axis=0), 1e-4)  # constant ratings have no variance
        if not config.prior:  # the first estimate is the mean rating
            self.prior += np.arctanh(self.target[self.train].mean(axis=0))
        self.model = TinyRecursiveModel(config, embedding.shape[1]).initialise(np.random.default_rng([config.seed, 0]))
        self.theta, self.decay_size = self.model.theta, self.model.net.n_matrix
        self.grads = np.zeros_like(self.theta)
        self._views = self.model.net.views(self.grads)
        self.steps_per_epoch = max(1, len(self.train) // config.batch_size)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The epoch's batches of train rows in a new order."""
        order = np.random.default_rng([self.config.seed, 1, epoch]).permutation(self.train)
        recent = self.recent() if self.config.memory and self.config.outer else None
        for step, rows in enumerate(np.array_split(order, self.steps_per_epoch)):
            rng = np.random.default_rng([self.config.seed, 2, epoch, step])
            memory = None
            if recent is not None:
                memory = recent[rows] * (rng.random((len(rows), 1)) >= self.config.memory_dropout).astype(np.float32)
            yield rows, memory, rng

    def recent(self) -> Array:
        """SoulKernel.recent with the predecessors of each sentence: (N, 3 dim + 1)."""
        before, responses = self.sentences.before, self.read(np.arange(len(self.embedding))).response
        states = responses[before] * (before >= 0)[:, :, None]
        present = (before >= 0).any(axis=1, keepdims=True)
        return np.concatenate([states.reshape(len(before), -1), present], axis=1).astype(np.float32)

    def read(self, rows: Integers, recent: Array | None = None, batch: int = 500) -> Thought:
        """The Thought of these rows. recent: as returned by the method of that name; None: no memory."""
        outputs = [self.model.forward(self.embedding[rows[i : i + batch]], self.prior[rows[i : i + batch]],
                                      None if recent is None else recent[rows[i : i + batch]])[0]
                   for i in range(0, len(rows), batch)]

        def joined(name: str) -> Array:
            return np.concatenate([getattr(output, name) for output in outputs])

        return Thought(joined("pad"), joined("rounds"), joined("confidence"), joined("attention"),
                           None if outputs[0].rinse is None else joined("rinse"), joined("response"))

    def loss_and_grad(self, batch: Batch) -> tuple[float, Array]:
        """Loss of one batch at the present theta, and its gradient (n,)."""
        rows, recent, rng = batch
        target = self.target[rows]
        output, cache = self.model.forward(self.embedding[rows], self.prior[rows], recent,
                                           Context(train=True, rng=rng))
        loss, dpad = pad_loss(output.pad, target, self.variance)
        drounds = np.zeros_like(output.rounds)
        if self.config.deep_supervision:
            for k in range(1, self.config.outer + 1):
                round_loss, dround = pad_loss(output.rounds[:, k], target, self.variance)
                drounds[:, k] = dround / np.float32(self.config.outer)
                loss += round_loss / self.config.outer
        self.model.backward(dpad, drounds, cache, self._views)
        return loss, self.grads

    def evaluate(self) -> dict[str, float]:
        """A row of history: Hope, Faith, Love and the other measures SHOWN on dev."""
        output = self.read(self.dev)
        measures = measure(output.pad, self.target[self.dev], output.confidence)
        return {name: measures[name] for name in SHOWN}
