"""Measure the reading of labelled pictures of numbers."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, partial
from pathlib import Path

import numpy as np

from analytics.numbers.compose import Pair, Picture
from core.digits.pairs.signs import SIGNS
from core.digits.pairs.task import MORE, TWO
from core.digits.pairs.window import pair_input
from deployment.deploy_mnist import MNISTDeployer
from deployment.reader.labels import as_labelled, edit_distance
from deployment.reader.number.line import Line
from deployment.reader.number.sheet import blobs, lines
from deployment.reader.paper.ink import find_ink
from deployment.reader.picture.load import load_pixels
from deployment.reader.picture.opening import InputError


@dataclass(frozen=True)
class Row:
    """Results of n numbers of one kind, as arrays (n,)."""

    name: str
    exact: np.ndarray  # whether the text is right
    components: np.ndarray  # whether it is by connected components alone
    pairs: np.ndarray  # whether it is by the pair reader alone, of two digits
    errors: np.ndarray  # edit distances
    digits: np.ndarray  # numbers of digits and signs
    stated: np.ndarray  # stated confidence
    signs: np.ndarray  # signs whose place is right
    right_signs: np.ndarray  # those that are right
    false_signs: np.ndarray  # whether a sign was read into a text without one

    def __len__(self) -> int:
        return len(self.exact)


def measure(name: str, workers: Executor, model: Path, pairs: Sequence[Pair], kind: str | None = None,
            labelled: bool = False) -> Row:
    """The Row of (text, picture) pairs, read by the executor's processes with the model of a folder. labelled: the text
    is of a file name, in which a comma is a point."""
    from tqdm import tqdm

    results = workers.map(partial(judge, model, kind, labelled), pairs, chunksize=5)
    return Row(name, *map(np.array, zip(*tqdm(results, desc=name, total=len(pairs), leave=False), strict=True)))


def judge(model: Path, kind: str | None, labelled: bool, pair: Pair) -> tuple:
    """The values of a Row for one (text, picture)."""
    (text, picture), deployer = pair, loaded(model)
    try:
        reading = deployer.read_number(picture, kind=kind)
        answer, confidence = as_labelled(reading.text) if labelled else reading.text, reading.confidence
    except InputError:
        answer, confidence = "", 0.0
    placed, right = signs_read(text, answer)
    return (answer == text, baseline(deployer, picture, kind, components) == text,
            len(text) == 2 and baseline(deployer, picture, kind, pairs_alone) == text, edit_distance(text, answer),
            len("".join(text.split())), confidence, placed, right,
            not set(text) & set(SIGNS) and bool(set(answer) & set(SIGNS)))


def signs_read(text: str, answer: str) -> tuple[int, int]:
    """How many signs of a text have a sign or digit at their place in the answer, and how many of these are right."""
    placed = right = 0
    for operation, i, stop, j, until in SequenceMatcher(None, text, answer, autojunk=False).get_opcodes():
        if operation == "equal" or (operation == "replace" and stop - i == until - j):
            at = [k for k in range(i, stop) if text[k] in SIGNS]
            placed += len(at)
            right += len(at) * (operation == "equal")
    return placed, right


@cache
def loaded(model: Path) -> MNISTDeployer:
    """The MNISTDeployer of a folder, loaded once per process."""
    return MNISTDeployer(model)


def baseline(deployer: MNISTDeployer, picture: Picture, kind: str | None, read: Callable[..., str]) -> str:
    """The text by a reading of each line without lattice."""
    page = find_ink(load_pixels(picture).values, kind)
    return "\n".join(read(deployer, Line(row), page.ink, page.mask) for row in lines(blobs(page.ink, page.mask)))


def components(deployer: MNISTDeployer, line: Line, ink: np.ndarray, mask: np.ndarray) -> str:
    """Every connected component of a line as one digit."""
    images = [line.image(ink, mask, segment) for segment in line.segments]
    return "".join(map(str, deployer.assess(np.stack(images))[0].argmax(axis=1)))


def pairs_alone(deployer: MNISTDeployer, line: Line, ink: np.ndarray, mask: np.ndarray) -> str:
    """A whole line as two digits by the pair reader, whatever it shows."""
    boxes = np.array([segment.box for segment in line.segments])
    (top, left), (bottom, right) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    part = np.where(mask[top:bottom, left:right], ink[top:bottom, left:right], 0)
    inputs = pair_input(part[None] / part.max(), (bottom - top) / 2, line.height)
    best = int(deployer.assess_pairs(inputs)[0, TWO:MORE].argmax())
    return f"{best // 10}{best % 10}"


def claims(name: str, pictures: Iterable[np.ndarray], deployer: MNISTDeployer) -> dict:
    """The readings of pictures without a number."""
    signs = confident = refused = count = 0
    for picture in pictures:
        count += 1
        try:
            places = deployer.read_number(picture, kind=None if name == "empty pages" else "canvas").digits
        except InputError:
            refused += 1
            continue
        signs += len(places)
        confident += sum(place.emotion == "confident" for place in places)
    return {"name": name, "pictures": count, "signs": signs, "sure": confident, "refused": refused}
