"""Choose between the hypotheses of where a digit's ink is, by reading both.

The hypothesis by light alone is the faster one. The one by colour is tried where the first is not sure or could be
mistaken: a line, a shadow, a digit that is cut off.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from deployment.reader import left_over
from deployment.reader.paper.apart import boxes_of
from deployment.reader.paper.digit import LEAST_DIGIT, LocatedDigit, locate_by_colour, locate_by_light
from deployment.reader.paper.ink import Ink, find_ink
from deployment.reader.paper.light import CROP
from deployment.reader.paper.masks import grown
from deployment.reader.paper.opencv import cv2
from deployment.reader.picture.load import Pixels
from deployment.reader.picture.opening import InputError
from deployment.reader.prediction import FramedReader, Hypothesis, Prediction

SMALL = 0.25  # of the picture's long side: a smaller digit is searched by colour, too
SEEN, NEAR = 0.5, 5  # of a digit's ink is ink by colour, or so many pixels away from it; else it was light or shadow
NARROW = 0.25  # of its length: what is narrower could be a line
LINE = 0.6  # of a digit's ink on the lines of the paper, from which on it is one of these


@dataclass
class Sighting:
    """A picture and the digits that its hypotheses found, with the Prediction of each.

    pixels: None where there is no other hypothesis; ink: by colour, if that was tried.
    """

    pixels: Pixels | None
    name: str
    digits: list[LocatedDigit] = field(default_factory=list)
    predictions: list[Prediction] = field(default_factory=list)
    ink: Ink | None = None

    def add(self, digit: LocatedDigit | None) -> None:
        """Add the digit of another hypothesis, if it found one."""
        self.digits += [] if digit is None else [digit]

    @property
    def needs_another(self) -> bool:
        """Whether another hypothesis is to be tried: not where the reading is confident, leaves nothing over, and what
        was read is no line of the paper, not small and not cut off by the picture's edge."""
        return self.pixels is not None and not any(
            one.emotion == "confident" and not one.left_over
            and not (is_line(digit.ink) or self.is_small(digit) or self.is_cut_off(digit))
            for digit, one in zip(self.digits, self.predictions, strict=True))

    def is_small(self, digit: LocatedDigit) -> bool:
        """Whether a digit is small in its picture, where a shadow or the grain of paper could pass for one."""
        return self.pixels is not None and max(digit.ink.shape) * digit.scale < (
            SMALL * max(self.pixels.grey.shape) * self.pixels.scale)

    def is_cut_off(self, digit: LocatedDigit) -> bool:
        """Whether a digit touches an edge of the picture, where this is not a drawing or a crop."""
        if self.pixels is None or max(self.pixels.grey.shape) <= CROP:
            return False
        zoom = digit.scale / self.pixels.scale
        height, width = self.pixels.grey.shape
        top, left, bottom, right = digit.box
        return min(top, left) <= 1 or bottom * zoom >= height - 1.5 * zoom or right * zoom >= width - 1.5 * zoom

    def share_on(self, mask: NDArray[np.bool_], digit: LocatedDigit) -> float:
        """The share of a digit's ink that lies on a mask (H, W) of the picture's Ink."""
        assert self.pixels is not None and self.ink is not None  # the mask belongs to it
        zoom = digit.scale / (self.pixels.scale * self.ink.scale)
        rows, columns = (np.minimum(((np.arange(n) + first + 0.5) * zoom).astype(int), most - 1)
                         for n, first, most in zip(digit.ink.shape, digit.corner, mask.shape, strict=True))
        return float((digit.ink * mask[rows[:, None], columns]).sum() / digit.ink.sum())


def read(reader: FramedReader, pictures: Sequence[tuple[Pixels, str]], kind: str | None = None
         ) -> list[Prediction | InputError]:
    """The Prediction of each picture, (Pixels, name), or an InputError that says what was seen instead of a digit."""
    sightings = []
    for pixels, name in pictures:
        digit, only = locate_by_light(pixels, kind)
        sightings.append(Sighting(None if only else pixels, name))
        sightings[-1].add(digit)
    _predict(reader, sightings)
    doubtful = [sighting for sighting in sightings if sighting.needs_another]
    for sighting in doubtful:
        assert sighting.pixels is not None  # otherwise none is needed
        sighting.ink = find_ink(sighting.pixels.values)
        sighting.add(locate_by_colour(sighting.pixels, sighting.ink))
    _predict(reader, doubtful)
    return [_answer(sighting) for sighting in sightings]


def _predict(reader: FramedReader, sightings: Iterable[Sighting]) -> None:
    """Read the digits of Sightings that were not read yet."""
    new = [(sighting, digit) for sighting in sightings for digit in sighting.digits[len(sighting.predictions) :]]
    predictions = left_over.read(reader, [left_over.Digit.of(digit) for _, digit in new])
    for (sighting, _), prediction in zip(new, predictions, strict=True):
        sighting.predictions.append(prediction)


def is_line(ink: NDArray[np.floating]) -> bool:
    """Whether ink (h, w) is long and narrow in some direction, as a 1, a line of paper and the edge of a shadow are."""
    points = np.argwhere(ink > 0.5).astype(np.float32)
    if not len(points):
        return True
    _, sides, _ = cv2.minAreaRect(points)
    return min(sides) < NARROW * max(sides)


def _answer(sighting: Sighting) -> Prediction | InputError:
    """The reading that looks like a digit and is surest, with a note of all; what is a line or a shadow is none."""
    read, ink = list(zip(sighting.digits, sighting.predictions, strict=True)), sighting.ink
    if ink is not None:
        inked = grown(ink.mask, NEAR)
        read = [(digit, prediction) for digit, prediction in read if digit.method == "colour" or (
            sighting.share_on(ink.lines, digit) < LINE and sighting.share_on(inked, digit) > SEEN)]
    if not read:
        return InputError(_seen(sighting))
    digit, best = max(read, key=lambda pair: (not sighting.is_cut_off(pair[0]), pair[1].emotion != "curious",
                                              pair[1].confidence))
    agreed = len({prediction.digit for _, prediction in read}) == 1 < len(read)
    doubtful = sighting.is_cut_off(digit) and (is_line(digit.ink) or not agreed)
    doubtful |= ink is not None and is_line(digit.ink) and sighting.share_on(ink.lines, digit) >= LINE
    if doubtful and best.emotion == "confident":
        best = replace(best, emotion="hesitant")
    return replace(best, hypotheses=tuple(
        Hypothesis(one.method, prediction.digit, prediction.confidence, one is digit)
        for one, prediction in zip(sighting.digits, sighting.predictions, strict=True)))


def _seen(sighting: Sighting) -> str:
    """What was seen of a picture without a digit, and what to do."""
    ink, remedy = sighting.ink, "draw or photograph one digit, large and dark on plain paper."
    count = 0
    if ink is not None:
        least = LEAST_DIGIT * max(ink.mask.shape)
        count = sum(max(bottom - top, right - left) >= least for top, left, bottom, right in boxes_of(ink.mask))
    if count:
        amount = "One piece" if count == 1 else f"{count:,} pieces"
        return f"{amount} of ink in {sighting.name}, none like a digit: {remedy}"
    if ink is not None and ink.rules:
        return f"Only the lines of the paper were found in {sighting.name}: {remedy}"
    return f"No ink was found in {sighting.name}: {remedy}"
