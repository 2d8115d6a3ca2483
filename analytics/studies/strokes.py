"""The stroke model, seen and checked: `python -m analytics.studies.strokes [--figures 24000] [--only-sheets]`.

Draws contact sheets of all ways of writing, and of what is no digit, into images/strokes/. Then looks for styles that
could be taken for another digit: the figures are parted in two; a small network that learns MNIST and one part reads
the other. A style of which many are surely read as another digit is ambiguous, or too far from what its name says. The
table goes to analytics/reports/strokes.md. About four minutes on one core.
"""

import argparse
import io
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from analytics.reports import write_report
from core.command import refusing
from core.digits.config import Config
from core.digits.data import as_input
from core.digits.strokes.model import write
from core.digits.strokes.negatives import KINDS, negatives
from core.digits.strokes.render import figures, render
from core.digits.strokes.styles import read_styles
from core.digits.task import DigitTask, Images, load_parts
from core.files import write_atomic
from core.formats import percent
from core.nn.losses import softmax
from core.nn.training import fit

SHEETS = Path(__file__).resolve().parents[2] / "images" / "strokes"
EXAMPLES, SIDE, NAMES = 10, 28, 190  # figures of each style on a sheet; pixels of one, and of the column of names
READER = Config(preset="strokes", hidden=(512, 512), gate=False, batch_size=256, epochs=5, lr=2e-3, weight_decay=0.02,
                label_smoothing=0.02, elastic=1.0, rotation=8, scale=0.08, shear=0.1, shift=0.5, keep="last")
SURE = 0.9  # a figure counts as taken for another digit from this probability on


def sheet(rows):
    """A picture of rows [(name, images (n, 28, 28))], dark on light, at twice their size."""
    page = Image.new("L", (NAMES + 2 * SIDE * EXAMPLES, 2 * SIDE * len(rows)), 255)
    draw = ImageDraw.Draw(page)
    for i, (name, images) in enumerate(rows):
        draw.text((6, 2 * SIDE * i + 20), name, fill=0, font_size=14)
        strip = Image.fromarray(255 - np.concatenate(list(images[:EXAMPLES]), axis=1))
        page.paste(strip.resize((2 * strip.width, 2 * strip.height)), (NAMES, 2 * SIDE * i))
    return page


def save_sheets(rng):
    """One sheet for each digit, one of signs, one of all that is no digit; returns their paths."""
    SHEETS.mkdir(parents=True, exist_ok=True)
    pages = {f"{digit}": [(style.name, render(*write(style, EXAMPLES, rng)))
                          for style in read_styles() if style.digit == digit] for digit in range(10)}
    pages["signs"] = [(style.name, render(*write(style, EXAMPLES, rng))) for style in read_styles("signs.txt")]
    X, kind = negatives(600 * len(KINDS), rng)
    pages["no_digits"] = [(name if row == 0 else "", rng.permutation(X[kind == number])[:EXAMPLES])
                          for number, name in enumerate(KINDS) for row in range(3)]
    for name, rows in pages.items():
        buffer = io.BytesIO()
        sheet(rows).quantize(8).save(buffer, "PNG", optimize=True)
        write_atomic(SHEETS / f"{name}.png", buffer.getvalue())
    return [SHEETS / f"{name}.png" for name in pages]


def cross_fitted(X, y, rng):
    """Probabilities (N, 10) of figures X (N, 28, 28), each read by a network that learned MNIST and the other half."""
    parts, probs = load_parts(READER), np.empty((len(X), 10))
    half = rng.permutation(len(X)) % 2
    for mine in (0, 1):
        learned = half != mine
        train = Images(np.concatenate([parts["train"].X, X[learned]]),
                       np.concatenate([parts["train"].y, y[learned].astype(np.uint8)]))
        task = DigitTask(READER, train, parts["validation"])
        fit(task, READER)
        probs[~learned] = softmax(task.network.logits(as_input(X[~learned])))
    return probs


def table(styles, chosen, y, probs):
    """Rows (digit, name, where, n, share misread surely, what as), the worst first."""
    rows, answer = [], probs.argmax(axis=1)
    surely = (answer != y) & (probs.max(axis=1) > SURE)
    for number in np.unique(chosen):
        own = chosen == number
        wrong = np.bincount(answer[own & surely], minlength=10)
        rows.append((styles[number], int(own.sum()), wrong.sum() / own.sum(), wrong.argmax() if wrong.any() else None))
    return sorted(rows, key=lambda row: -row[2])


def report(rows, surely, n, seconds):
    counts = np.bincount([style.digit for style, *_ in rows], minlength=10)
    lines = [f"{len(rows)} ways of writing ({', '.join(f'{c} of the {d}' for d, c in enumerate(counts))}); 80,000 "
             f"figures take {seconds:.0f} seconds on one core. The skeletons stand in "
             "[core/digits/strokes/styles.txt](../../core/digits/strokes/styles.txt), the sheets in "
             "[images/strokes](../../images/strokes).", "",
             f"Of {n:,} figures, each read by a small network that has learned MNIST and the other half of them, "
             f"{percent(surely, 2)} are taken for another digit with more than {percent(SURE, 0)}. The styles with "
             "most of these:", "",
             "| digit | style | where it is common | figures | surely taken for another | mostly a |",
             "|---|---|---|---|---|---|"]
    lines += [f"| {style.digit} | {style.name} | {style.where} | {count} | {percent(share, 1)} | "
              f"{to} |" for style, count, share, to in rows if share]
    return "\n".join(lines)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m analytics.studies.strokes", description=__doc__.splitlines()[0])
    parser.add_argument("--figures", type=int, default=24_000, help="how many the check reads")
    parser.add_argument("--only-sheets", action="store_true", help="draw the contact sheets and stop")
    args = parser.parse_args(argv)
    with refusing("strokes"):
        rng = np.random.default_rng(0)
        print("contact sheets:", *(path.name for path in save_sheets(rng)))
        if args.only_sheets:
            return
        started = time.perf_counter()
        X, y, chosen = figures(args.figures, rng)
        seconds = (time.perf_counter() - started) * 80_000 / args.figures
        probs = cross_fitted(X, y, rng)
        rows = table(read_styles(), chosen, y, probs)
        surely = float(np.mean((probs.argmax(axis=1) != y) & (probs.max(axis=1) > SURE)))
        text = report(rows, surely, args.figures, seconds)
        write_report("strokes", "Ways of writing", "python -m analytics.studies.strokes", text)
        print(text)


if __name__ == "__main__":
    main()
