"""Fit and check the confidence of deployment/reader/number/confidence.py."""

from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from analytics.numbers.tables import SURE, bins_table
from analytics.studies.number_weights.lattices import Example
from core.formats import interval, measured, percent
from core.metrics import wilson_interval
from core.nn.layers import sigmoid
from core.uncertainty.calibration import fit_logistic
from deployment.reader.number.confidence import Confidence, place_signals, text_signals
from deployment.reader.number.score import Weights
from deployment.reader.number.text import LineText

FOLDS = 5

Samples = tuple[NDArray[np.floating], NDArray[np.bool_], NDArray[np.integer]]  # signals, whether right, writer


def fitted(examples: Sequence[Example], weights: Weights) -> tuple[Confidence, str]:
    """The Confidence of the texts that these weights choose, and tables of its error on writers left out."""
    texts = [LineText.of(example.lattice(weights), weights.shapes) for example in examples]
    whole = (np.array([text_signals(text, example.evidence) for text, example in zip(texts, examples, strict=True)]),
             np.array([list(text.text) == example.text for text, example in zip(texts, examples, strict=True)]),
             np.array([example.writer for example in examples]))
    rows = [(place_signals(text, example.evidence), right_places(text.text, example.text), example.writer)
            for text, example in zip(texts, examples, strict=True)]
    places = (np.concatenate([signals for signals, _, _ in rows]), np.concatenate([right for _, right, _ in rows]),
              np.concatenate([np.full(len(right), writer) for _, right, writer in rows]))
    return (Confidence(logistic(*whole[:2]), logistic(*places[:2])),
            f"{table('texts', whole)}\n{table('places', places)}")


def right_places(text: Sequence[int], true: Sequence[int]) -> NDArray[np.bool_]:
    """Which places of a text stand where the true text has the same sign, by their alignment."""
    right = np.zeros(len(text), bool)
    for start, _, size in SequenceMatcher(None, list(text), list(true), autojunk=False).get_matching_blocks():
        right[start : start + size] = True
    return right


def logistic(signals: NDArray[np.floating], right: NDArray[np.bool_]) -> NDArray[np.floating]:
    """Weights of a logistic regression; the first signal is the constant."""
    weights, constant = fit_logistic(signals[:, 1:], right)
    return np.append(constant, weights)


def table(name: str, samples: Samples) -> str:
    """Stated against right on writers left out, as a table, and from SURE on, as a sentence."""
    signals, right, writer = samples
    stated, fold = np.zeros(len(right)), np.searchsorted(np.unique(writer), writer) % FOLDS
    for left_out in range(FOLDS):
        at = fold == left_out
        stated[at] = sigmoid(signals[at] @ logistic(signals[~at], right[~at]))
    sure = right[stated >= SURE]
    share = (f"{measured(sure.mean())} are right ({interval(wilson_interval(int(sure.sum()), len(sure)))})" if len(sure)
             else "none is right")
    return (f"Of {name}:\n\n{bins_table(stated, right, 'right')}\nOf the {len(sure):,} stated at {percent(SURE)} and "
            f"more {share}.\n")
