"""How well the network reads pictures from outside MNIST: `python -m analytics.realworld DIR`.

DIR holds pictures named `L_anything.png` (or jpg, jpeg, webp, bmp), `L` being the digit; each sub-folder is a row of
the table. Arrays are read too, each file a row:

- `NAME.npz` with `images` (N, H, W) uint8 and `labels` (N,);
- `NAME.npz` with pen strokes: `points` (P, 2) with y upwards, `stroke_start` (S + 1,), `sample_start` (N + 1,) and
  `labels` (N,); stroke j is points[stroke_start[j] : stroke_start[j + 1]], sample i has the strokes from
  sample_start[i] to sample_start[i + 1]. They are drawn as a person would on the app's canvas, the same each time.

`--errors FILE.png` shows what was misread: picture, what the network saw, truth and answer. `--report` puts the table
into analytics/reports/realworld.md.
"""

import argparse
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from analytics.reports import write_report
from core.command import refusing
from core.metrics import wilson_interval
from core.uncertainty.readout import FEELINGS
from core.words import interval, measured, percent
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.preprocess import InputError

CANVAS = 280
WHOSE = ("The whole way from file to answer. These sets are not part of the project, so nobody else can remake this "
         "very "
         "table; the command makes one of any folder of pictures named like 7_anything.png. Preprocessing and recipe "
         "were "
         "developed on these sets: expect somewhat less on pictures of your own.")
ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".bmp"}


def load_sets(source):
    """All labelled sets in a folder, or the one in an .npz file: a list of (name, pictures, labels).

    Pictures are as MNISTDeployer.predict takes them, labels (N,) integers. Raises ValueError when there are none.
    """
    source, sets = Path(source), []
    folders = [source, *sorted(path for path in source.rglob("*") if path.is_dir())] if source.is_dir() else []
    for folder in folders:
        files = sorted(file for file in folder.iterdir() if is_labelled(file))
        if files:
            sets.append((name_below(source, folder), files, np.array([int(file.name[0]) for file in files])))
    for file in sorted(source.rglob("*.npz")) if source.is_dir() else [source]:
        loaded = load_arrays(file)
        if loaded is not None:
            sets.append((name_below(source, file), *loaded))
    if not sets:
        raise ValueError(f"{source} holds no pictures named like 7_anything.png: name each after its digit.")
    return sets


def name_below(source, path):
    return str(path.relative_to(source).with_suffix("")) if path != source else path.resolve().stem


def is_labelled(file):
    return file.suffix.lower() in ENDINGS and file.name[0].isdigit() and file.name[1] == "_"


def load_arrays(file):
    """(pictures, labels) of an .npz file in one of the two forms above; None if it is neither or holds no digits."""
    with np.load(file, allow_pickle=False) as arrays:
        labels = arrays.get("labels")
        if labels is None or labels.dtype.kind not in "iu":
            return None
        if "images" in arrays:
            pictures = list(arrays["images"])
        elif {"points", "stroke_start", "sample_start"} <= set(arrays):
            points, stroke_start, sample_start = (arrays[k] for k in ("points", "stroke_start", "sample_start"))
            rng = np.random.default_rng(0)
            pictures = []
            for first, last in pairwise(sample_start):
                file = BytesIO()  # packed: thousands of canvases would fill the memory
                draw_strokes([points[a:b] for a, b in pairwise(stroke_start[first : last + 1])], rng).save(file, "PNG")
                pictures.append(file.getvalue())
        else:
            return None
    return pictures, labels


def draw_strokes(strokes, rng):
    """Pen strokes, each (n, 2) with y upwards -> RGBA picture as the app's canvas: 280 x 280, white on nothing.

    The round brush is 14 to 26 px wide, the way of its middle 90 to 220 px long or high; it lies anywhere.
    """
    points = np.concatenate(strokes) * [1, -1]
    low, extent = points.min(0), np.ptp(points, axis=0)
    brush, side = int(rng.integers(14, 27)), rng.uniform(90, 220)
    scale = side / max(extent.max(), 1e-6)
    free = CANVAS - brush - extent * scale
    corner = brush / 2 + rng.uniform(0, 1, 2) * free
    image = Image.new("L", (2 * CANVAS, 2 * CANVAS))  # drawn twice as large, for soft edges
    pen = ImageDraw.Draw(image)
    for stroke in strokes:
        path = ((stroke * [1, -1] - low) * scale + corner) * 2
        pen.line([tuple(p) for p in path], fill=255, width=2 * brush)
        for x, y in path:
            pen.ellipse([x - brush, y - brush, x + brush, y + brush], fill=255)
    canvas = Image.new("RGBA", (CANVAS, CANVAS), "white")
    canvas.putalpha(image.reduce(2))
    return canvas


def table(results):
    """Markdown of (name, answers, labels); an answer is a Prediction or an InputError, which counts as misread."""
    head = ["set", "n", "read correctly", "95 % interval", "mean confidence", *FEELINGS, "unreadable"]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for name, answers, labels in results:
        read = [answer for answer in answers if not isinstance(answer, InputError)]
        hits = int(sum(is_hit(answer, label) for answer, label in zip(answers, labels, strict=True)))
        confidence = percent(np.mean([answer.confidence for answer in read])) if read else "–"
        feelings = [measured(sum(answer.emotion == feeling for answer in read) / len(labels)) for feeling in FEELINGS]
        cells = [name, f"{len(labels):,}", measured(hits / len(labels)), interval(wilson_interval(hits, len(labels))),
                 confidence, *feelings, f"{len(answers) - len(read):,}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def is_hit(answer, label):
    return not isinstance(answer, InputError) and answer.digit == label


def contact_sheet(sets, results, columns=8, side=84):
    """PIL image of what was misread: each picture beside its 28x28, with "truth > answer" above."""
    wrong = [(picture, answer, label) for (_, pictures, labels), (_, answers, _) in zip(sets, results, strict=True)
             for picture, answer, label in zip(pictures, answers, labels, strict=True) if not is_hit(answer, label)]
    width, height = 2 * side + 8, side + 18
    sheet = Image.new("RGB", (columns * width, max(1, -(-len(wrong) // columns)) * height), "#333333")
    pen = ImageDraw.Draw(sheet)
    for i, (picture, answer, label) in enumerate(wrong):
        x, y = i % columns * width, i // columns * height
        failed = isinstance(answer, InputError)
        said = "unreadable" if failed else f"{answer.digit}  {percent(answer.confidence, 0)}"
        pen.text((x, y + 3), f"{label} > {said}")
        sheet.paste(thumbnail(picture, side), (x, y + 16))
        if not failed:
            seen = Image.fromarray(np.rint(answer.image * 255).astype(np.uint8))
            sheet.paste(seen.resize((side, side), Image.Resampling.NEAREST), (x + side + 2, y + 16))
    return sheet


def thumbnail(picture, side):
    """A picture as `load_sets` gives it, small and RGB; drawings on black, files that are no picture left empty."""
    try:
        if isinstance(picture, np.ndarray):
            image = Image.fromarray(picture)
        else:
            image = ImageOps.exif_transpose(Image.open(BytesIO(picture) if isinstance(picture, bytes) else picture))
        if image.has_transparency_data:
            image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image.convert("RGBA"))
        return ImageOps.pad(image.convert("RGB"), (side, side), color="#333333")
    except (OSError, ValueError, TypeError):
        return Image.new("RGB", (side, side))


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m analytics.realworld", description=__doc__.split("\n")[0])
    parser.add_argument("sources", nargs="+", type=Path, metavar="DIR", help="a folder, or one .npz file")
    parser.add_argument("--model", type=Path, default=SHIPPED, metavar="DIR")
    parser.add_argument("--errors", type=Path, metavar="FILE.png", help="write a contact sheet of what was misread")
    parser.add_argument("--report", action="store_true", help="put the table into analytics/reports/realworld.md")
    args = parser.parse_args(argv)
    with refusing("realworld"):
        sets, deployer = [row for source in args.sources for row in load_sets(source)], MNISTDeployer(args.model)
    results = [(name, deployer.predict_batch(pictures, skip_errors=True), labels) for name, pictures, labels in sets]
    text = table(results)
    print(text, end="")
    if args.errors:
        contact_sheet(sets, results).save(args.errors)
    if args.report:
        write_report("realworld", "Pictures from outside MNIST", "python -m analytics.realworld DIR --report",
                     f"{WHOSE}\n\n{text}")


if __name__ == "__main__":
    main()
