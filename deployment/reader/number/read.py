"""Read whole numbers from a picture: lines of digits and signs with their boxes and confidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from core.digits.data import DIGITS
from core.digits.pairs.signs import SIGNS
from core.nn.context import Array
from deployment.reader.left_over import NOT_A_PART, in_source, judge
from deployment.reader.number.confidence import Confidence
from deployment.reader.number.page import NumberReader, Written, written
from deployment.reader.number.pen import Stroke
from deployment.reader.number.places import CERTAIN, places_of, words
from deployment.reader.number.score import NO_SIGN, TEXTS, Weights
from deployment.reader.number.text import LineText
from deployment.reader.number.values import Dates, check, values
from deployment.reader.paper.apart import Apart, moved
from deployment.reader.picture.load import PictureSource, load_pixels
from deployment.reader.picture.opening import InputError
from deployment.reader.prediction import UNKNOWN, Box, NumberReading, Place

# Nats by which signs are less likely where digits alone are expected
DIGITS_ALONE = np.where((np.arange(len(TEXTS)) >= DIGITS) & (np.arange(len(TEXTS)) < NO_SIGN), -3.0, 0.0)
SHOWN = 900  # pixels of the long side of the page stored in a reading


@dataclass(frozen=True)
class LineReading:
    """One line: its LineText, its Places, {index of a doubtful one: what else may stand there}, and the probability
    that all of it is right."""

    text: LineText
    places: list[Place]
    alternatives: dict[int, list[str]]
    confidence: float


def read_number(deployer: NumberReader, source: PictureSource, name: str = "the picture", kind: str | None = None,
                strokes: Sequence[Stroke] = (), signs: bool = True, dates: Dates = "dmy") -> NumberReading:
    """The NumberReading of a picture; name and kind as of MNISTDeployer.predict.

    strokes: the pen strokes of a drawing, in pixels of the source. signs: without them the text holds digits alone, as
    in codes and phone numbers. dates: whether the day or the month comes first. Raises InputError if there is nothing
    to read or too much.
    """
    pixels = load_pixels(source, name)
    grey, scale = pixels.grey, pixels.scale
    page = written(deployer, pixels.values, name, kind, [(np.asarray(points) / scale, width / scale)
                                                         for points, width in strokes])
    lines = read_lines(deployer, page, scale, signs)
    if not any(line.places for line in lines):
        raise InputError(f"No digit was found in {name}, only signs: read it with signs.")
    left_over = _apart(deployer, page, [line.text for line in lines])
    step = max(1, -(-max(grey.shape) // SHOWN))
    picture = (255 * np.clip(grey[::step, ::step], 0, 1)).astype(np.uint8)
    return number_reading(lines, picture, scale * step, signs, dates,
                          [in_source(box, scale) for box in (*left_over, *(blob.box for blob in page.rest))])


def read_lines(deployer: NumberReader, page: Written, scale: float, signs: bool = True,
               likelier: Array | float = 0.0) -> list[LineReading]:
    """The LineReading of each line of a page. scale: pixels of the source per pixel of the page; likelier: by how many
    nats each of TEXTS is likelier than in any other number."""
    by = likelier + (0.0 if signs else DIGITS_ALONE) + np.zeros(len(TEXTS))
    texts = [LineText.of(line.lattice.weighted(by), Weights.shipped().shapes, partial(words, line))
             for line in page.lines]
    answers = []
    for line, row, text in zip(page.lines, places_of(deployer, page, texts, scale), texts, strict=True):
        doubts, shown = text.alternatives(), [i for i, place in enumerate(row) if signs or place.text not in SIGNS]
        alternatives = {number: likely for number, i in enumerate(shown)
                        if row[i].text != UNKNOWN and (likely := doubts.get(i))}
        answers.append(LineReading(text, [row[i] for i in shown], alternatives,
                                   Confidence.shipped().of_text(text, line.evidence)))
    return answers


def number_reading(lines: Sequence[LineReading], picture: NDArray[np.uint8], scale: float, signs: bool = True,
                   dates: Dates = "dmy", left_over: Sequence[Box] = ()) -> NumberReading:
    """The NumberReading of lines; picture, scale: its `page`, and pixels of the source per pixel of that."""
    places, alternatives = [], {}
    for line in lines:
        alternatives |= {len(places) + i: likely for i, likely in line.alternatives.items()}
        places += line.places
    confidence = float(np.prod([line.confidence for line in lines]))
    if any(place.emotion != "confident" for place in places):
        confidence = min(confidence, CERTAIN)
    confidence *= NOT_A_PART if left_over else 1
    text = "\n".join("".join(" " * (place.spaced and signs) + place.text for place in line.places)
                     for line in lines if line.places)
    return NumberReading(text, places, confidence, alternatives, picture, scale, tuple(left_over),
                         tuple(values(text, dates)), check(text))


def _apart(deployer: NumberReader, page: Written, texts: Sequence[LineText]) -> list[Box]:
    """Boxes on the page of components of the digits that are read as well without them."""
    joined = [(line, i) for line, text in zip(page.lines, texts, strict=True)
              for (i, signs), sign in zip(text.path, text.first_signs, strict=True)
              if signs == 1 and sign < DIGITS and not line.evidence.joined[i]]
    signs = [(line.predictions.get(i) or deployer.read_framed(line.images[i][None])[0], Apart.of(ink), corner)
             for line, i in joined for ink, corner in [line.ink(page.ink, page.mask, line.segments[i])]]
    judged = judge(deployer, [prediction for prediction, _, _ in signs], [apart for _, apart, _ in signs])
    return [moved(apart.box(i), corner) for (_, apart, corner), (_, left) in zip(signs, judged, strict=True) if apart
            for i in left]
