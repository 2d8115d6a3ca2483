"""Reading as a training task: what core.nn.training.fit asks for, answered for rated, plain and ordered sentences."""

from typing import NamedTuple

import numpy as np

from core.nn.context import Context
from core.text.metrics import SHOWN, measure, pad_loss
from core.text.network.model import TextModel
from core.text.network.ragged import Ragged
from core.text.prior import best_shares


class Tokenised:
    """The tokens of many texts as rows of a table: flat (T,), those of text i at starts[i] : starts[i + 1]."""

    def __init__(self, texts, table):
        lists = [table.tokenise(text) for text in texts]
        self.flat = np.concatenate([np.empty(0, np.int64), *lists])
        self.starts = np.append(0, np.cumsum([len(rows) for rows in lists])).astype(int)

    def take(self, chosen):
        """(rows (T,), lengths (N,)) of the texts `chosen`."""
        spans = [self.flat[self.starts[i] : self.starts[i + 1]] for i in chosen]
        return np.concatenate([np.empty(0, np.int64), *spans]), np.array([len(span) for span in spans], int)


class Batch(NamedTuple):
    """What one step reads: numbers of rated sentences, of plain ones and of pairs, and the random stream."""

    rated: np.ndarray
    plain: np.ndarray
    pairs: np.ndarray
    rng: np.random.Generator


def ranking_loss(better, worse):
    """Mean of log(1 + exp(worse - better)) over pairs, and its gradient towards `better` (N,); the other's is its
    negative (Burges et al. 2005, RankNet)."""
    gap = better - worse
    loss = np.logaddexp(0, -gap).mean()
    return float(loss), (-1 / (1 + np.exp(gap)) / gap.dtype.type(gap.size)).astype(gap.dtype)


class TextTask:
    """Learn the train rows of Sentences, with Lessons and Pairs beside; watch half of dev. The score is the mean r.

    table: the WordTable, or what else has `dim`, `tokenise` and `lookup`; lessons: Lessons or None;
    pairs: a list of Pairs. `theta` is what the optimiser changes.
    """

    score = "r"

    def __init__(self, config, sentences, table, lessons=None, pairs=()):
        self.config, self.sentences, self.table, self.lessons = config, sentences, table, lessons
        self.train = sentences.rows("train")
        self.watched = sentences.halves("dev")[0]
        self.target = sentences.pad.astype(np.float32)
        self.variance = np.maximum(self.target[self.train].var(axis=0), 1e-4)  # a rating may be the same throughout
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
        self.prior, self.said = None, None

    def batches(self, epoch):
        """The epoch's Batches; each kind goes through all its sentences, in a fresh order, before one comes again."""
        c = self.config
        orders = [self._stream(len(self.train), c.rated, epoch, 1), self._stream(self.n_plain, c.plain, epoch, 2),
                  self._stream(self.n_pairs, c.pairs, epoch, 3)]
        for step, (rated, plain, pairs) in enumerate(zip(*orders, strict=True)):
            yield Batch(self.train[rated], plain, pairs, np.random.default_rng([c.seed, 4, epoch, step]))

    def _stream(self, n, size, epoch, key):
        """(steps, size) numbers below n: this epoch's part of one endless sequence of shuffled rounds."""
        steps = self.steps_per_epoch
        if not n or not size:
            return np.empty((steps, 0), int)
        start, stop = epoch * steps * size, (epoch + 1) * steps * size
        rounds = [np.random.default_rng([self.config.seed, key, turn]).permutation(n)
                  for turn in range(start // n, -(-stop // n))]
        return np.concatenate(rounds)[start % n :][: stop - start].reshape(steps, size)

    def loss_and_grad(self, batch):
        """Loss of one batch at the present theta, and its gradient (n,)."""
        n, m = len(batch.rated), len(batch.plain)
        taken = [self.rated.take(batch.rated), self.plain.take(batch.plain), self.better.take(batch.pairs),
                 self.worse.take(batch.pairs)]
        rows, ragged = np.concatenate([part[0] for part in taken]), Ragged(np.concatenate([part[1] for part in taken]))
        thought, cache = self.model.forward(self.table.lookup(rows), ragged, Context(train=True, rng=batch.rng))
        self.grads[...] = 0
        drounds = np.zeros_like(thought.rounds)
        loss = self._rate(thought, batch.rated, drounds) + self._rank(thought, n + m, drounds)
        dresponse, dtokens = np.zeros_like(thought.response), np.zeros_like(thought.tokens)
        if m:
            first = len(taken[0][0])
            chosen = slice(n, n + m), slice(first, first + len(taken[1][0]))
            loss += self._follow(thought, batch.plain, chosen, dresponse, dtokens)
        self.model.backward(drounds, dresponse, dtokens, cache, self._views)
        return loss, self.grads

    def _rate(self, thought, rows, drounds):
        """The loss of rated sentences, averaged over all answers from the first estimate to the last."""
        n, rounds, loss = len(rows), self.config.outer + 1, 0.0
        for k in range(rounds):
            part, gradient = pad_loss(thought.rounds[:n, k], self.target[rows], self.variance)
            drounds[:n, k] = gradient / np.float32(rounds)
            loss += part / rounds
        return loss

    def _rank(self, thought, start, drounds):
        """The loss of pairs in pleasure, measured in deviations of the ratings, averaged likewise."""
        n, rounds, loss = (len(drounds) - start) // 2, self.config.outer + 1, 0.0
        if not n:
            return loss
        unit, better, worse = np.sqrt(self.variance[0]), slice(start, start + n), slice(start + n, None)
        for k in range(rounds):
            part, gradient = ranking_loss(thought.rounds[better, k, 0] / unit, thought.rounds[worse, k, 0] / unit)
            gradient *= np.float32(self.config.ranking / rounds) / unit
            drounds[better, k, 0] += gradient
            drounds[worse, k, 0] -= gradient
            loss += self.config.ranking * part / rounds
        return loss

    def _follow(self, thought, chosen, places, dresponse, dtokens):
        """The loss of plain sentences against their teachers. places: slices of them and of their tokens."""
        c, lessons, (sentences, words) = self.config, self.lessons, places
        spans = [lessons.words[lessons.starts[i] : lessons.starts[i + 1]] for i in chosen]
        lesson = (("states", sentences, thought.response, dresponse, lessons.states[chosen], c.states),
                  ("polarity", sentences, thought.response, dresponse, lessons.polarity[chosen, None], c.polarity),
                  ("words", words, thought.tokens, dtokens, np.concatenate(spans), c.states))
        loss = 0.0
        for name, place, values, dvalues, target, weight in lesson:
            if not weight:
                continue
            said, cache = self.model.call(name, values[place])
            error = said - target.astype(np.float32)
            loss += weight * float(np.mean(error * error))
            dvalues[place] += self.model.back(name, np.float32(2 * weight / error.size) * error, cache, self._views)
        return loss

    def join(self, prior, said):
        """From now on the Prior, which said (N, 3) of all rated sentences, has its share in what is read: the one that
        is best on the watched rows, or none without config.join."""
        if self.config.join:
            network, target = self.read(self.watched)[0], self.target[self.watched]
            prior.shares = best_shares(network, np.tanh(said[self.watched]), target)
        self.prior, self.said = prior, said

    def read(self, rows, batch=250):
        """(pad (N, 3), confidence (N, K), e_0..e_K (N, K + 1, 3)) of rated sentences."""
        thoughts = []
        for i in range(0, len(rows), batch):
            taken, lengths = self.rated.take(rows[i : i + batch])
            thoughts.append(self.model.forward(self.table.lookup(taken), Ragged(lengths))[0])
        rounds = np.concatenate([thought.rounds for thought in thoughts])
        if self.prior is not None:
            rounds = self.prior.join(rounds, self.said[rows])
        return rounds[:, -1], np.concatenate([thought.confidence for thought in thoughts]), rounds

    def evaluate(self):
        """Hope, Faith, Love and the rest on the watched rows; r is the mean of Pearson's three."""
        pad, confidence, _ = self.read(self.watched)
        found = measure(pad, self.target[self.watched], confidence)
        return {name: found[name] for name in SHOWN}
