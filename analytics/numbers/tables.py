"""Tables and sentences of the report on numbers."""

import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from analytics.numbers.compose import WIDE, strings
from analytics.numbers.measure import Row
from core.digits.task import Images
from core.formats import interval, measured, percent
from core.metrics import wilson_interval
from deployment.deploy_mnist import MNISTDeployer

BINS = 10
SURE, LEAST_SURE = 0.99, 200  # stated confidence, and the number of such readings of a kind that are reported
JOINED = ("touch", "overlap", "all joins")  # in the names of kinds with joined digits
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


def table(rows: Iterable[Row]) -> str:
    """Markdown, one line per Row."""
    markdown = ["| numbers | n | read exactly | 95 % interval | errors per sign | connected components alone | "
                "pair reader alone | stated |", "|---|---:|---:|---:|---:|---:|---:|---:|"]
    for row in rows:
        n, exact = len(row), int(row.exact.sum())
        alone = measured(row.pairs.mean()) if (row.digits == 2).all() else "–"
        markdown.append(f"| {row.name} | {n:,} | {measured(exact / n)} | {interval(wilson_interval(exact, n))} | "
                        f"{measured(row.errors.sum() / row.digits.sum(), 2)} | {measured(row.components.mean())} | "
                        f"{alone} | {measured(row.stated.mean())} |")
    return "\n".join([*markdown, ""])


def signs_table(rows: Iterable[Row]) -> str:
    """Markdown: signs that are right where their place is, and texts without signs into which one was read."""
    markdown = ["| numbers | signs | place right | sign right where its place is | texts with a sign read into them |",
                "|---|---:|---:|---:|---:|"]
    for row in rows:
        placed, right, n = int(row.signs.sum()), int(row.right_signs.sum()), len(row)
        share = f"{measured(right / placed, 1)} ({interval(wilson_interval(right, placed))})" if placed else "–"
        false = "–" if placed else f"{measured(row.false_signs.mean(), 2)} ({int(row.false_signs.sum())} of {n:,})"
        markdown.append(f"| {row.name} | {'with' if placed else 'without'} | {placed:,} | {share} | {false} |")
    return "\n".join([*markdown, ""])


def row_of(row: Row) -> dict[str, object]:
    """The summary of a Row for numbers.json."""
    n, exact = len(row), int(row.exact.sum())
    return {"name": row.name, "n": n, "exact": exact / n, "interval_95": wilson_interval(exact, n),
            "errors": float(row.errors.sum() / row.digits.sum()), "components": float(row.components.mean()),
            "pairs": float(row.pairs.mean()), "stated": float(row.stated.mean()),
            "signs": int(row.signs.sum()), "right_signs": int(row.right_signs.sum()),
            "false_signs": int(row.false_signs.sum())}


def headline(document: Mapping) -> str:
    """The README's sentence from the figures of numbers.json."""
    rows = {row["name"]: row for row in document["rows"]}
    kinds = {"5 digits, gaps of 2 and more": "five digits", "pairs that touch": "pairs that touch",
             "pairs that overlap": "pairs that overlap", "with signs": "amounts, dates and sums"}
    exact = [f"{measured(row['exact'])} ({interval(row['interval_95'])}) of {words}" for name, words in kinds.items()
             if (row := rows.get(name + TEST))]
    signs = next((row for row in document["no_number"] if row["name"] == "words without look-alikes"), None)
    text = (f"- Whole numbers, composed of test digits, are read exactly in {', '.join(exact[:-1])} and {exact[-1]}"
            + (f"; {percent(signs['sure'] / signs['signs'])} of the signs in words without look-alikes are read as a "
               "confident digit or sign" if signs else "")
            + "; cuts and weights were selected on validation writers ([figures](analytics/reports/numbers.md)).")
    return "\n".join(textwrap.wrap(text, 120, subsequent_indent="  ", break_long_words=False,
                                   break_on_hyphens=False)) + "\n"


def bins(stated: NDArray[np.floating], right: NDArray[np.bool_]) -> list[tuple[float, int, int]]:
    """(mean stated probability, right, n) of BINS bins of equal count."""
    return [(float(stated[part].mean()), int(right[part].sum()), len(part))
            for part in np.array_split(np.argsort(stated, kind="stable"), BINS) if len(part)]


def pooled(rows: Sequence[Row]) -> Row:
    """All rows as one."""
    names = [field.name for field in fields(Row)][1:]
    arrays = [np.concatenate([getattr(row, name) for row in rows]) for name in names]
    return Row("all kinds", *arrays)


def bins_table(stated: NDArray[np.floating], right: NDArray[np.bool_], name: str = "read exactly") -> str:
    """Stated probability against the share that is right, by this name, in bins of equal count."""
    markdown = [f"| stated, mean | {name} | 95 % interval | n |", "|---:|---:|---:|---:|"]
    markdown += [f"| {measured(mean)} | {measured(hits / n)} | {interval(wilson_interval(hits, n))} | {n:,} |"
                 for mean, hits, n in bins(stated, right)]
    return "\n".join([*markdown, ""])


def sure_table(rows: Sequence[Row]) -> str:
    """For each kind, its largest distance of stated confidence and share read exactly over the bins, how many bins are
    off by more than 2 points and chance, and how many readings stated at SURE or more are right."""
    markdown = ["| numbers | largest distance in a bin | bins off by more than 2 points and chance | stated ≥ 99 % | "
                "of these read exactly | 95 % interval |", "|---|---:|---:|---:|---:|---:|"]
    for row in rows:
        of = bins(row.stated, row.exact)
        far = max(abs(stated - exact / n) for stated, exact, n in of)
        off = sum(not wilson_interval(exact, n)[0] - 0.02 <= stated <= wilson_interval(exact, n)[1] + 0.02
                  for stated, exact, n in of)
        sure = row.stated >= SURE
        n, exact = int(sure.sum()), int(row.exact[sure].sum())
        share = f"{measured(exact / n)} | {interval(wilson_interval(exact, n))}" if n >= LEAST_SURE else "– | –"
        markdown.append(f"| {row.name} | {100 * far:.1f} points | {off} of {len(of)} | {n:,} | {share} |")
    return "\n".join([*markdown, ""])


def mixes(rows: Sequence[Row]) -> str:
    """The share of readings stated at SURE or more that are right, with half and double the weight of the kinds with
    joined digits, as a sentence."""
    shares = []
    for factor in (0.5, 1.0, 2.0):
        right = sure = 0.0
        for row in rows:
            weight, stated = factor if any(name in row.name for name in JOINED) else 1.0, row.stated >= SURE
            sure += weight * stated.sum()
            right += weight * (stated & row.exact).sum()
        shares.append(measured(right / sure) if sure else "–")
    return (f"Of the readings stated at 99 % and more {shares[1]} are right; with half as many numbers with joined "
            f"digits {shares[0]}, with twice as many {shares[2]}.\n")


def claims_table(rows: Iterable[Mapping]) -> str:
    """Markdown, one line per row of `claims`."""
    markdown = ["| pictures of | pictures | signs | confident | rejected |", "|---|---:|---:|---:|---:|"]
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
