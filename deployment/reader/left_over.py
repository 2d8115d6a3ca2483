"""Decide which ink is not part of the answer, and lower the confidence of an answer with such ink."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.apart import Apart
from deployment.reader.paper.digit import LocatedDigit
from deployment.reader.paper.frame import frame
from deployment.reader.prediction import Box, FramedReader, Prediction

LEAST_LOSS = 0.003  # of confidence that a digit loses without a component that belongs to it
MOST_JUDGED = 4  # components that are judged one by one; further ones, with less outline, are not part of a digit
NOT_A_PART = 0.5  # probability that ink beside the answer is not part of it; an assumption, not estimated from data


@dataclass(frozen=True)
class Digit:
    """A LocatedDigit without its picture.

    image: (28, 28), with all its ink; box, rest: boxes of the digit and of other writing, in pixels of the source;
    apart: its separate components, or None; scale: pixels of the source per pixel of the picture.
    """

    image: NDArray[np.floating]
    box: Box
    rest: tuple[Box, ...]
    apart: Apart | None
    scale: float

    @classmethod
    def of(cls, located: LocatedDigit) -> "Digit":
        """The Digit of a LocatedDigit."""
        rest = tuple(in_source(box, located.scale) for box in located.rest)
        apart = Apart.of(located.ink)
        if apart is not None:
            apart = replace(apart, corner=(apart.corner[0] + located.corner[0], apart.corner[1] + located.corner[1]))
        return cls(located.image, in_source(located.box, located.scale), rest, apart, located.scale)


def in_source(box: Box, scale: float) -> Box:
    """A box in pixels of the source; scale: pixels of the source per pixel of the picture."""
    top, left, bottom, right = box
    return round(top * scale), round(left * scale), round(bottom * scale), round(right * scale)


def read(reader: FramedReader, digits: Sequence[Digit]) -> list[Prediction]:
    """The Prediction of each Digit without the components that it does not need; these are left over."""
    judged = judge(reader, _framed(reader, [digit.image for digit in digits]), [digit.apart for digit in digits])
    answers = []
    for digit, (prediction, left) in zip(digits, judged, strict=True):
        box, boxes = digit.box, []
        if digit.apart and left:
            box = in_source(digit.apart.box_without(left), digit.scale)
            boxes = [in_source(digit.apart.box(i), digit.scale) for i in left]
        answers.append(less_sure(replace(prediction, box=box), (*boxes, *digit.rest)))
    return answers


def judge(reader: FramedReader, predictions: Sequence[Prediction],
          aparts: Sequence[Apart | None]) -> list[tuple[Prediction, list[int]]]:
    """The Prediction of each digit without the components that it does not need, and the indices of these.

    predictions: of the whole ink. A near component belongs to a digit that is read with less confidence without it.
    """
    split = {i: apart for i, apart in enumerate(aparts) if apart}
    near = {i: [k for k, far in enumerate(apart.far) if not far][:MOST_JUDGED] for i, apart in split.items()}
    left = {i: [k for k in range(len(apart.components)) if k not in near[i]] for i, apart in split.items()}
    candidates = [(i, k) for i, components in near.items() for k in components]
    for (i, k), without in zip(candidates, _read(reader, [split[i].without([k]) for i, k in candidates]), strict=True):
        if predictions[i].confidence <= without.confidence + LEAST_LOSS:
            left[i].append(k)
    left = {i: components for i, components in left.items() if components}
    reduced = dict(zip(left, _read(reader, [split[i].without(components) for i, components in left.items()]),
                       strict=True))
    return [(reduced.get(i, prediction), left.get(i, [])) for i, prediction in enumerate(predictions)]


def _read(reader: FramedReader, inks: list[NDArray[np.floating]]) -> list[Prediction]:
    return _framed(reader, [frame(ink) for ink in inks])


def _framed(reader: FramedReader, images: list[NDArray[np.floating]]) -> list[Prediction]:
    return reader.read_framed(np.stack(images)) if images else []


def less_sure(prediction: Prediction, boxes: Iterable[Box]) -> Prediction:
    """A Prediction with these boxes of left-over ink: half the confidence and never confident, if there are any."""
    boxes = tuple(boxes)
    if not boxes:
        return prediction
    emotion = "hesitant" if prediction.emotion == "confident" else prediction.emotion
    return replace(prediction, confidence=NOT_A_PART * prediction.confidence, emotion=emotion, left_over=boxes)
