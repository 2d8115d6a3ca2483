"""The calibration digits as people will show them: `python -m analytics.studies.renderings`.

Each is drawn on a canvas, photographed on paper and scanned coarsely, by simple models of these, and goes through the
app's preprocessing. What comes out is written to data/renderings.npz, from which training fits its doubt with NumPy
alone; its checksum, which is printed, stands in core/digits/data.py. About two minutes on one core.
"""

import argparse
import hashlib
import io

import numpy as np
from PIL import Image, ImageFilter

from core.command import refusing
from core.digits.data import DATA_DIR, KINDS_OF_RENDERING, load_split, read_checked
from core.files import write_atomic
from deployment.reader.paper.digit import preprocess
from deployment.reader.picture.load import InputError

TRIES = 5


def enlarged(digit, side):
    """A (28, 28) uint8 digit on side x side, in [0, 1]."""
    large = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(large, np.float32) / 255


def canvas(digit, rng):
    """Drawn with a brush: crisp edges, full ink, anywhere on 280 x 280; white on black."""
    side = int(rng.uniform(110, 270))
    field = np.zeros((280, 280), np.float32)
    top, left = rng.integers(0, 281 - side, 2)
    field[top : top + side, left : left + side] = np.clip((enlarged(digit, side) - 0.4) / 0.2, 0, 1)
    return np.rint(255 * field).astype(np.uint8)


def photograph(digit, rng):
    """Ink on paper in slanting light, sometimes with a shadow or ruled lines, out of focus, with the sensor's noise."""
    height, width = rng.integers(300, 520, 2)
    side = int(rng.uniform(0.5, 0.95) * min(height, width))
    ink = np.zeros((height, width), np.float32)
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    sharp = np.clip((enlarged(digit, side) - 0.3) / 0.4, 0, 1)
    ink[top : top + side, left : left + side] = sharp * rng.uniform(0.35, 0.9)
    y, x = np.mgrid[:height, :width] / max(height, width) - 0.5
    angle, slope = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.5)
    light = rng.uniform(0.6, 1.0) * (1 - slope * (np.cos(angle) * x + np.sin(angle) * y))
    if rng.random() < 0.4:
        beyond = np.cos(angle + 1) * x + np.sin(angle + 1) * y > rng.uniform(-0.3, 0.3)
        light *= np.where(beyond, rng.uniform(0.6, 0.9), 1)
    if rng.random() < 0.3:
        gap = rng.uniform(0.12, 0.2) * max(height, width)
        ruled = (np.arange(height)[:, None] + x * rng.uniform(-20, 20)) % gap < 2
        ink = np.maximum(ink, ruled * 0.15)
    picture = np.clip(255 * light * (1 - ink), 0, 255).astype(np.uint8)
    soft = Image.fromarray(picture).filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 2.5)))
    noisy = np.asarray(soft, np.float32) + rng.normal(0, rng.uniform(1, 5), picture.shape)
    packed = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(packed, "JPEG", quality=int(rng.uniform(60, 95)))
    return packed.getvalue()


def scan(digit, rng):
    """A few pixels of grey ink on white, as old forms hold them."""
    side = int(rng.uniform(20, 36))
    small = np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BOX), np.float32) / 255
    rows, columns = (np.flatnonzero((small > 0.2).any(axis)) for axis in (1, 0))
    edge = int(rng.integers(1, 7))
    field = np.pad(small[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], edge)
    ink = np.clip(field * rng.uniform(0.8, 1.6), 0, 1) * rng.uniform(0.3, 1)
    return np.clip(255 * (rng.uniform(0.9, 1) - ink) + rng.normal(0, 3, field.shape), 0, 255).astype(np.uint8)


MAKERS = dict(zip(KINDS_OF_RENDERING, (canvas, photograph, scan), strict=True))


def rendering(digit, kind, rng):
    """A digit (28, 28) uint8 shown in one way and read in again: (28, 28) uint8; itself where that fails throughout."""
    for _ in range(TRIES):
        try:
            seen = preprocess(MAKERS[kind](digit, rng), kind="canvas" if kind == "canvas" else None)
        except InputError:
            continue
        return np.rint(255 * seen).astype(np.uint8)
    return digit


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m analytics.studies.renderings",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("--only", type=int, metavar="N", help="the first N digits, written nowhere")
    args = parser.parse_args(argv)
    from tqdm import tqdm

    with refusing("renderings"):
        X = read_checked("train-images-idx3-ubyte")[load_split()["calibration"]][: args.only]
        made = np.stack([[rendering(digit, kind, np.random.default_rng([number, i])) for i, digit in enumerate(
            tqdm(X, desc=kind))] for number, kind in enumerate(KINDS_OF_RENDERING)])
        print("SHA-256 of the array:", hashlib.sha256(made.tobytes()).hexdigest())
        if args.only is None:
            packed = io.BytesIO()
            np.savez_compressed(packed, X=made)
            write_atomic(DATA_DIR / "renderings.npz", packed.getvalue())


if __name__ == "__main__":
    main()
