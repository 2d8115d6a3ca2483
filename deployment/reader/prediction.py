"""Results of reading a picture: a Prediction of one digit, a NumberReading of numbers.

A box is (top, left, bottom, right) in pixels of the source.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.uncertainty.readout import EMOTIONS
from deployment.reader.paper.apart import Box

ALTERNATIVE_FROM = 0.05  # least calibrated probability of a digit that is listed among the alternatives
UNKNOWN = "?"  # text of what is no digit and no sign
Value = Decimal | date | time | None  # of a written number


def boxes_text(boxes: Iterable[Box]) -> str:
    """Boxes as a cell of a table: "top left bottom right; ...", in pixels of the picture."""
    return "; ".join(" ".join(map(str, box)) for box in boxes)


def _renamed(former: str, name: str, value: Any) -> Any:
    warnings.warn(f"{former} is now called {name}", DeprecationWarning, stacklevel=3)
    return value


@dataclass(frozen=True)
class Hypothesis:
    """One hypothesis of where the ink is, and the digit read from it. method: "light" or "colour"; chosen: whether this
    reading is the answer."""

    method: str
    digit: int
    confidence: float
    chosen: bool


class LazySets(Mapping[float, list[int]]):
    """The prediction sets {alpha: digits} of one image, computed when they are first read, as they take a fifth of a
    prediction. A copy or a pickle is a dict.

    batch: returns the sets {alpha: (N, 10)} of the images that were read with this one; index: its row.
    """

    def __init__(self, batch: Callable[[], Mapping[float, NDArray[np.bool_]]], index: int) -> None:
        self._batch, self._index = batch, index

    @cached_property
    def _digits(self) -> dict[float, list[int]]:
        return {alpha: np.flatnonzero(sets[self._index]).tolist() for alpha, sets in self._batch().items()}

    def __getitem__(self, alpha: float) -> list[int]:
        return self._digits[alpha]

    def __iter__(self) -> Iterator[float]:
        return iter(self._digits)

    def __len__(self) -> int:
        return len(self._digits)

    def __repr__(self) -> str:
        return repr(self._digits)

    def __reduce__(self) -> tuple[type[dict], tuple[dict[float, list[int]]]]:
        return dict, (self._digits,)


@dataclass(frozen=True)
class Prediction:
    """One digit. Probabilities are calibrated; the arrays belong to the caller."""

    digit: int  # 0 .. 9
    probabilities: NDArray[np.floating]  # (10,), summing to 1
    confidence: float  # probability that the digit is right: the largest one; half of it if ink is left over
    runner_up: int  # the digit with the second largest probability
    prediction_sets: Mapping[float, list[int]]  # {alpha: digits}; misses the right digit at rate alpha (conformal.py)
    novelty: float  # distance from the training digits in the network's features; above 1 is unusual
    emotion: str  # "confident", "hesitant", "confused" or "curious"; defined in core/uncertainty/readout.py
    gate: NDArray[np.floating] | None  # (h,) in (0, 1); None for a network without a gate
    hidden: list[NDArray[np.floating]]  # activations (h,) of each hidden layer, the gated one last
    image: NDArray[np.floating]  # (28, 28) in [0, 1], the network's input; empty if it is not stored
    box: Box = (0, 0, 0, 0)  # box of the ink that was read
    left_over: tuple[Box, ...] = ()  # boxes of separate ink that is not part of the answer
    hypotheses: tuple[Hypothesis, ...] = ()  # those that were read; another one only where the first is not confident

    @property
    def alternatives(self) -> list[int]:
        """The digits with a calibrated probability of at least 5 %, the answer first, then the most likely."""
        order = [int(d) for d in np.argsort(-self.probabilities, kind="stable")]
        return [self.digit, *(d for d in order if d != self.digit and self.probabilities[d] >= ALTERNATIVE_FROM)]

    @property
    def could_be(self) -> dict[float, list[int]]:
        """Deprecated: prediction_sets."""
        return _renamed("Prediction.could_be", "prediction_sets", self.prediction_sets)

    @property
    def rivals(self) -> list[int]:
        """Deprecated: alternatives, which begin with the answer."""
        return _renamed("Prediction.rivals", "alternatives, which begin with the answer", self.alternatives[1:])

    def to_dict(self) -> dict[str, Any]:
        """The values as JSON types, without activations and image."""
        return {"digit": self.digit, "confidence": round(self.confidence, 6), "emotion": self.emotion,
                "runner_up": self.runner_up, "alternatives": self.alternatives, "novelty": round(self.novelty, 4),
                "box": list(self.box), "left_over": [list(box) for box in self.left_over],
                "hypotheses": [{"method": one.method, "digit": one.digit, "confidence": round(one.confidence, 6),
                                "chosen": one.chosen} for one in self.hypotheses],
                "prediction_sets": {f"{alpha:.1%}": digits for alpha, digits in self.prediction_sets.items()},
                "probabilities": [round(float(p), 6) for p in self.probabilities]}


@dataclass(frozen=True)
class Place(Prediction):
    """One digit or sign of a number: a Prediction with five more fields.

    text: the character, "?" if it is neither; line: index of its line; chance: probability that it is segmented and
    read correctly; spaced: whether a wide gap parts it from what stands before it in its line; shares: {text:
    probability by the lattice} of what is likeliest at this place. The Prediction of a sign that is not a digit says
    what digit it would be.
    """

    text: str = UNKNOWN
    line: int = 0
    chance: float = 0.0
    spaced: bool = False
    shares: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {"text": self.text, "line": self.line, "chance": round(self.chance, 6), "spaced": self.spaced,
                **super().to_dict()}


@dataclass(frozen=True)
class NumberReading:
    """The numbers on a picture.

    text: lines joined by newline, numbers on one line by a space; digits: the Places of digits and signs in reading
    order; confidence: probability that the whole text is right, at most 0.98 if a place is not confident, and halved if
    ink is left over; alternatives: {index of a doubtful Place: what else may stand there, each with a probability of at
    least 5 %, most likely first: a digit or sign, several, or "" for none}; values: the value of each number, see
    deployment.reader.number.values; check: whether the written sums are right, None without one; page: the picture
    (H, W) uint8, reduced; scale: pixels of the source per pixel of the page; left_over: boxes of ink outside the text.
    """

    text: str
    digits: list[Place]
    confidence: float
    alternatives: dict[int, list[str]]
    page: NDArray[np.uint8]
    scale: float
    left_over: tuple[Box, ...] = ()
    values: tuple[Value, ...] = ()
    check: bool | None = None

    @property
    def emotion(self) -> str:
        """The emotion of the most doubtful place; at best hesitant if ink is left over."""
        return max((*(place.emotion for place in self.digits), *(["hesitant"] if self.left_over else [])),
                   key=EMOTIONS.index)

    @property
    def feeling(self) -> str:
        """Deprecated: emotion."""
        return _renamed("NumberReading.feeling", "emotion", self.emotion)

    @property
    def could_be(self) -> dict[int, list[str]]:
        """Deprecated: alternatives."""
        return _renamed("NumberReading.could_be", "alternatives", self.alternatives)

    def to_dict(self) -> dict[str, Any]:
        """The values as JSON types, without the page."""
        return {"text": self.text, "confidence": round(self.confidence, 6),
                "digits": [place.to_dict() for place in self.digits],
                "left_over": [list(box) for box in self.left_over],
                "values": [None if value is None else str(value) for value in self.values], "check": self.check,
                "alternatives": {str(place): signs for place, signs in self.alternatives.items()}}


class FramedReader(Protocol):
    """Reads framed images, as deployment.deploy_mnist.MNISTDeployer does."""

    def read_framed(self, images: NDArray[np.floating]) -> list[Prediction]:
        """Predictions of images (N, 28, 28), floats in [0, 1]."""
        ...
