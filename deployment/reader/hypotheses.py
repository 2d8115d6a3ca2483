"""Choose among the hypotheses of where a digit's ink is, by reading each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from deployment.reader import left_over
from deployment.reader.paper.digit import LocatedDigit, is_drawing, locate_by_colour, locate_by_light
from deployment.reader.paper.ink import Ink, find_ink, rule_bands
from deployment.reader.paper.masks import grown, labelled
from deployment.reader.paper.pick import SLIM
from deployment.reader.picture.load import InputError, Pixels
from deployment.reader.prediction import FramedReader, Hypothesis, Prediction

CROP = 100  # pixels: a picture of this side or less may be a crop, whose digit reaches its edges
SMALL = 0.25  # of the picture's long side: a smaller digit is looked for by colour, too
SEEN, NEAR = 0.5, 5  # of a digit's ink is ink by colour, or so many pixels near it; else it was light or shadow
LINE = 0.6  # of a digit's ink on the lines of the paper, from which on it is one of these


@dataclass
class Sighting:
    """A picture with its hypotheses. digits: of those with one; predictions: of each; ink: by colour, if searched."""

    pixels: Pixels | None
    name: str
    digits: list[LocatedDigit]
    predictions: list[Prediction]
    ink: Ink | None = None

    @property
    def is_clear(self) -> bool:
        """Whether no other hypothesis is needed: the reading is confident, leaves nothing over, and what was read is no
        line of the paper, not small and not cut off by the picture's edge."""
        return any(one.emotion == "confident" and not one.left_over and not is_slim(digit.ink)
                   and not self.is_small(digit) and not self.is_cut_off(digit)
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


def read(reader: FramedReader, pictures: Sequence[tuple[Pixels, str]], kind: str | None = None
         ) -> list[Prediction | InputError]:
    """The Prediction of each picture, (Pixels, name), or an InputError that says what was seen instead of a digit."""
    sightings = [Sighting(None if kind == "canvas" or is_drawing(pixels.grey) else pixels, name,
                          _some(locate_by_light(pixels, kind)), []) for pixels, name in pictures]
    _predict(reader, sightings)
    open_ones = [one for one in sightings if not one.is_clear and one.pixels is not None]
    for sighting in open_ones:
        pixels = sighting.pixels
        assert pixels is not None  # chosen above
        sighting.ink = find_ink(pixels.grey if pixels.colour is None else pixels.colour)
        sighting.digits += _some(locate_by_colour(pixels, sighting.ink))
    _predict(reader, open_ones)
    return [_answer(sighting) for sighting in sightings]


def _some(digit: LocatedDigit | None) -> list[LocatedDigit]:
    return [] if digit is None else [digit]


def _predict(reader: FramedReader, sightings: Iterable[Sighting]) -> None:
    """Read those digits of Sightings that were not read yet."""
    new = [(sighting, digit) for sighting in sightings for digit in sighting.digits[len(sighting.predictions):]]
    for (sighting, _), prediction in zip(new, left_over.read(reader, [left_over.Digit.of(digit) for _, digit in new]),
                                         strict=True):
        sighting.predictions.append(prediction)


def is_slim(ink: NDArray[np.floating]) -> bool:
    """Whether ink (h, w) is a long thin stroke, as a 1 and a line of paper are."""
    mask = ink > 0.5
    return bool(SLIM * mask.sum() < max(ink.shape) ** 2)


def share_on(mask: NDArray[np.bool_], digit: LocatedDigit, sighting: Sighting) -> float:
    """The share of a digit's ink that lies on a mask (H, W) of a Sighting's Ink."""
    assert sighting.pixels is not None and sighting.ink is not None  # the mask belongs to it
    zoom = digit.scale / (sighting.pixels.scale * sighting.ink.scale)
    rows, columns = (np.minimum(((np.arange(n) + first + 0.5) * zoom).astype(int), most - 1)
                     for n, first, most in zip(digit.ink.shape, digit.corner, mask.shape, strict=True))
    return float((digit.ink * mask[rows[:, None], columns]).sum() / digit.ink.sum())


def _answer(sighting: Sighting) -> Prediction | InputError:
    """The reading that looks like a digit and is surest, with a note of all; what is a line or a shadow is none."""
    read = list(zip(sighting.digits, sighting.predictions, strict=True))
    ink = sighting.ink
    if ink is not None:
        rules, inked = rule_bands(ink.ink.shape, ink.rules), grown(ink.mask, NEAR)
        read = [(digit, prediction) for digit, prediction in read if digit.method == "colour" or (
            share_on(rules, digit, sighting) < LINE and share_on(inked, digit, sighting) > SEEN)]
    if not read:
        return InputError(_seen(sighting))
    digit, best = max(read, key=lambda pair: (not sighting.is_cut_off(pair[0]), pair[1].emotion != "curious",
                                              pair[1].confidence))
    agreed = len({prediction.digit for _, prediction in read}) == 1 < len(read)
    if sighting.is_cut_off(digit) and best.emotion == "confident" and (is_slim(digit.ink) or not agreed):
        best = replace(best, emotion="hesitant")
    return replace(best, hypotheses=tuple(
        Hypothesis(one.method, prediction.digit, prediction.confidence, one is digit)
        for one, prediction in zip(sighting.digits, sighting.predictions, strict=True)))


def _seen(sighting: Sighting) -> str:
    """What was seen of a picture without a digit, and what to do."""
    ink, remedy = sighting.ink, "draw or photograph one digit, large and dark on plain paper."
    components = labelled(ink.mask)[1] if ink is not None else 0
    if components:
        count = "One piece" if components == 1 else f"{components:,} pieces"
        return f"{count} of ink in {sighting.name}, none like a digit: {remedy}"
    if ink is not None and ink.rules:
        return f"Only the lines of the paper were found in {sighting.name}: {remedy}"
    return f"No ink was found in {sighting.name}: {remedy}"
