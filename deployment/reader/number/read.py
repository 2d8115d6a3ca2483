"""Read whole numbers from a picture: lines of digits with their boxes and confidence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.models.model import Model
from deployment.reader.left_over import NOT_A_PART, in_source, judge
from deployment.reader.number.cuts import HARDLY_TWO, NARROW, cut
from deployment.reader.number.lattice import best_path, posterior, probability
from deployment.reader.number.line import Line
from deployment.reader.number.pen import stroke_blobs
from deployment.reader.number.score import NOTHING, Weights, signals
from deployment.reader.number.sheet import Blob, blobs, lines
from deployment.reader.paper.apart import Apart, moved
from deployment.reader.paper.ink import find_ink
from deployment.reader.picture.load import InputError, PictureSource, load_pixels
from deployment.reader.prediction import ALTERNATIVE_FROM, UNKNOWN, Box, FramedReader, NumberReading, Place, Prediction

MOST_SIGNS, MOST_PRIMITIVES = 300, 800  # on one page, before and after cutting
MANY_PRIMITIVES = 300  # more than these, and only what is wide is cut
WORDY = 0.01  # probability of being a line of words, from which on nothing in it is confident
PERHAPS = 0.1  # the same, from which on an out-of-distribution sign is not a digit
CERTAIN = 0.98  # probability of being cut out and read rightly, from which on a digit of a number can be confident
LIKELY = 0.4  # probability below which an out-of-distribution sign is not a digit
WORTH = 0.03  # probability of standing in the right reading, from which on a segment gets test-time augmentation
ONE = 1.0  # the score as a digit, in nats, from which on a blob is not cut: hardly a joined pair reaches it
MANY, ONE_OF_MANY = 40, -0.5  # on a page of more blobs, where each cut costs time, from this on
SHOWN = 900  # pixels of the long side of the page stored in a reading

Stroke = tuple[ArrayLike, float]  # points (n, 2), x and y, and width, in pixels


class NumberReader(FramedReader, Protocol):
    """What read_number needs of deployment.deploy_mnist.MNISTDeployer."""

    model: Model

    def assess(self, images: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating],
                                                            NDArray[np.floating], NDArray[np.floating]]:
        """Probabilities, digitness, novelty and hidden layers; see MNISTDeployer.assess."""
        ...


@dataclass(frozen=True)
class Written:
    """The writing on a page: ink and mask (H, W), Lines of signs, and Blobs outside these."""

    ink: NDArray[np.floating]
    mask: NDArray[np.bool_]
    lines: list[Line]
    rest: list[Blob]


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
    lines = page.lines
    augment(deployer, lines)
    wordy = [line.take_for_word() for line in lines]
    paths = [best_path(len(line.primitives), line.segments, line.scores.max(axis=1)) for line in lines]
    _read_closely(deployer, lines, paths)
    places, texts, alternatives, confidence = [], [], {}, 1.0
    for number, (line, path, as_word) in enumerate(zip(lines, paths, wordy, strict=True)):
        scores = line.scores
        shares = posterior(len(line.primitives), line.segments, scores)[path]
        shown = []
        for i, share in zip(path, shares, strict=True):
            prediction, sign = line.predictions[i], int(scores[i].argmax())
            likely = [int(d) for d in np.argsort(-share[:NOTHING], kind="stable") if share[d] >= ALTERNATIVE_FROM]
            if prediction.emotion == "curious" and (
                    share[sign] < LIKELY or (line.long and as_word >= PERHAPS)):
                sign = NOTHING
            if sign != NOTHING and likely != [sign]:
                alternatives[len(places)] = likely or [sign]
            box = in_source(line.segments[i].box, scale)
            places.append(_place(prediction, sign, float(share[sign]), box, number, as_word >= WORDY))
            shown.append(sign)
        confidence *= probability(shown, len(line.primitives), line.segments, scores)
        texts.append("".join(place.text for place in places[-len(path):]))
    boxes = [in_source(box, scale) for box in (*_apart(deployer, page, paths), *(blob.box for blob in page.rest))]
    step = max(1, -(-max(grey.shape) // SHOWN))
    picture = (255 * np.clip(grey[::step, ::step], 0, 1)).astype(np.uint8)
    if any(place.emotion != "confident" for place in places):
        confidence = min(confidence, CERTAIN)
    confidence *= NOT_A_PART if boxes else 1
    return NumberReading("\n".join(texts), places, confidence, alternatives, picture, scale * step, tuple(boxes))


def _place(prediction: Prediction, sign: int, chance: float, box: Box, line: int, word: bool) -> Place:
    """The Place of a Prediction; never confident where it may be cut out wrongly or its line may be a word.

    Where it is not confident its chance is CERTAIN at most, so that emotion and number agree.
    """
    emotion = prediction.emotion
    if sign == NOTHING:
        emotion = "curious"
    elif emotion == "confident" and (word or chance < CERTAIN):
        emotion = "hesitant"
    if emotion != "confident":
        chance = min(chance, CERTAIN)
    values = {field.name: getattr(prediction, field.name) for field in fields(Prediction)}
    return Place(**values | {"emotion": emotion, "box": box}, text=UNKNOWN if sign == NOTHING else str(sign), line=line,
                 chance=chance)


def _apart(deployer: NumberReader, page: Written, paths: Sequence[Sequence[int]]) -> list[Box]:
    """Boxes on the page of components of the signs that are read as well without them."""
    joined = [(line, i) for line, path in zip(page.lines, paths, strict=True) for i in path
              if line.joins_blobs(line.segments[i])]
    signs = [(line.predictions[i], Apart.of(ink), corner) for line, i in joined
             for ink, corner in [line.ink(page.ink, page.mask, line.segments[i])]]
    judged = judge(deployer, [prediction for prediction, _, _ in signs], [apart for _, apart, _ in signs])
    return [moved(apart.box(i), corner) for (_, apart, corner), (_, left) in zip(signs, judged, strict=True) if apart
            for i in left]


def written(deployer: NumberReader, picture: NDArray, name: str, kind: str | None,
            strokes: Sequence[Stroke] = (), one: float = ONE) -> Written:
    """The writing on a picture (H, W) or (H, W, 3), its segments assessed without test-time augmentation; blobs with
    this score as one digit are not cut. Raises InputError as read_number."""
    ink = find_ink(picture, kind)
    page = ink.ink, ink.mask
    signs = stroke_blobs(strokes, ink.mask) if strokes else None
    signs = signs or blobs(*page, kind == "canvas")
    if not signs:
        seen = "Only the lines of the paper were" if ink.rules else "No ink was"
        raise InputError(f"{seen} found in {name}: write or photograph numbers, large and dark on plain paper.")
    weights, rows = Weights.of(deployer.model.weights_sha256), lines(signs) if len(signs) <= MOST_SIGNS else []
    work = [Line(row, weights) for row in rows]
    if work:
        _assess(deployer, *page, work)
        _cut(work, one)
    if not work or sum(len(line.primitives) for line in work) > MOST_PRIMITIVES:
        raise InputError(f"There is too much on {name} to read it at once: give at most about 200 digits, or cut it "
                         "into parts.")
    _assess(deployer, *page, work)
    read = {id(blob) for row in rows for blob in row}
    return Written(*page, work, [blob for blob in signs if id(blob) not in read])


def _assess(deployer: NumberReader, ink: NDArray[np.floating], mask: NDArray[np.bool_], work: Sequence[Line]) -> None:
    """Store the assessment of each segment in its Line, without test-time augmentation."""
    for line in work:
        line.images = np.stack([line.image(ink, mask, segment) for segment in line.segments])
    assessed = deployer.assess(np.concatenate([line.images for line in work]))
    start = 0
    for line in work:
        line.probs, digitness, novelty, line.hidden = (part[start : start + len(line.segments)] for part in assessed)
        start += len(line.segments)
        line.signals = signals(line.primitives, line.segments, line.height, digitness, novelty)
        line.seen = line.weights.seen(line.hidden, line.whole, line.sides)


def augment(deployer: NumberReader, work: Sequence[Line]) -> None:
    """Read the segments that may stand in the right reading as single digits are read, with test-time augmentation."""
    _read_closely(deployer, work, [np.flatnonzero(posterior(len(line.primitives), line.segments, line.scores).sum(
        axis=1) > WORTH) for line in work])
    for line in work:
        for i, prediction in line.predictions.items():
            line.probs[i] = prediction.probabilities


def _read_closely(deployer: NumberReader, work: Sequence[Line], chosen: Sequence[Iterable[int]]) -> None:
    """Read the chosen segments of each Line as single digits, if that was not yet done."""
    new = [(line, i) for line, indices in zip(work, chosen, strict=True) for i in indices if i not in line.predictions]
    if new:
        predictions = deployer.read_framed(np.stack([line.images[i] for line, i in new]))
        for (line, i), prediction in zip(new, predictions, strict=True):
            line.predictions[i] = prediction


def _cut(work: Sequence[Line], one: float) -> None:
    """Cut the blobs of Lines that may be more than one digit, and find the segments that all primitives can form."""
    if sum(len(line.primitives) for line in work) > MANY:
        one = min(one, ONE_OF_MANY)
    whole = np.concatenate([line.scores[:, :NOTHING].max(axis=1) > one for line in work])
    for narrow in (NARROW, HARDLY_TWO):
        known = iter(whole)
        parts = [[[blob] if next(known) else cut(blob, line.height, narrow) for blob in line.primitives]
                 for line in work]
        if sum(len(cuts) for line in parts for cuts in line) <= MANY_PRIMITIVES:
            break
    for line, cuts in zip(work, parts, strict=True):
        line.divide(cuts)
