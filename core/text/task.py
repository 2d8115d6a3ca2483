"""LIMINAL's training task for core.nn.training.fit: rated sentences, sentences with teachers, and ordered pairs."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from core.nn.context import Array, Context
from core.text.config import TextConfig
from core.text.data.emobank import Sentences
from core.text.data.lessons import Lessons
from core.text.data.orderings import Pair
from core.text.metrics import SHOWN, measure, pad_loss
from core.text.network.model import TextModel, Thought
from core.text.network.ragged import Integers, Ragged
from core.text.prior import Prior, best_shares


class VectorTable(Protocol):
    """Token vectors, such as a WordTable."""

    dim: int

    def tokenise(self, text: str) -> Integers:
        """Rows (T,) of the tokens of a text, at least one."""
        ...

    def lookup(self, rows: Integers) -> Array:
        """Vectors (T, dim) of rows."""
        ...


Table = TypeVar("Table", bound=VectorTable)


class Tokenised:
    """The tokens of many texts as rows of a table: flat (T,), those of text i at starts[i] : starts[i + 1]."""

    def __init__(self, texts: Sequence[str], table: VectorTable) -> None:
        lists = [table.tokenise(text) for text in texts]
        self.flat = np.concatenate([np.empty(0, np.int64), *lists])
        self.starts = np.append(0, np.cumsum([len(rows) for rows in lists])).astype(int)

    def take(self, indices: Iterable[int]) -> tuple[Integers, Integers]:
        """(rows (T,), lengths (N,)) of the texts with these indices."""
        spans = [self.flat[self.starts[i] : self.starts[i + 1]] for i in indices]
        return np.concatenate([np.empty(0, np.int64), *spans]), np.array([len(span) for span in spans], int)


class Batch(NamedTuple):
    """The data of one step: indices of rated sentences, of plain sentences and of pairs, and the source of dropout."""

    rated: Integers
    plain: Integers
    pairs: Integers
    rng: np.random.Generator


def ranking_loss(better: Array, worse: Array) -> tuple[float, Array]:
    """Mean of log(1 + exp(worse - better)) over pairs (N,), and its gradient with respect to `better` (N,); that with
    respect to `worse` is its negative (RankNet, Burges et al. 2005)."""
    gap = better - worse
    loss = np.logaddexp(0, -gap).mean()
    return float(loss), (-1 / (1 + np.exp(gap)) / gap.dtype.type(gap.size)).astype(gap.dtype)


class TextTask(Generic[Table]):
    """Train a TextModel on the train rows of Sentences, on Lessons and on Pairs; validate on half of dev (`val`).

    The score is the mean of Pearson's r over the three dimensions.
    """

    score = "r"

    def __init__(self, config: TextConfig, sentences: Sentences, table: Table, lessons: Lessons | None = None,
                 pairs: Sequence[Pair] = ()) -> None:
        self.config, self.sentences, self.table, self.lessons = config, sentences, table, lessons
        self.train = sentences.rows("train")
        self.val = sentences.halves("dev")[0]
        self.target = sentences.pad.astype(np.float32)
        self.variance = np.maximum(self.target[self.train].var(axis=0), 1e-4)  # constant ratings have no variance
        self.rated = Tokenised(sentences.texts, table)
        self.plain = Tokenised(lessons.texts if lessons else [], table)
        self.better = Tokenised([pair.pleasanter for pair in pairs], table)
        self.worse = Tokenised([pair.less_pleasant for pair in pairs], table)
        self.n_plain, self.n_pairs = len(self.plain.starts) - 1, len(pairs)
        self.model = TextModel(config, table.dim)
        self.model.initialise(np.random.default_rng([config.seed, 0]), self.target[self.train].mean(axis=0))
        self.theta, self.decay_size = self.model.theta, self.model.net.n_matrix
        self.grads = np.zeros_like(self.theta)
        self._views = self.model.net.views(self.grads)
        self.steps_per_epoch = config.steps
        self.prior: Prior | None = None
        self.prior_estimates: Array | None = None

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch. Each kind of data is shuffled, and used completely before any of it repeats."""
        c = self.config
        orders = [self._stream(len(self.train), c.rated, epoch, 1), self._stream(self.n_plain, c.plain, epoch, 2),
                  self._stream(self.n_pairs, c.pairs, epoch, 3)]
        for step, (rated, plain, pairs) in enumerate(zip(*orders, strict=True)):
            yield Batch(self.train[rated], plain, pairs, np.random.default_rng([c.seed, 4, epoch, step]))

    def _stream(self, n: int, size: int, epoch: int, key: int) -> Integers:
        """(steps, size) indices below n: the part of this epoch in an endless sequence of permutations."""
        steps = self.steps_per_epoch
        if not n or not size:
            return np.empty((steps, 0), int)
        start, stop = epoch * steps * size, (epoch + 1) * steps * size
        permutations = [np.random.default_rng([self.config.seed, key, turn]).permutation(n)
                        for turn in range(start // n, -(-stop // n))]
        return np.concatenate(permutations)[start % n :][: stop - start].reshape(steps, size)

    def loss_and_grad(self, batch: Batch) -> tuple[float, Array]:
        """Loss of one batch at the present theta, and its gradient (n,)."""
        n, m = len(batch.rated), len(batch.plain)
        tokens = [self.rated.take(batch.rated), self.plain.take(batch.plain), self.better.take(batch.pairs),
                  self.worse.take(batch.pairs)]
        rows = np.concatenate([part[0] for part in tokens])
        ragged = Ragged(np.concatenate([part[1] for part in tokens]))
        output, cache = self.model.forward(self.table.lookup(rows), ragged, Context(train=True, rng=batch.rng))
        self.grads[...] = 0
        drounds = np.zeros_like(output.rounds)
        loss = self._rating_loss(output, batch.rated, drounds) + self._ranking_loss(output, n + m, drounds)
        dresponse, dtokens = np.zeros_like(output.response), np.zeros_like(output.tokens)
        if m:
            first = len(tokens[0][0])
            places = slice(n, n + m), slice(first, first + len(tokens[1][0]))
            loss += self._teacher_loss(output, batch.plain, places, dresponse, dtokens)
        self.model.backward(drounds, dresponse, dtokens, cache, self._views)
        return loss, self.grads

    def _rating_loss(self, output: Thought, rows: Integers, drounds: Array) -> float:
        """The loss of rated sentences, averaged over the estimates e_0..e_K; writes its gradient into drounds."""
        n, rounds, loss = len(rows), self.config.outer + 1, 0.0
        for k in range(rounds):
            part, gradient = pad_loss(output.rounds[:n, k], self.target[rows], self.variance)
            drounds[:n, k] = gradient / np.float32(rounds)
            loss += part / rounds
        return loss

    def _ranking_loss(self, output: Thought, start: int, drounds: Array) -> float:
        """The ranking loss of pleasure, in standard deviations of the ratings, averaged over e_0..e_K; adds its
        gradient to drounds. The pairs are the sentences from `start` on: the better ones, then the worse ones."""
        n, rounds, loss = (len(drounds) - start) // 2, self.config.outer + 1, 0.0
        if not n:
            return loss
        unit, better, worse = np.sqrt(self.variance[0]), slice(start, start + n), slice(start + n, None)
        for k in range(rounds):
            part, gradient = ranking_loss(output.rounds[better, k, 0] / unit, output.rounds[worse, k, 0] / unit)
            gradient *= np.float32(self.config.ranking / rounds) / unit
            drounds[better, k, 0] += gradient
            drounds[worse, k, 0] -= gradient
            loss += self.config.ranking * part / rounds
        return loss

    def _teacher_loss(self, output: Thought, indices: Integers, places: tuple[slice, slice], dresponse: Array,
                      dtokens: Array) -> float:
        """The mean squared error against the teachers of plain sentences; adds its gradient to dresponse and dtokens.
        places: slices of these sentences and of their tokens in the batch."""
        c, lessons, (sentences, words) = self.config, self.lessons, places
        assert lessons is not None  # without lessons a batch has no plain sentences
        spans = [lessons.words[lessons.starts[i] : lessons.starts[i + 1]] for i in indices]
        heads = (("states", sentences, output.response, dresponse, lessons.states[indices], c.states),
                 ("polarity", sentences, output.response, dresponse, lessons.polarity[indices, None], c.polarity),
                 ("words", words, output.tokens, dtokens, np.concatenate(spans), c.states))
        loss = 0.0
        for name, place, values, dvalues, target, weight in heads:
            if not weight:
                continue
            prediction, cache = self.model.call(name, values[place])
            error = prediction - target.astype(np.float32)
            loss += weight * float(np.mean(error * error))
            dvalues[place] += self.model.back(name, np.float32(2 * weight / error.size) * error, cache, self._views)
        return loss

    def join(self, prior: Prior, estimates: Array) -> None:
        """Combine later outputs of `read` with a Prior. estimates: (N, 3), those of the Prior for all rated sentences.

        With config.join the shares of the Prior are those that fit `val` best; otherwise they stay unchanged.
        """
        if self.config.join:
            network, target = self.read(self.val)[0], self.target[self.val]
            prior.shares = best_shares(network, np.tanh(estimates[self.val]), target)
        self.prior, self.prior_estimates = prior, estimates

    def read(self, rows: Integers, batch: int = 250) -> tuple[Array, Array, Array]:
        """(pad (N, 3), confidence (N, K), e_0..e_K (N, K + 1, 3)) of rated sentences."""
        outputs = []
        for i in range(0, len(rows), batch):
            tokens, lengths = self.rated.take(rows[i : i + batch])
            outputs.append(self.model.forward(self.table.lookup(tokens), Ragged(lengths))[0])
        rounds = np.concatenate([output.rounds for output in outputs])
        if self.prior is not None and self.prior_estimates is not None:
            rounds = self.prior.join(rounds, self.prior_estimates[rows])
        return rounds[:, -1], np.concatenate([output.confidence for output in outputs]), rounds

    def evaluate(self) -> dict[str, float]:
        """A row of history: Hope, Faith, Love and the other measures SHOWN on `val`."""
        pad, confidence, _ = self.read(self.val)
        measures = measure(pad, self.target[self.val], confidence)
        return {name: measures[name] for name in SHOWN}
