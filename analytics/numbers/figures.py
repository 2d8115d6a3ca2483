"""Measure the reading of numbers, and write the results as tables."""

import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from analytics.numbers.compose import WIDE, Pair, Picture, strings
from core.digits.task import Images
from core.formats import interval, measured, percent
from core.metrics import wilson_interval
from deployment.deploy_mnist import MNISTDeployer
from deployment.reader.labels import edit_distance
from deployment.reader.number.line import Line
from deployment.reader.number.sheet import blobs, lines
from deployment.reader.paper.ink import find_ink
from deployment.reader.picture.load import InputError, load_pixels

FIFTHS = 5
TEST = ", test digits"  # suffix of the name of a row of test digits
PAGE = """
import sys, time
from analytics.benchmark.rss import peak_megabytes
from deployment.deploy_mnist import MNISTDeployer
deployer = MNISTDeployer()
start = time.perf_counter()
reading = deployer.read_number(sys.argv[1])
print(time.perf_counter() - start, peak_megabytes(), len(reading.digits))
"""


@dataclass(frozen=True)
class Row:
    """Results of n numbers of one kind, as arrays (n,)."""

    name: str
    exact: np.ndarray  # whether the text is right
    components: np.ndarray  # whether it is by connected components alone
    errors: np.ndarray  # edit distances
    digits: np.ndarray  # numbers of digits
    stated: np.ndarray  # stated confidence


def measure(name: str, workers: Executor, model: Path, pairs: Sequence[Pair], kind: str | None = None) -> Row:
    """The Row of (text, picture) pairs, read by the executor's processes with the model of a folder."""
    from tqdm import tqdm

    results = workers.map(partial(judge, model, kind), pairs, chunksize=5)
    return Row(name, *map(np.array, zip(*tqdm(results, desc=name, total=len(pairs), leave=False), strict=True)))


def judge(model: Path, kind: str | None, pair: Pair) -> tuple[bool, bool, int, int, float]:
    """The values of a Row for one (text, picture)."""
    (text, picture), deployer = pair, loaded(model)
    try:
        reading = deployer.read_number(picture, kind=kind)
        answer, confidence = reading.text, reading.confidence
    except InputError:
        answer, confidence = "", 0.0
    return (answer == text, components(deployer, picture, kind) == text, edit_distance(text, answer),
            len(text.replace("\n", "")), confidence)


@cache
def loaded(model: Path) -> MNISTDeployer:
    """The MNISTDeployer of a folder, loaded once per process."""
    return MNISTDeployer(model)


def components(deployer: MNISTDeployer, picture: Picture, kind: str | None) -> str:
    """The text with every connected component read as one digit."""
    page, texts = find_ink(load_pixels(picture).values, kind), []
    for row in lines(blobs(page.ink, page.mask)):
        line = Line(row)
        images = [line.image(page.ink, page.mask, segment) for segment in line.segments]
        texts.append("".join(map(str, deployer.assess(np.stack(images))[0].argmax(axis=1))))
    return "\n".join(texts)


def table(rows: Iterable[Row]) -> str:
    """Markdown, one line per Row."""
    markdown = ["| numbers | n | read exactly | 95 % interval | digit errors | connected components alone | stated |",
             "|---|---:|---:|---:|---:|---:|---:|"]
    for row in rows:
        n, exact = len(row.exact), int(row.exact.sum())
        markdown.append(f"| {row.name} | {n:,} | {measured(exact / n)} | {interval(wilson_interval(exact, n))} | "
                     f"{measured(row.errors.sum() / row.digits.sum(), 2)} | {measured(row.components.mean())} | "
                     f"{measured(row.stated.mean())} |")
    return "\n".join([*markdown, ""])


def row_of(row: Row) -> dict[str, object]:
    """The summary of a Row for numbers.json."""
    n, exact = len(row.exact), int(row.exact.sum())
    return {"name": row.name, "n": n, "exact": exact / n, "interval_95": wilson_interval(exact, n),
            "digit_errors": float(row.errors.sum() / row.digits.sum()), "components": float(row.components.mean()),
            "stated": float(row.stated.mean())}


def headline(document: Mapping) -> str:
    """The README's sentence from the figures of numbers.json, with test and validation digits apart."""
    rows = {row["name"]: row for row in document["rows"]}
    kinds = {"5 digits, gaps of 2 and more": "five digits", "pairs that touch": "pairs that touch",
             "pairs that overlap": "pairs that overlap"}
    test, validation = ([f"{measured(row['exact'])} ({interval(row['interval_95'])}) of {words}" for name, words in
                         kinds.items() for row in [rows[name + suffix]]] for suffix in (TEST, ""))
    signs = next((row for row in document["no_number"] if row["name"] == "words without look-alikes"), None)
    text = (f"- Whole numbers, composed of test digits, are read exactly in {test[0]}, {test[1]} and {test[2]}; of the "
            f"validation writers' digits, on which the cuts were selected, in {validation[0]}, {validation[1]} and "
            + validation[2] + (f"; {percent(signs['sure'] / signs['signs'])} of the signs in words without look-alikes "
                               "are read as a confident digit" if signs else "")
            + " ([figures](analytics/reports/numbers.md)).")
    return "\n".join(textwrap.wrap(text, 120, subsequent_indent="  ", break_long_words=False,
                                   break_on_hyphens=False)) + "\n"


def fifths_table(rows: Sequence[Row]) -> str:
    """Stated confidence against measured accuracy, in fifths of all numbers by stated confidence."""
    stated, exact = (np.concatenate([getattr(row, name) for row in rows]) for name in ("stated", "exact"))
    order = np.argsort(stated, kind="stable")
    markdown = ["| stated, mean | read exactly | 95 % interval | n |", "|---:|---:|---:|---:|"]
    for part in np.array_split(order, FIFTHS):
        hits = int(exact[part].sum())
        markdown.append(f"| {measured(stated[part].mean())} | {measured(hits / len(part))} | "
                     f"{interval(wilson_interval(hits, len(part)))} | {len(part):,} |")
    return "\n".join([*markdown, ""])


def claims(sets: Mapping[str, Sequence[NDArray[np.uint8]]], deployer: MNISTDeployer) -> list[dict]:
    """The readings of pictures without a number, {name: pictures}: one row per set."""
    rows = []
    for name, pictures in sets.items():
        signs = confident = refused = 0
        for picture in pictures:
            try:
                places = deployer.read_number(picture, kind=None if name == "empty pages" else "canvas").digits
            except InputError:
                refused += 1
                continue
            signs += len(places)
            confident += sum(place.emotion == "confident" for place in places)
        rows.append({"name": name, "pictures": len(pictures), "signs": signs, "sure": confident, "refused": refused})
    return rows


def claims_table(rows: Iterable[Mapping]) -> str:
    """Markdown, one line per row of `claims`."""
    markdown = ["| pictures of | pictures | signs | confident digits | rejected |", "|---|---:|---:|---:|---:|"]
    for row in rows:
        share = percent(row["sure"] / row["signs"], 2) if row["signs"] else "–"
        markdown.append(f"| {row['name']} | {row['pictures']:,} | {row['signs']:,} | {row['sure']:,} ({share}) | "
                     f"{row['refused']:,} |")
    return "\n".join([*markdown, ""])


def page(part: Images) -> Image.Image:
    """A simulated photograph of 12 megapixels: 120 digits on unevenly lit paper."""
    sheet = np.zeros((4000, 3000), np.float32)
    for number, (_, picture) in enumerate(strings(part, 12, (10, 10), [WIDE], np.random.default_rng(0))):
        scale = min(2600 / picture.shape[1], 300 / picture.shape[0])
        size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
        row = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)) / 255
        top = 100 + 320 * number
        sheet[top : top + size[1], 200 : 200 + size[0]] = row
    light = np.linspace(230, 150, 3000, dtype=np.float32)[None]
    return Image.fromarray((light * (1 - 0.75 * sheet)).astype(np.uint8))


def times(deployer: MNISTDeployer, part: Images) -> str:
    """The time of an eight-digit drawing, and the time and memory of a page in a separate process, as a sentence."""
    seconds_each = []
    for _, picture in strings(part, 40, (8, 8), [WIDE], np.random.default_rng(4)):
        start = time.perf_counter()
        deployer.read_number(picture, kind="canvas")
        seconds_each.append(time.perf_counter() - start)
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        page(part).save(file.name, quality=90)
        run = subprocess.run([sys.executable, "-c", PAGE, file.name], capture_output=True, text=True, check=True)
    seconds, megabytes, signs = run.stdout.split()
    return (f"A number of eight digits takes {1e3 * np.median(seconds_each):.0f} ms (maximum of {len(seconds_each)}: "
            f"{1e3 * max(seconds_each):.0f} ms); a page of 12 megapixels with 120 digits {float(seconds):.1f} s and "
            f"{float(megabytes):.0f} MB ({signs} signs).\n")
