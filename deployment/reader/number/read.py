"""Whole numbers: any picture of them in, lines of digits with their places and doubt out."""

from dataclasses import dataclass, fields

import numpy as np

from deployment.reader.left_over import WHOLE, in_source, judge
from deployment.reader.number.cuts import HARDLY_TWO, NARROW, cut
from deployment.reader.number.lattice import best_path, posterior, probability
from deployment.reader.number.line import Line
from deployment.reader.number.pen import stroke_blobs
from deployment.reader.number.score import NOTHING, Weights, signals
from deployment.reader.number.sheet import blobs, lines, page_ink
from deployment.reader.paper.apart import Apart, moved
from deployment.reader.picture.load import InputError, load_scaled
from deployment.reader.prediction import ALTERNATIVE_FROM, UNKNOWN, NumberReading, Place, Prediction

SIDE = 1600  # pixels: larger pages are reduced to this first
MOST_SIGNS, MOST_PIECES = 300, 800  # on one page, before and after cutting
MANY_PIECES = 300  # more than these, and only what is wide is cut
WORDY = 0.01  # probability of being a line of words, from which on nothing in it is confident
PERHAPS = 0.1  # the same, from which on what is unlike any digit is none
CERTAIN = 0.98  # probability of being cut out and read rightly, from which on a digit of a number can be confident
LIKELY = 0.4  # probability below which what is unlike any digit is not called one
WORTH = 0.03  # probability of standing in the right reading, from which on a segment is looked at again
ONE = 1.0  # the score as a digit, in nats, from which on a blob is not cut: hardly a joined pair reaches it
MANY, ONE_OF_MANY = 40, -0.5  # on a page of more blobs, where each cut costs time, from this on
SHOWN = 900  # pixels of the long side of the page that a reading keeps


@dataclass(frozen=True)
class Written:
    """What is written on a page: its ink and mask (H, W), Lines of signs, and Blobs that belong to none of these."""

    ink: np.ndarray
    mask: np.ndarray
    lines: list
    rest: list


def read_number(deployer, source, name="the picture", kind=None, strokes=()):
    """The NumberReading of a picture (see preprocess.load.load_image); kind as MNISTDeployer.predict's.

    strokes: of a drawing, where their ways are known: (points (n, 2), x and y, and width, in pixels of the source).
    Raises InputError, with a sentence, where there is nothing to read or too much.
    """
    grey, scale = load_scaled(source, name, SIDE)
    page = written(deployer, grey, name, kind, [(np.asarray(points) / scale, width / scale)
                                                for points, width in strokes])
    lines = page.lines
    look_again(deployer, lines)
    wordy = [line.take_for_word() for line in lines]
    paths = [best_path(len(line.pieces), line.segments, line.scores.max(axis=1)) for line in lines]
    _look_closely(deployer, lines, paths)
    places, texts, alternatives, confidence = [], [], {}, 1.0
    for number, (line, path, as_word) in enumerate(zip(lines, paths, wordy, strict=True)):
        scores = line.scores
        shares = posterior(len(line.pieces), line.segments, scores)[path]
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
        confidence *= probability(shown, len(line.pieces), line.segments, scores)
        texts.append("".join(place.text for place in places[-len(path):]))
    boxes = [in_source(box, scale) for box in (*_apart(deployer, page, paths), *(blob.box for blob in page.rest))]
    step = max(1, -(-max(grey.shape) // SHOWN))
    picture = np.uint8(255 * np.clip(grey[::step, ::step], 0, 1))
    if any(place.emotion != "confident" for place in places):
        confidence = min(confidence, CERTAIN)
    confidence *= WHOLE if boxes else 1
    return NumberReading("\n".join(texts), places, confidence, alternatives, picture, scale * step, tuple(boxes))


def _place(prediction, sign, chance, box, line, word):
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
    own = {field.name: getattr(prediction, field.name) for field in fields(Prediction)}
    return Place(**own | {"emotion": emotion, "box": box}, text=UNKNOWN if sign == NOTHING else str(sign), line=line,
                 chance=chance)


def _apart(deployer, page, paths):
    """Boxes on the page of pieces of the signs that are read as well without them."""
    joined = [(line, i) for line, path in zip(page.lines, paths, strict=True) for i in path
              if line.joins_blobs(line.segments[i])]
    found = [(line.predictions[i], Apart.of(ink), corner) for line, i in joined
             for ink, corner in [line.ink(page.ink, page.mask, line.segments[i])]]
    judged = judge(deployer, [prediction for prediction, _, _ in found], [apart for _, apart, _ in found])
    return [moved(apart.box(piece), corner)
            for (_, apart, corner), (_, pieces) in zip(found, judged, strict=True) for piece in pieces]


def written(deployer, grey, name, kind, strokes=(), one=ONE) -> Written:
    """What is written on a grey picture (H, W), segments of its Lines as the network takes them at a first look; blobs
    of this score as one digit are not cut. Raises InputError as read_number."""
    found = page_ink(grey, kind)
    signs = [] if found is None else (strokes and stroke_blobs(strokes, found[1])) or blobs(*found, kind == "canvas")
    if not signs:
        raise InputError(f"No ink was detected in {name}: write or photograph numbers, large and dark on plain paper.")
    weights, rows = Weights.of(deployer.model.weights_sha256), lines(signs) if len(signs) <= MOST_SIGNS else []
    work = [Line(row, weights) for row in rows]
    if work:
        _assess(deployer, found, work)
        _cut(work, one)
    if not work or sum(len(line.pieces) for line in work) > MOST_PIECES:
        raise InputError(f"There is too much on {name} to read it at once: give at most about 200 digits, or cut it "
                         "into parts.")
    _assess(deployer, found, work)
    read = {id(blob) for row in rows for blob in row}
    return Written(*found, work, [blob for blob in signs if id(blob) not in read])


def _assess(deployer, found, work):
    """What the network makes of the segments of Lines at a first look."""
    for line in work:
        line.images = np.stack([line.image(*found, segment) for segment in line.segments])
    assessed = deployer.assess(np.concatenate([line.images for line in work]))
    start = 0
    for line in work:
        line.probs, digitness, novelty, line.hidden = (part[start : start + len(line.segments)] for part in assessed)
        start += len(line.segments)
        line.signals = signals(line.pieces, line.segments, line.height, digitness, novelty)
        line.seen = line.weights.seen(line.hidden, line.whole, line.sides)


def look_again(deployer, work):
    """Look at the segments of Lines that may stand in the right reading as closely as at single digits."""
    _look_closely(deployer, work, [np.flatnonzero(posterior(len(line.pieces), line.segments, line.scores).sum(
        axis=1) > WORTH) for line in work])
    for line in work:
        for i, prediction in line.predictions.items():
            line.probs[i] = prediction.probabilities


def _look_closely(deployer, work, chosen):
    """Read these segments of Lines as closely as single digits, those that are not yet so."""
    new = [(line, i) for line, own in zip(work, chosen, strict=True) for i in own if i not in line.predictions]
    if new:
        found = deployer.read_framed(np.stack([line.images[i] for line, i in new]))
        for (line, i), prediction in zip(new, found, strict=True):
            line.predictions[i] = prediction


def _cut(work, one):
    """Cut the blobs of Lines that may be more than one digit, and find the segments that all pieces can form."""
    if sum(len(line.pieces) for line in work) > MANY:
        one = min(one, ONE_OF_MANY)
    whole = np.concatenate([line.scores[:, :NOTHING].max(axis=1) > one for line in work])
    for narrow in (NARROW, HARDLY_TWO):
        known = iter(whole)
        parts = [[[blob] if next(known) else cut(blob, line.height, narrow) for blob in line.pieces] for line in work]
        if sum(len(own) for line in parts for own in line) <= MANY_PIECES:
            break
    for line, own in zip(work, parts, strict=True):
        line.divide(own)
