"""Ink that is not part of the answer: which it is, and what it does to the answer's confidence."""

from dataclasses import dataclass, replace

import numpy as np

from deployment.reader.paper.apart import Apart
from deployment.reader.paper.digit import LocatedDigit
from deployment.reader.paper.frame import frame
from deployment.reader.prediction import Prediction

NEEDED = 0.003  # of confidence that a digit loses without a piece of it, at least
MOST = 4  # pieces that are judged one by one; further ones, with less outline, are not part of a digit
WHOLE = 0.5  # the probability that ink beside the answer is not part of it: assumed, as no data say how often it is


@dataclass(frozen=True)
class Digit:
    """A LocatedDigit without its picture. image: (28, 28) of all its ink; box, rest: as of LocatedDigit, in
    pixels of the source; apart: its separate components, or None; scale: as of LocatedDigit."""

    image: np.ndarray
    box: tuple
    rest: tuple
    apart: Apart | None
    scale: float

    @classmethod
    def of(cls, found: LocatedDigit) -> "Digit":
        rest = tuple(in_source(box, found.scale) for box in found.rest)
        return cls(found.image, in_source(found.box, found.scale), rest, Apart.of(found.ink), found.scale)


def in_source(box, scale) -> tuple[int, int, int, int]:
    """A box in pixels of the source, one of the picture's being `scale` of these."""
    return tuple(round(value * scale) for value in box)


def read(deployer, digits: list[Digit]) -> list[Prediction]:
    """The Prediction of each Digit: of its ink without the pieces that it does not need, which are left over."""
    judged = judge(deployer, _framed(deployer, [digit.image for digit in digits]), [digit.apart for digit in digits])
    answers = []
    for digit, (prediction, left) in zip(digits, judged, strict=True):
        box = in_source(digit.apart.box_without(left), digit.scale) if left else digit.box
        boxes = [in_source(digit.apart.box(piece), digit.scale) for piece in left]
        answers.append(doubted(replace(prediction, box=box), (*boxes, *digit.rest)))
    return answers


def judge(deployer, predictions: list[Prediction], aparts: list[Apart | None]) -> list[tuple[Prediction, list[int]]]:
    """The Prediction of each digit without the pieces that it does not need, and the numbers of these.

    predictions: of the whole ink. A near piece belongs to a digit that is read with less confidence without it.
    """
    near = {i: [piece for piece, far in enumerate(apart.far) if not far][:MOST]
            for i, apart in enumerate(aparts) if apart}
    left = {i: [piece for piece in range(len(aparts[i].components)) if piece not in pieces]
            for i, pieces in near.items()}
    asked = [(i, piece) for i, pieces in near.items() for piece in pieces]
    for (i, piece), without in zip(asked, _read(deployer, [aparts[i].without([p]) for i, p in asked]), strict=True):
        if predictions[i].confidence <= without.confidence + NEEDED:
            left[i].append(piece)
    left = {i: pieces for i, pieces in left.items() if pieces}
    alone = dict(zip(left, _read(deployer, [aparts[i].without(own) for i, own in left.items()]), strict=True))
    return [(alone.get(i, prediction), left.get(i, [])) for i, prediction in enumerate(predictions)]


def _read(deployer, inks):
    return _framed(deployer, [frame(ink) for ink in inks])


def _framed(deployer, images):
    return deployer.read_framed(np.stack(images)) if images else []


def doubted(prediction: Prediction, boxes) -> Prediction:
    """A Prediction beside which ink is left over in these boxes: where there are any, less sure and never confident."""
    if not boxes:
        return prediction
    emotion = "hesitant" if prediction.emotion == "confident" else prediction.emotion
    return replace(prediction, confidence=WHOLE * prediction.confidence, emotion=emotion, left_over=tuple(boxes))
