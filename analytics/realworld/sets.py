"""Pictures from outside MNIST, read from folders and arrays: of digits with their labels, and of what is no digit."""

import hashlib
import json
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from deployment.reader.picture.load import ENDINGS

CANVAS = 280
LOOK_ALIKES = "oOlIsSzZBgqb"  # drawn letters that are digits to whoever is not told
DOUBTFUL = json.loads((Path(__file__).parent / "doubtful.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Pictures:
    """A set: pictures as MNISTDeployer.predict takes them; labels (N,), -1 for what is no digit; kind: as `predict`'s.

    doubtful: numbers of those whose label or legibility is in doubt, listed beforehand.
    """

    name: str
    pictures: list
    labels: np.ndarray
    kind: str | None = None
    doubtful: tuple = ()

    def __len__(self):
        return len(self.labels)


def load_sets(source):
    """All labelled sets in a folder, or the one in an .npz file: a list of Pictures. Raises ValueError when there are
    none."""
    source, sets = Path(source), []
    folders = [source, *sorted(path for path in source.rglob("*") if path.is_dir())] if source.is_dir() else []
    for folder in folders:
        files = sorted(file for file in folder.iterdir() if is_labelled(file))
        if files:
            labels = np.array([int(file.name[0]) for file in files])
            sets.append(Pictures(name_below(source, folder), files, labels))
    for file in sorted(source.rglob("*.npz")) if source.is_dir() else [source]:
        loaded = load_arrays(file, name_below(source, file))
        if loaded is not None and loaded.labels.dtype.kind in "iu":
            sets.append(loaded)
    if not sets:
        raise ValueError(f"{source} holds no pictures named like 7_anything.png: name each after its digit.")
    return sets


def load_strange(source):
    """What is no digit, in a folder of any pictures or an .npz file: a Pictures; of drawn letters without those that
    look like digits. Raises ValueError where there is none."""
    source = Path(source)
    if source.is_dir():
        files = sorted(file for file in source.rglob("*") if file.name.lower().endswith(ENDINGS))
        loaded = Pictures(source.resolve().name, files, np.full(len(files), -1)) if files else None
    else:
        loaded = load_arrays(source, source.stem)
    if loaded is None:
        raise ValueError(f"{source} holds no pictures.")
    letters = loaded.labels.dtype.kind == "U" and loaded.kind == "canvas"
    kept = np.flatnonzero(~np.isin(loaded.labels, list(LOOK_ALIKES))) if letters else np.arange(len(loaded))
    return Pictures(loaded.name, [loaded.pictures[i] for i in kept], np.full(len(kept), -1), loaded.kind)


def name_below(source, path):
    return str(path.relative_to(source).with_suffix("")) if path != source else path.resolve().stem


def is_labelled(file):
    return file.name.lower().endswith(ENDINGS) and file.name[0].isdigit() and file.name[1] == "_"


def load_arrays(file, name):
    """The Pictures of an .npz file, with its labels as they are; None where it holds none in a known form."""
    with np.load(file, allow_pickle=False) as arrays:
        labels = arrays.get("labels")
        if labels is None:
            return None
        if "images" in arrays:
            return Pictures(name, list(arrays["images"]), labels)
        if not {"points", "stroke_start", "sample_start"} <= set(arrays):
            return None
        points, stroke_start, sample_start = (arrays[k] for k in ("points", "stroke_start", "sample_start"))
    rng, pictures = np.random.default_rng(0), []
    for first, last in pairwise(sample_start):
        packed = BytesIO()  # thousands of canvases would fill the memory
        draw_strokes([points[a:b] for a, b in pairwise(stroke_start[first : last + 1])], rng).save(packed, "PNG")
        pictures.append(packed.getvalue())
    doubtful = DOUBTFUL.get(hashlib.sha256(points.tobytes()).hexdigest(), {}).get("indices", ())
    return Pictures(name, pictures, labels, "canvas", tuple(doubtful))


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
