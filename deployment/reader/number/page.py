"""The writing on a page: lines of blobs, cut into primitives, with what is known of each segment."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.digits.pairs.task import MORE, TWO
from core.nn.losses import log_softmax
from deployment.reader.number.cuts import NARROW, NARROW_ON_FULL_PAGE, cut
from deployment.reader.number.line import Line
from deployment.reader.number.pen import Stroke, stroke_blobs
from deployment.reader.number.score import FLOOR, NO_SIGN, Evidence, signals
from deployment.reader.number.sheet import Blob, blobs, lines
from deployment.reader.paper.ink import find_ink
from deployment.reader.picture.opening import InputError
from deployment.reader.prediction import FramedReader

MOST_SIGNS, MOST_PRIMITIVES = 300, 800  # on one page, before and after cutting
FULL_PAGE_PRIMITIVES = 300  # more than these, and only what is wide is cut
WORTH = 0.03  # probability of standing in the right reading, from which on a segment gets test-time augmentation
SURELY_ONE = 0.999  # probability of being one sign, from which on a blob is not cut
SMALL, PROBABLY = 0.4, 0.5  # of a line's height: a small sign; the probability that a blob is a digit
FULL_PAGE, SURELY_ONE_ON_FULL_PAGE = 40, 0.98  # on a page of more blobs, where each cut costs time, from this on


class NumberReader(FramedReader, Protocol):
    """What the reading of numbers needs of deployment.deploy_mnist.MNISTDeployer."""

    def assess_pairs(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        """Log probabilities of what windows show; see MNISTDeployer.assess_pairs."""
        ...

    def assess(self, images: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating],
                                                            NDArray[np.floating]]:
        """Probabilities, digitness and novelty; see MNISTDeployer.assess."""
        ...

    def assess_copies(self, images: NDArray[np.floating], count: int) -> NDArray[np.floating]:
        """Probabilities by deformed copies; see MNISTDeployer.assess_copies."""
        ...


@dataclass(frozen=True)
class Written:
    """The writing on a page: ink and mask (H, W), Lines of signs, and Blobs outside these."""

    ink: NDArray[np.floating]
    mask: NDArray[np.bool_]
    lines: list[Line]
    rest: list[Blob]


def written(deployer: NumberReader, picture: NDArray, name: str, kind: str | None = None,
            strokes: Sequence[Stroke] = ()) -> Written:
    """The writing on a picture (H, W) or (H, W, 3); its likely segments are read with test-time augmentation. Raises
    InputError if there is nothing to read or too much."""
    ink = find_ink(picture, kind)
    page = ink.ink, ink.mask
    signs = stroke_blobs(strokes, ink.mask) if strokes else None
    signs = signs or blobs(*page, kind == "canvas")
    if not signs:
        seen = "Only the lines of the paper were" if ink.rules else "No ink was"
        raise InputError(f"{seen} found in {name}: write or photograph numbers, large and dark on plain paper.")
    rows = lines(signs) if len(signs) <= MOST_SIGNS else []
    work = assessed(deployer, *page, rows) if rows else None
    if work is None:
        raise InputError(f"There is too much on {name} to read it at once: give at most about 200 digits, or cut it "
                         "into parts.")
    read = {id(blob) for row in rows for blob in row}
    return Written(*page, work, [blob for blob in signs if id(blob) not in read])


def assessed(deployer: NumberReader, ink: NDArray[np.floating], mask: NDArray[np.bool_],
             rows: Sequence[Sequence[Blob]]) -> list[Line] | None:
    """The Lines of rows of Blobs, cut and read in one batch, their likely segments with test-time augmentation; None
    where they have more than MOST_PRIMITIVES."""
    work = begun(deployer, ink, mask, rows)
    divide(work)
    return work if finished(deployer, ink, mask, work) else None


def begun(deployer: NumberReader, ink: NDArray[np.floating], mask: NDArray[np.bool_],
          rows: Sequence[Sequence[Blob]]) -> list[Line]:
    """The Lines of rows of Blobs, each of which is read by itself, whole."""
    work = [Line(row) for row in rows]
    _assess(deployer, ink, mask, work)
    return work


def finished(deployer: NumberReader, ink: NDArray[np.floating], mask: NDArray[np.bool_], work: Sequence[Line]) -> bool:
    """Read all that the primitives of divided Lines can form; whether there are few enough."""
    if sum(len(line.primitives) for line in work) > MOST_PRIMITIVES:
        return False
    _assess(deployer, ink, mask, work)
    _augment(deployer, ink, mask, work)
    return True


def may_be_digits(line: Line) -> NDArray[np.bool_]:
    """Whether each blob of a Line that was begun and is no small sign is probably a digit, a sign or two digits."""
    two = np.exp(line.evidence.pairs[:, TWO:MORE]).sum(axis=1)
    large = np.array([blob.height > SMALL * line.height for blob in line.primitives])
    return (np.maximum(_one_sign(line), two) > PROBABLY)[large]


def _assess(deployer: NumberReader, ink: NDArray[np.floating], mask: NDArray[np.bool_], work: Sequence[Line]) -> None:
    """Store the Evidence of each Line, without test-time augmentation."""
    pictures = [line.pictures(ink, mask) for line in work]
    probs, digitness, novelty = deployer.assess(np.concatenate([images for images, _ in pictures]))
    digits = np.log(np.maximum(probs, FLOOR))
    pairs = deployer.assess_pairs(np.concatenate([inputs for _, inputs in pictures]))
    start = 0
    for line, (images, _) in zip(work, pictures, strict=True):
        part = slice(start, start + len(images))
        line.images, start = images, part.stop
        known = signals(line.primitives, line.segments, line.height, digitness[part], novelty[part], pairs[part])
        line.evidence = Evidence(digits[part], pairs[part], known, line.joined, line.alone)


def divide(work: Sequence[Line]) -> None:
    """Cut the blobs of Lines that may be more than one digit, and find the segments that all primitives can form."""
    full = sum(len(line.primitives) for line in work) > FULL_PAGE
    one = SURELY_ONE_ON_FULL_PAGE if full else SURELY_ONE
    whole = np.concatenate([_one_sign(line) > one for line in work])
    for narrow in (NARROW, NARROW_ON_FULL_PAGE):
        known = iter(whole)
        parts = [[[blob] if next(known) else cut(blob, line.height, narrow) for blob in line.primitives]
                 for line in work]
        if sum(len(cuts) for line in parts for cuts in line) <= FULL_PAGE_PRIMITIVES:
            break
    for line, cuts in zip(work, parts, strict=True):
        line.divide(cuts)


def _one_sign(line: Line) -> NDArray[np.floating]:
    """The probability of each blob of a Line to be one digit or sign, by itself; small, too, where the pair reader sees
    two digits or more."""
    lattice, several = line.lattice, np.exp(line.evidence.pairs[:, TWO : MORE + 1]).sum(axis=1)
    return np.exp(np.logaddexp.reduce(lattice.one[:, :NO_SIGN], axis=1) - lattice.every) * (1 - several)


def _augment(deployer: NumberReader, ink: NDArray[np.floating], mask: NDArray[np.bool_],
             work: Sequence[Line]) -> None:
    """Read the segments that may stand in the right reading with test-time augmentation: by the network for digits as
    single digits are read, by the pair reader in several slants, whose log probabilities are averaged."""
    chosen = [np.flatnonzero(line.lattice.passing()[0].sum(axis=1) > WORTH).tolist() for line in work]
    likely = [(line, i) for line, at in zip(work, chosen, strict=True) for i in at]
    if not likely:
        return
    read = deployer.read_framed(np.stack([line.images[i] for line, i in likely]))
    inputs = np.concatenate([line.in_slants(ink, mask, at) for line, at in zip(work, chosen, strict=True) if at])
    several = deployer.assess_pairs(inputs.reshape(-1, inputs.shape[2])).reshape(*inputs.shape[:2], -1).sum(axis=1)
    for (line, i), prediction, pairs in zip(likely, read, several, strict=True):
        line.predictions[i] = prediction
        line.evidence.digits[i] = np.log(np.maximum(prediction.probabilities, FLOOR))
        line.evidence.pairs[i] = log_softmax((line.evidence.pairs[i] + pairs) / (1 + inputs.shape[1]))
