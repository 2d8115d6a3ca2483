"""The Places of the digits and signs of a page: picture, probability, emotion, and the gaps between them."""

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from core.digits.data import DIGITS
from core.nn.context import Array
from deployment.reader.left_over import in_source
from deployment.reader.number.confidence import Confidence, alone
from deployment.reader.number.line import Line
from deployment.reader.number.page import NumberReader, Written
from deployment.reader.number.score import NO_SIGN, TEXTS
from deployment.reader.number.text import LineText
from deployment.reader.prediction import Box, Place, Prediction

CERTAIN = 0.98  # probability of being cut out and read rightly, from which on a place of a number can be confident
PROBABLE = 0.6  # the same, from which on it is hesitant and not confused
UNCLEAR = 0.003  # probability of holding what is no sign, from which on nothing in a line is confident: perhaps a word
SHARES = 4  # likeliest signs of a place that are stored with it
GAP, GAPS = 0.55, 1.5  # a gap is a space from GAP heights of the line and GAPS usual gaps on
WIDE = 4.0  # heights of the line: a gap of more is a space in any case
USUAL = 0.3  # quantile of the gaps of a line that is its usual one: digits may be written far apart


def places_of(deployer: NumberReader, page: Written, texts: Sequence[LineText], scale: float) -> list[list[Place]]:
    """The Places of each line of a page, with boxes in pixels of the source. scale: pixels of the source per pixel of
    the page."""
    parts, known, calibrated = [], [], Confidence.shipped()
    for line, text in zip(page.lines, texts, strict=True):
        for i, signs in text.path:
            whole = [(line.images[i], line.segments[i].box)]
            parts += whole if signs == 1 else line.halves(page.ink, page.mask, i)
            known += [line.predictions.get(i)] if signs == 1 else [None, None]
    new = [image for (image, _), prediction in zip(parts, known, strict=True) if prediction is None]
    read = iter(deployer.read_framed(np.stack(new)) if new else [])
    found = iter([(prediction or next(read), in_source(box, scale))
                  for prediction, (_, box) in zip(known, parts, strict=True)])
    rows = []
    for number, (line, text) in enumerate(zip(page.lines, texts, strict=True)):
        row = [_place(*next(found), sign, float(chance), share, bool(single), text.unclear >= UNCLEAR)
               for sign, chance, share, single in zip(text.text, calibrated.of_places(text, line.evidence), text.shares,
                                                      alone(text, line.evidence), strict=True)]
        gaps = spaced([place.box for place in row], line.height * scale)
        rows.append([replace(place, line=number, spaced=gap) for place, gap in zip(row, gaps, strict=True)])
    return rows


def _place(prediction: Prediction, box: Box, sign: int, chance: float, share: Array, single: bool,
           unclear: bool) -> Place:
    """The Place of a sign that is right with this chance; share (len(TEXTS),): what the lattice says of each sign.
    single: it is one blob, so that what its prediction says of its likeness to digits holds; unclear: its line may be a
    word, in which nothing is confident.

    Where it is not confident its chance is CERTAIN at most, so that emotion and number agree.
    """
    emotion = "confident" if chance >= CERTAIN else "hesitant" if chance >= PROBABLE else "confused"
    by_itself = single and sign < DIGITS
    if sign == NO_SIGN or (by_itself and prediction.emotion == "curious"):
        emotion = "curious"
    elif by_itself and emotion == "confident":
        emotion = prediction.emotion
    if unclear and emotion == "confident":
        emotion = "hesitant"
    values = {field.name: getattr(prediction, field.name) for field in fields(Prediction)}
    if sign < DIGITS and sign != prediction.digit:
        values |= _of_the_number(sign, share[:DIGITS])
    likely = {TEXTS[i]: float(share[i]) for i in np.argsort(-share, kind="stable")[:SHARES]}
    return Place(**values | {"emotion": emotion, "box": box}, text=TEXTS[sign], shares=likely,
                 chance=chance if emotion == "confident" else min(chance, CERTAIN))


def _of_the_number(digit: int, share: Array) -> dict:
    """The fields of a Prediction for a digit that is not the one which its picture alone shows."""
    probs = share / share.sum()
    runner_up = int(np.argsort(np.where(np.arange(DIGITS) == digit, -1, probs), kind="stable")[-1])
    return {"digit": digit, "probabilities": probs, "confidence": float(probs[digit]), "runner_up": runner_up}


def words(line: Line, path: Sequence[tuple[int, int]]) -> list[int]:
    """How many signs each number of a path over a line has."""
    counts = [0]
    gaps = spaced([line.segments[i].box for i, _ in path], line.height)
    for gap, (_, signs) in zip(gaps, path, strict=True):
        if gap:
            counts.append(0)
        counts[-1] += signs
    return counts


def spaced(boxes: Sequence[Box], height: float) -> list[bool]:
    """Whether a gap before each box of a line is so wide that another number begins there. height: the line's."""
    left, right = np.array([box[1] for box in boxes]), np.maximum.accumulate([box[3] for box in boxes])
    gaps = np.maximum(left[1:] - right[:-1], 0)
    usual = float(np.quantile(gaps, USUAL, method="lower")) if len(gaps) > 1 else np.inf
    return [False, *(gaps > np.minimum(GAP * height + GAPS * usual, WIDE * height)).tolist()]
