"""Load pictures from outside MNIST from folders and array files: labelled digits, and non-digits."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from deployment.reader.picture.opening import ENDINGS

CANVAS = 280  # side in pixels
LOOK_ALIKES = "oOlIsSzZBgqb"  # letters whose drawings can be digits
DOUBTFUL = json.loads((Path(__file__).parent / "doubtful.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Pictures:
    """A set of N pictures.

    pictures, kind: arguments of MNISTDeployer.predict_batch; labels (N,): -1 for non-digits; doubtful: indices of
    pictures with doubtful labels or legibility, listed before the measurement.
    """

    name: str
    pictures: list
    labels: NDArray
    kind: str | None = None
    doubtful: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)


def load_sets(source: Path) -> list[Pictures]:
    """All labelled sets in a folder or an .npz file. Raises ValueError when there are none."""
    sets = []
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


def load_non_digits(source: Path) -> Pictures:
    """Non-digits from a folder of pictures or an .npz file, without drawn letters that are LOOK_ALIKES of digits.

    Raises ValueError when there are none.
    """
    if source.is_dir():
        files = sorted(file for file in source.rglob("*") if file.name.lower().endswith(ENDINGS))
        loaded = Pictures(source.resolve().name, files, np.full(len(files), -1)) if files else None
    else:
        loaded = load_arrays(source, source.stem)
    if loaded is None:
        raise ValueError(f"{source} holds no pictures.")
    letters = loaded.labels.dtype.kind == "U" and loaded.kind == "canvas"
    indices = np.flatnonzero(~np.isin(loaded.labels, list(LOOK_ALIKES))) if letters else np.arange(len(loaded))
    return Pictures(loaded.name, [loaded.pictures[i] for i in indices], np.full(len(indices), -1), loaded.kind)


def name_below(source: Path, path: Path) -> str:
    return str(path.relative_to(source).with_suffix("")) if path != source else path.resolve().stem


def is_labelled(file: Path) -> bool:
    return file.name.lower().endswith(ENDINGS) and file.name[0].isdigit() and file.name[1] == "_"


def load_arrays(file: Path, name: str) -> Pictures | None:
    """The Pictures of an .npz file with its labels of any type; None for a file without known arrays."""
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
        packed = BytesIO()  # PNG, because thousands of canvases would fill the memory
        draw_strokes([points[a:b] for a, b in pairwise(stroke_start[first : last + 1])], rng).save(packed, "PNG")
        pictures.append(packed.getvalue())
    doubtful = DOUBTFUL.get(hashlib.sha256(points.tobytes()).hexdigest(), {}).get("indices", ())
    return Pictures(name, pictures, labels, "canvas", tuple(doubtful))


def draw_strokes(strokes: Sequence[NDArray[np.floating]], rng: np.random.Generator) -> Image.Image:
    """An RGBA picture like the app's canvas, 280 x 280, white on transparent, of pen strokes (n, 2) with y upwards.

    Brush width 14 to 26 px, longer side of the strokes 90 to 220 px, position random.
    """
    points = np.concatenate(strokes) * [1, -1]
    low, extent = points.min(0), np.ptp(points, axis=0)
    brush, side = int(rng.integers(14, 27)), rng.uniform(90, 220)
    scale = side / max(extent.max(), 1e-6)
    free = CANVAS - brush - extent * scale
    corner = brush / 2 + rng.uniform(0, 1, 2) * free
    image = Image.new("L", (2 * CANVAS, 2 * CANVAS))  # drawn at twice the size for soft edges
    pen = ImageDraw.Draw(image)
    for stroke in strokes:
        path = ((stroke * [1, -1] - low) * scale + corner) * 2
        pen.line([tuple(p) for p in path], fill=255, width=2 * brush)
        for x, y in path:
            pen.ellipse([x - brush, y - brush, x + brush, y + brush], fill=255)
    canvas = Image.new("RGBA", (CANVAS, CANVAS), "white")
    canvas.putalpha(image.reduce(2))
    return canvas
