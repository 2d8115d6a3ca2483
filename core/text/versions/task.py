"""Text as a training task: what core.nn.training.fit asks for, answered for sentences and a TinyRecursiveModel."""

import numpy as np

from core.nn.context import Context
from core.text.metrics import SHOWN, measure, pad_loss
from core.text.versions.trm import TinyRecursiveModel


class VersionTask:
    """Learn the train rows of Sentences; watch dev. `theta` is what the optimiser changes. The score is the mean r.

    embedding (N, n_in) and prior (N, 3) are for all rows; train rows must bring priors from regressions that lacked
    them (Featurizer.fit). The memory of a sentence are the responses to those before it in its document, as the weights
    of the epoch's start give them; dev is watched without a memory.
    """

    score = "r"

    def __init__(self, config, sentences, embedding, prior):
        self.config, self.sentences = config, sentences
        self.embedding, self.prior = embedding, prior if config.prior else np.zeros_like(prior)
        self.train, self.dev = sentences.rows("train"), sentences.rows("dev")
        self.target = sentences.pad.astype(np.float32)
        self.variance = np.maximum(self.target[self.train].var(axis=0), 1e-4)  # a rating may be the same throughout
        if not config.prior:  # then the mean is all that is known beforehand
            self.prior += np.arctanh(self.target[self.train].mean(axis=0))
        self.model = TinyRecursiveModel(config, embedding.shape[1]).initialise(np.random.default_rng([config.seed, 0]))
        self.theta, self.decay_size = self.model.theta, self.model.net.n_matrix
        self.grads = np.zeros_like(self.theta)
        self._views = self.model.net.views(self.grads)
        self.steps_per_epoch = max(1, len(self.train) // config.batch_size)

    def batches(self, epoch):
        """The epoch's batches of train rows in a fresh order, each (rows, recent or None, rng)."""
        order = np.random.default_rng([self.config.seed, 1, epoch]).permutation(self.train)
        recent = self.recent() if self.config.memory and self.config.outer else None
        for step, rows in enumerate(np.array_split(order, self.steps_per_epoch)):
            rng = np.random.default_rng([self.config.seed, 2, epoch, step])
            memory = None
            if recent is not None:
                memory = recent[rows] * (rng.random((len(rows), 1)) >= self.config.memory_dropout).astype(np.float32)
            yield rows, memory, rng

    def recent(self):
        """What a SoulKernel would hold of each sentence's predecessors: (N, 3 dim + 1)."""
        before, responses = self.sentences.before, self.read(np.arange(len(self.embedding))).response
        states = responses[before] * (before >= 0)[:, :, None]
        present = (before >= 0).any(axis=1, keepdims=True)
        return np.concatenate([states.reshape(len(before), -1), present], axis=1).astype(np.float32)

    def read(self, rows, recent=None, batch=500):
        """The model's Thought of these rows. recent: as the method of that name gives it, or None for no memory."""
        parts = [self.model.forward(self.embedding[rows[i : i + batch]], self.prior[rows[i : i + batch]],
                                    None if recent is None else recent[rows[i : i + batch]])[0]
                 for i in range(0, len(rows), batch)]
        names = ("pad", "rounds", "confidence", "attention", "rinse", "response")
        gathered = [[getattr(part, name) for part in parts] for name in names]
        return type(parts[0])(*(None if values[0] is None else np.concatenate(values) for values in gathered))

    def loss_and_grad(self, batch):
        """Loss of one batch at the present theta, and its gradient (n,)."""
        rows, recent, rng = batch
        target = self.target[rows]
        thought, cache = self.model.forward(self.embedding[rows], self.prior[rows], recent,
                                            Context(train=True, rng=rng))
        loss, dpad = pad_loss(thought.pad, target, self.variance)
        drounds = np.zeros_like(thought.rounds)
        if self.config.deep_supervision:
            for k in range(1, self.config.outer + 1):
                round_loss, dround = pad_loss(thought.rounds[:, k], target, self.variance)
                drounds[:, k] = dround / np.float32(self.config.outer)
                loss += round_loss / self.config.outer
        self.model.backward(dpad, drounds, cache, self._views)
        return loss, self.grads

    def evaluate(self):
        """Hope, Faith, Love and the rest on dev; r is the mean of Pearson's three."""
        thought = self.read(self.dev)
        found = measure(thought.pad, self.target[self.dev], thought.confidence)
        return {name: found[name] for name in SHOWN}
