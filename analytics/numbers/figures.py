"""What the readings of numbers amount to, as tables."""

import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from PIL import Image

from analytics.numbers.compose import WIDE, strings
from core.formats import interval, measured, percent
from core.metrics import wilson_interval
from deployment.deploy_mnist import MNISTDeployer
from deployment.reader.labels import edit_distance
from deployment.reader.number.line import Line
from deployment.reader.number.sheet import blobs, lines, page_ink
from deployment.reader.picture.load import InputError, load_image

FIFTHS = 5
TEST = ", test digits"  # ends the name of a row of these
PAGE = """
import sys, time
from analytics.benchmark.memory import peak_megabytes
from deployment.deploy_mnist import MNISTDeployer
deployer = MNISTDeployer()
start = time.perf_counter()
reading = deployer.read_number(sys.argv[1])
print(time.perf_counter() - start, peak_megabytes(), len(reading.digits))
"""


@dataclass(frozen=True)
class Row:
    """Of n numbers of a kind: which were read exactly, by connected components too; edit distances, their digits and
    the stated confidence."""

    name: str
    exact: np.ndarray
    alone: np.ndarray
    errors: np.ndarray
    digits: np.ndarray
    stated: np.ndarray


def measure(name, workers, model, pairs, kind=None):
    """The Row of (text, picture) pairs, read with the model of a folder by an executor's processes."""
    from tqdm import tqdm

    judged = workers.map(partial(judge, model, kind), pairs, chunksize=5)
    return Row(name, *map(np.array, zip(*tqdm(judged, desc=name, total=len(pairs), leave=False), strict=True)))


def judge(model, kind, pair):
    """What a Row holds of one (text, picture)."""
    (text, picture), deployer = pair, loaded(model)
    try:
        reading = deployer.read_number(picture, kind=kind)
        said, confidence = reading.text, reading.confidence
    except InputError:
        said, confidence = "", 0.0
    return (said == text, components(deployer, picture, kind) == text, edit_distance(text, said),
            len(text.replace("\n", "")), confidence)


@cache
def loaded(model):
    """The MNISTDeployer of a folder, once a process."""
    return MNISTDeployer(model)


def components(deployer, picture, kind):
    """The text by connected components alone: every blob is a digit."""
    found = page_ink(load_image(picture), kind)
    rows = [] if found is None else lines(blobs(*found))
    texts = []
    for row in rows:
        line = Line(row)
        images = [line.image(*found, segment) for segment in line.segments]
        texts.append("".join(map(str, deployer.assess(np.stack(images))[0].argmax(axis=1))))
    return "\n".join(texts)


def table(rows):
    found = ["| numbers | n | read exactly | 95 % interval | digit errors | connected components alone | stated |",
             "|---|---:|---:|---:|---:|---:|---:|"]
    for row in rows:
        n, exact = len(row.exact), int(row.exact.sum())
        found.append(f"| {row.name} | {n:,} | {measured(exact / n)} | {interval(wilson_interval(exact, n))} | "
                     f"{measured(row.errors.sum() / row.digits.sum(), 2)} | {measured(row.alone.mean())} | "
                     f"{measured(row.stated.mean())} |")
    return "\n".join([*found, ""])


def row_of(row):
    """A Row as plain values."""
    n, exact = len(row.exact), int(row.exact.sum())
    return {"name": row.name, "n": n, "exact": exact / n, "interval_95": wilson_interval(exact, n),
            "digit_errors": float(row.errors.sum() / row.digits.sum()), "components": float(row.alone.mean()),
            "stated": float(row.stated.mean())}


def headline(document):
    """The README's lines, from numbers.json: what was selected on which digits, and measured on which."""
    rows = {row["name"]: row for row in document["rows"]}
    kinds = {"5 digits, gaps of 2 and more": "five digits", "pairs that touch": "pairs that touch",
             "pairs that overlap": "pairs that overlap"}
    told = [[f"{measured(rows[name + end]['exact'])} ({interval(rows[name + end]['interval_95'])}) of {words}"
             for name, words in kinds.items()] for end in (TEST, "")]
    signs = next((row for row in document["no_number"] if row["name"] == "words without look-alikes"), None)
    text = (f"- Whole numbers, composed of test digits, are read exactly in {told[0][0]}, {told[0][1]} and "
            f"{told[0][2]}; of the validation writers' digits, on which the cuts were selected, in {told[1][0]}, "
            f"{told[1][1]} and "
            f"{told[1][2]}" + (f"; of signs in words {percent(signs['sure'] / signs['signs'])} pass for a sure digit, "
                               "look-alikes of digits apart" if signs else "")
            + " ([figures](analytics/reports/numbers.md)).")
    return "\n".join(textwrap.wrap(text, 120, subsequent_indent="  ", break_long_words=False,
                                   break_on_hyphens=False)) + "\n"


def doubt_table(rows):
    """Stated against measured, in fifths of all numbers by stated confidence."""
    stated, exact = (np.concatenate([getattr(row, name) for row in rows]) for name in ("stated", "exact"))
    order = np.argsort(stated, kind="stable")
    found = ["| stated, mean | read exactly | 95 % interval | n |", "|---:|---:|---:|---:|"]
    for part in np.array_split(order, FIFTHS):
        hits = int(exact[part].sum())
        found.append(f"| {measured(stated[part].mean())} | {measured(hits / len(part))} | "
                     f"{interval(wilson_interval(hits, len(part)))} | {len(part):,} |")
    return "\n".join([*found, ""])


def claims(strange, deployer):
    """What becomes of pictures of no number, {name: pictures}: a row each."""
    rows = []
    for name, pictures in strange.items():
        signs = sure = refused = 0
        for picture in pictures:
            try:
                places = deployer.read_number(picture, kind=None if name == "empty pages" else "canvas").digits
            except InputError:
                refused += 1
                continue
            signs += len(places)
            sure += sum(place.emotion == "confident" for place in places)
        rows.append({"name": name, "pictures": len(pictures), "signs": signs, "sure": sure, "refused": refused})
    return rows


def claims_table(rows):
    found = ["| what | pictures | signs | called a sure digit | refused with a sentence |", "|---|---:|---:|---:|---:|"]
    for row in rows:
        share = percent(row["sure"] / row["signs"], 2) if row["signs"] else "–"
        found.append(f"| {row['name']} | {row['pictures']:,} | {row['signs']:,} | {row['sure']:,} ({share}) | "
                     f"{row['refused']:,} |")
    return "\n".join([*found, ""])


def page(part):
    """A page of 12 megapixels with 120 digits on paper, in slanting light: a PIL image."""
    sheet = np.zeros((4000, 3000), np.float32)
    for number, (_, picture) in enumerate(strings(part, 12, (10, 10), [WIDE], np.random.default_rng(0))):
        scale = min(2600 / picture.shape[1], 300 / picture.shape[0])
        size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
        row = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)) / 255
        top = 100 + 320 * number
        sheet[top : top + size[1], 200 : 200 + size[0]] = row
    light = np.linspace(230, 150, 3000, dtype=np.float32)[None]
    return Image.fromarray(np.uint8(light * (1 - 0.75 * sheet)))


def times(deployer, part):
    """A sentence: milliseconds of a number of eight on the canvas; seconds and memory of a page, in a process of its
    own."""
    taken = []
    for _, picture in strings(part, 40, (8, 8), [WIDE], np.random.default_rng(4)):
        start = time.perf_counter()
        deployer.read_number(picture, kind="canvas")
        taken.append(time.perf_counter() - start)
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        page(part).save(file.name, quality=90)
        run = subprocess.run([sys.executable, "-c", PAGE, file.name], capture_output=True, text=True, check=True)
    seconds, megabytes, signs = run.stdout.split()
    return (f"A number of eight digits takes {1e3 * np.median(taken):.0f} ms (the slowest of {len(taken)}: "
            f"{1e3 * max(taken):.0f} ms); a page of 12 megapixels with 120 digits {float(seconds):.1f} s and "
            f"{float(megabytes):.0f} MB ({signs} signs found).\n")
