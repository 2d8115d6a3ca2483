"""Fit and check the confidence of deployment/reader/number/confidence.py."""

from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from analytics.studies.number_weights.lattices import Example
from core.formats import interval, measured, percent
from core.metrics import wilson_interval
from deployment.reader.number.confidence import Confidence, place_signals, sigmoid, text_signals
from deployment.reader.number.score import Weights
from deployment.reader.number.text import LineText

FOLDS, BINS, SURE = 5, 10, 0.99
RIDGE = 1e-3

Samples = tuple[NDArray[np.floating], NDArray[np.bool_], NDArray[np.integer]]  # signals, whether right, writer


def fitted(examples: Sequence[Example], weights: Weights) -> tuple[Confidence, str]:
    """The Confidence of the texts that these weights choose, and tables of its error on writers left out."""
    texts = [LineText.of(example.lattice(weights)) for example in examples]
    whole = (np.array([text_signals(text, example.evidence) for text, example in zip(texts, examples, strict=True)]),
             np.array([list(text.text) == example.text for text, example in zip(texts, examples, strict=True)]),
             np.array([example.writer for example in examples]))
    rows = [(place_signals(text, example.evidence), right_places(text.text, example.text), example.writer)
            for text, example in zip(texts, examples, strict=True)]
    places = (np.concatenate([signals for signals, _, _ in rows]), np.concatenate([right for _, right, _ in rows]),
              np.concatenate([np.full(len(right), writer) for _, right, writer in rows]))
    tables = [line for name, samples in (("texts", whole), ("places", places)) for line in table(name, samples)]
    return Confidence(logistic(*whole[:2]), logistic(*places[:2])), "\n".join(tables)


def right_places(text: Sequence[int], true: Sequence[int]) -> NDArray[np.bool_]:
    """Which places of a text stand where the true text has the same sign, by their alignment."""
    right = np.zeros(len(text), bool)
    for start, _, size in SequenceMatcher(None, list(text), list(true), autojunk=False).get_matching_blocks():
        right[start : start + size] = True
    return right


def logistic(signals: NDArray[np.floating], right: NDArray[np.bool_]) -> NDArray[np.floating]:
    """Weights of a logistic regression, by Newton's method with a small ridge."""
    weights, ridge = np.zeros(signals.shape[1]), RIDGE * len(right) * np.eye(signals.shape[1])
    for _ in range(30):
        p = sigmoid(signals @ weights)
        slope = signals.T @ (p - right) + ridge @ weights
        weights = weights - np.linalg.solve(signals.T @ (signals * (p * (1 - p))[:, None]) + ridge, slope)
    return weights


def table(name: str, samples: Samples) -> list[str]:
    """Markdown lines: stated against right on writers left out, in bins of equal count, and from SURE on."""
    signals, right, writer = samples
    stated, fold = np.zeros(len(right)), np.searchsorted(np.unique(writer), writer) % FOLDS
    for left_out in range(FOLDS):
        at = fold == left_out
        stated[at] = sigmoid(signals[at] @ logistic(signals[~at], right[~at]))
    sure = np.flatnonzero(stated >= SURE)
    rows = [(f"{percent(SURE)} and more", sure)] if len(sure) else []
    rows = [*(("", part) for part in np.array_split(np.argsort(stated, kind="stable"), BINS)), *rows]
    markdown = [f"| {name} | stated, mean | right | 95 % interval | n |", "|---|---:|---:|---:|---:|"]
    for label, part in rows:
        between = interval(wilson_interval(int(right[part].sum()), len(part)))
        markdown.append(f"| {label} | {measured(stated[part].mean())} | {measured(right[part].mean())} | {between} | "
                        f"{len(part):,} |")
    return [*markdown, ""]
