"""Read whole numbers from a picture: lines of digits and signs with their boxes and confidence."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.digits.data import DIGITS
from core.digits.pairs.signs import SIGNS
from core.nn.context import Array
from deployment.reader.left_over import NOT_A_PART, in_source, judge
from deployment.reader.number.confidence import Confidence, alone
from deployment.reader.number.line import Line
from deployment.reader.number.page import NumberReader, Written, written
from deployment.reader.number.pen import Stroke
from deployment.reader.number.score import NO_SIGN, TEXTS
from deployment.reader.number.text import LineText, spaced
from deployment.reader.number.values import Dates, check, values
from deployment.reader.paper.apart import Apart, moved
from deployment.reader.picture.load import PictureSource, load_pixels
from deployment.reader.prediction import UNKNOWN, Box, NumberReading, Place, Prediction

CERTAIN = 0.98  # probability of being cut out and read rightly, from which on a place of a number can be confident
PROBABLE = 0.6  # the same, from which on it is hesitant and not confused
UNCLEAR = 0.003  # probability of holding what is no sign, from which on nothing in a line is confident: perhaps a word
# Nats by which signs are less likely where digits alone are expected
DIGITS_ALONE = np.where((np.arange(len(TEXTS)) >= DIGITS) & (np.arange(len(TEXTS)) < NO_SIGN), -3.0, 0.0)
SHARES = 4  # likeliest signs of a place that are stored with it
SHOWN = 900  # pixels of the long side of the page stored in a reading


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
    texts = [LineText.of(line.lattice if signs else line.lattice.weighted(DIGITS_ALONE)) for line in page.lines]
    calibrated = Confidence.shipped()
    rows = _places(deployer, page, texts, calibrated, scale)
    places, alternatives = [], {}
    for number, (row, text) in enumerate(zip(rows, texts, strict=True)):
        likely = text.alternatives()
        rows[number] = [place for place in row if signs or place.text not in SIGNS]
        for i, place in enumerate(row):
            if signs or place.text not in SIGNS:
                if i in likely and place.text != UNKNOWN:
                    alternatives[len(places)] = likely[i]
                places.append(place)
    confidence = float(np.prod([calibrated.of_text(text, line.evidence)
                                for text, line in zip(texts, page.lines, strict=True)]))
    if any(place.emotion != "confident" for place in places):
        confidence = min(confidence, CERTAIN)
    boxes = [in_source(box, scale) for box in (*_apart(deployer, page, texts), *(blob.box for blob in page.rest))]
    confidence *= NOT_A_PART if boxes else 1
    step = max(1, -(-max(grey.shape) // SHOWN))
    picture = (255 * np.clip(grey[::step, ::step], 0, 1)).astype(np.uint8)
    text = "\n".join("".join(" " * (place.spaced and signs) + place.text for place in row) for row in rows if row)
    return NumberReading(text, places, confidence, alternatives, picture, scale * step, tuple(boxes),
                         tuple(values(text, dates)), check(text))


def _places(deployer: NumberReader, page: Written, texts: Sequence[LineText], calibrated: Confidence,
            scale: float) -> list[list[Place]]:
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
        row = [_place(next(predictions), sign, float(chance), share, next(boxes), number, bool(single),
                      text.unclear >= UNCLEAR)
               for sign, chance, share, single in zip(
                   text.text, calibrated.of_places(text, line.evidence), text.shares, alone(text, line.evidence),
                   strict=True)]
        gaps = spaced([place.box for place in row], line.height * scale)
        rows.append([replace(place, spaced=gap) for place, gap in zip(row, gaps, strict=True)])
    return rows


def _place(prediction: Prediction, sign: int, chance: float, share: Array, box: Box, line: int, alone: bool,
           unclear: bool) -> Place:
    """The Place of a sign that is right with this chance; share (len(TEXTS),): what the lattice says of each sign.
    alone: it is one blob, so that what its prediction says of its likeness to digits holds; unclear: its line may be
    a word, in which nothing is confident.

    Where it is not confident its chance is CERTAIN at most, so that emotion and number agree.
    """
    strange = prediction.emotion == "curious"
    emotion = "confident" if chance >= CERTAIN else "hesitant" if chance >= PROBABLE else "confused"
    if sign == NO_SIGN or (sign < DIGITS and alone and strange):
        emotion = "curious"
    elif sign < DIGITS and alone and emotion == "confident":
        emotion = prediction.emotion
    if unclear and emotion == "confident":
        emotion = "hesitant"
    if emotion != "confident":
        chance = min(chance, CERTAIN)
    values = {name: getattr(prediction, name) for name in Prediction.__dataclass_fields__}
    if sign < DIGITS and sign != prediction.digit:
        values |= _of_the_number(sign, share[:DIGITS])
    likely = {TEXTS[i]: float(share[i]) for i in np.argsort(-share, kind="stable")[:SHARES]}
    return replace(Place(**values), emotion=emotion, box=box, text=TEXTS[sign], line=line, chance=chance, shares=likely)


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
