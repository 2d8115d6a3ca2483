"""Read whole numbers from a picture: lines of digits and signs with their boxes and confidence."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.digits.data import DIGITS
from core.nn.context import Array
from deployment.reader.left_over import NOT_A_PART, in_source, judge
from deployment.reader.number.line import Line
from deployment.reader.number.page import NumberReader, Written, written
from deployment.reader.number.pen import Stroke
from deployment.reader.number.score import NO_SIGN, TEXTS
from deployment.reader.number.text import LineText
from deployment.reader.paper.apart import Apart, moved
from deployment.reader.picture.load import PictureSource, load_pixels
from deployment.reader.prediction import Box, NumberReading, Place, Prediction

CERTAIN = 0.98  # probability of being cut out and read rightly, from which on a place of a number can be confident
PROBABLE = 0.6  # the same, from which on it is hesitant and not confused
LIKELY = 0.4  # the same, below which an out-of-distribution sign is not a digit
SHOWN = 900  # pixels of the long side of the page stored in a reading


def read_number(deployer: NumberReader, source: PictureSource, name: str = "the picture", kind: str | None = None,
                strokes: Sequence[Stroke] = ()) -> NumberReading:
    """The NumberReading of a picture; name and kind as of MNISTDeployer.predict.

    strokes: the pen strokes of a drawing, in pixels of the source. Raises InputError if there is nothing to read or too
    much.
    """
    pixels = load_pixels(source, name)
    grey, scale = pixels.grey, pixels.scale
    page = written(deployer, pixels.values, name, kind, [(np.asarray(points) / scale, width / scale)
                                                         for points, width in strokes])
    texts = [LineText.of(line.lattice) for line in page.lines]
    rows = _places(deployer, page, texts, scale)
    places, alternatives = [], {}
    for row, text in zip(rows, texts, strict=True):
        alternatives |= {len(places) + place: likely for place, likely in text.alternatives().items()
                         if row[place].text != TEXTS[NO_SIGN]}
        places += row
    confidence = float(np.exp(sum(text.log_probability for text in texts)))
    if any(place.emotion != "confident" for place in places):
        confidence = min(confidence, CERTAIN)
    boxes = [in_source(box, scale) for box in (*_apart(deployer, page, texts), *(blob.box for blob in page.rest))]
    confidence *= NOT_A_PART if boxes else 1
    step = max(1, -(-max(grey.shape) // SHOWN))
    picture = (255 * np.clip(grey[::step, ::step], 0, 1)).astype(np.uint8)
    return NumberReading("\n".join("".join(place.text for place in row) for row in rows), places, confidence,
                         alternatives, picture, scale * step, tuple(boxes))


def _places(deployer: NumberReader, page: Written, texts: Sequence[LineText], scale: float) -> list[list[Place]]:
    """The Places of each line."""
    parts, known = [], []
    for line, text in zip(page.lines, texts, strict=True):
        for i, signs in text.path:
            found = [(line.images[i], line.segments[i].box)] if signs == 1 else line.halves(page.ink, page.mask, i)
            parts += found
            known += [line.predictions.get(i)] if signs == 1 else [None, None]
    new = [image for (image, _), prediction in zip(parts, known, strict=True) if prediction is None]
    read = iter(deployer.read_framed(np.stack(new)) if new else [])
    predictions = iter([prediction or next(read) for prediction in known])
    boxes, rows = iter(in_source(box, scale) for _, box in parts), []
    for number, (line, text) in enumerate(zip(page.lines, texts, strict=True)):
        alone = [signs == 1 and line.alone(i) for i, signs in text.path for _ in range(signs)]
        rows.append([_place(next(predictions), sign, share, next(boxes), number, single)
                     for sign, share, single in zip(text.text, text.shares, alone, strict=True)])
    return rows


def _place(prediction: Prediction, sign: int, share: Array, box: Box, line: int, alone: bool) -> Place:
    """The Place of a sign with the probabilities `share` (len(TEXTS),) of each. `alone`: it is one blob, so that what
    its prediction says of its likeness to digits holds.

    Where it is not confident its chance is CERTAIN at most, so that emotion and number agree.
    """
    chance, strange = float(share[sign]), prediction.emotion == "curious"
    if sign < DIGITS and alone and strange and chance < LIKELY:
        sign = NO_SIGN
    emotion = "confident" if chance >= CERTAIN else "hesitant" if chance >= PROBABLE else "confused"
    if sign == NO_SIGN or (sign < DIGITS and alone and strange):
        emotion = "curious"
    elif sign < DIGITS and alone and emotion == "confident":
        emotion = prediction.emotion
    if emotion != "confident":
        chance = min(chance, CERTAIN)
    values = {name: getattr(prediction, name) for name in Prediction.__dataclass_fields__}
    if sign < DIGITS and sign != prediction.digit:
        values |= _of_the_number(sign, share[:DIGITS])
    return replace(Place(**values), emotion=emotion, box=box, text=TEXTS[sign], line=line, chance=chance)


def _of_the_number(digit: int, share: Array) -> dict:
    """The fields of a Prediction for a digit that is not the one which its picture alone shows."""
    probs = share / share.sum()
    runner_up = int(np.argsort(np.where(np.arange(DIGITS) == digit, -1, probs), kind="stable")[-1])
    return {"digit": digit, "probabilities": probs, "confidence": float(probs[digit]), "runner_up": runner_up}


def _apart(deployer: NumberReader, page: Written, texts: Sequence[LineText]) -> list[Box]:
    """Boxes on the page of components of the digits that are read as well without them."""
    joined: list[tuple[Line, int]] = [
        (line, i) for line, text in zip(page.lines, texts, strict=True)
        for (i, _), sign in zip([one for one in text.path for _ in range(one[1])], text.text, strict=True)
        if sign < DIGITS and line.joins_blobs(line.segments[i])]
    signs = [(line.predictions.get(i), Apart.of(ink), corner, line.images[i]) for line, i in joined
             for ink, corner in [line.ink(page.ink, page.mask, line.segments[i])]]
    predictions = [known or deployer.read_framed(image[None])[0] for known, _, _, image in signs]
    judged = judge(deployer, predictions, [apart for _, apart, _, _ in signs])
    return [moved(apart.box(i), corner) for (_, apart, corner, _), (_, left) in zip(signs, judged, strict=True) if apart
            for i in left]
