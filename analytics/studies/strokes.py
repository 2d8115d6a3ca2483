"""Check the stroke model: `python -m analytics.studies.strokes [--figures 24000] [--only-sheets]`.

Draws contact sheets of all writing styles and of the non-digits into images/strokes/. Then detects ambiguous styles by
two-fold cross-fitting: a small network trained on MNIST and one half of the figures classifies the other half. A style
with many confident errors is ambiguous or wrongly drawn. The table goes to analytics/reports/strokes.md. About four
minutes on one core.
"""

import argparse
import io
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from analytics.reports import write_report
from core.command import refusing
from core.digits.config import Config
from core.digits.data import as_input
from core.digits.strokes.model import write
from core.digits.strokes.negatives import KINDS, negatives
from core.digits.strokes.render import figures, render
from core.digits.strokes.styles import Style, read_styles
from core.digits.task import DigitTask, Images, load_parts
from core.files import write_atomic
from core.formats import percent
from core.nn.losses import softmax
from core.nn.training import fit
from core.shipped import data

SHEETS = data("images/strokes")
EXAMPLES, SIDE, NAME_WIDTH = 10, 28, 190  # figures per style on a sheet; pixels of a figure, of the column of names
READER = Config(preset="strokes", hidden=(512, 512), gate=False, batch_size=256, epochs=5, lr=2e-3, weight_decay=0.02,
                label_smoothing=0.02, elastic=1.0, rotation=8, scale=0.08, shear=0.1, shift=0.5, keep="last")
CONFIDENT = 0.9  # probability above which a wrong answer counts as a confident error

StyleRow = tuple[Style, int, float, int | None]  # style, n, share of confident errors, most frequent wrong digit


def sheet(rows: Sequence[tuple[str, NDArray[np.uint8]]]) -> Image.Image:
    """Contact sheet of rows (name, images (n, 28, 28)), dark on light, at twice the size."""
    page = Image.new("L", (NAME_WIDTH + 2 * SIDE * EXAMPLES, 2 * SIDE * len(rows)), 255)
    draw = ImageDraw.Draw(page)
    for i, (name, images) in enumerate(rows):
        draw.text((6, 2 * SIDE * i + 20), name, fill=0, font_size=14)
        strip = Image.fromarray(255 - np.concatenate(list(images[:EXAMPLES]), axis=1))
        page.paste(strip.resize((2 * strip.width, 2 * strip.height)), (NAME_WIDTH, 2 * SIDE * i))
    return page


def save_sheets(rng: np.random.Generator) -> list[Path]:
    """Write one sheet per digit, one of signs and one of non-digits; return their paths."""
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


def cross_fitted(X: NDArray[np.uint8], y: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.floating]:
    """Probabilities (N, 10) of figures X (N, 28, 28), from networks trained on MNIST and the other half of X."""
    parts, probs = load_parts(READER), np.empty((len(X), 10))
    half = rng.permutation(len(X)) % 2
    for held_out in (0, 1):
        learned = half != held_out
        train = Images(np.concatenate([parts["train"].X, X[learned]]),
                       np.concatenate([parts["train"].y, y[learned].astype(np.uint8)]))
        task = DigitTask(READER, train, parts["validation"])
        fit(task, READER)
        probs[~learned] = softmax(task.network.logits(as_input(X[~learned])))
    return probs


def table(styles: Sequence[Style], chosen: NDArray[np.integer], y: NDArray[np.integer],
          probs: NDArray[np.floating]) -> list[StyleRow]:
    """One row per style, the largest share of confident errors first. chosen: style number of each figure (N,)."""
    rows, answer = [], probs.argmax(axis=1)
    confident_error = (answer != y) & (probs.max(axis=1) > CONFIDENT)
    for number in np.unique(chosen):
        of_style = chosen == number
        wrong = np.bincount(answer[of_style & confident_error], minlength=10)
        rows.append((styles[number], int(of_style.sum()), wrong.sum() / of_style.sum(),
                     wrong.argmax() if wrong.any() else None))
    return sorted(rows, key=lambda row: -row[2])


def report(rows: Sequence[StyleRow], confident_errors: float, n: int, seconds: float) -> str:
    """The report as Markdown. confident_errors: share of all n figures; seconds: to draw 80,000 figures."""
    counts = np.bincount([style.digit for style, *_ in rows], minlength=10)
    lines = [f"{len(rows)} writing styles ({', '.join(f'{c} of the {d}' for d, c in enumerate(counts))}); 80,000 "
             f"figures take {seconds:.0f} seconds on one core. The skeletons are in "
             "[core/digits/strokes/styles.txt](../../core/digits/strokes/styles.txt), the sheets in "
             "[images/strokes](../../images/strokes).", "",
             f"Of {n:,} figures, each classified by a small network trained on MNIST and the other half of the "
             f"figures, {percent(confident_errors, 2)} are read as another digit with a probability above "
             f"{percent(CONFIDENT, 0)}. The styles with the highest share:", "",
             "| digit | style | where it is common | figures | confident errors | mostly a |",
             "|---|---|---|---|---|---|"]
    lines += [f"| {style.digit} | {style.name} | {style.where} | {count} | {percent(share, 1)} | "
              f"{to} |" for style, count, share, to in rows if share]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.studies.strokes",
                                     description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--figures", type=int, default=24_000, help="number of figures to check")
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
        confident_errors = float(np.mean((probs.argmax(axis=1) != y) & (probs.max(axis=1) > CONFIDENT)))
        text = report(rows, confident_errors, args.figures, seconds)
        write_report("strokes", "Writing styles", "python -m analytics.studies.strokes", text)
        print(text)


if __name__ == "__main__":
    main()
