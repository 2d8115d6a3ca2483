"""Damaged pictures and ZIP files, as they come by upload: read with finite figures, or refused in a sentence."""

import io
import tempfile
import time
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from analytics.benchmark.memory import peak_megabytes
from analytics.torture.mutate import mutated, with_checksums
from analytics.torture.steps import in_child
from analytics.torture.trials import Trial
from core.digits.data import load_mnist
from deployment.deploy_mnist import MNISTDeployer
from deployment.reader.picture import archive
from deployment.reader.picture.load import InputError

NO_INK = "There is no ink"  # the error for a picture that was decoded but is blank
SAVED = (  # kind, mode, options
    ("PNG", "L", {}), ("PNG", "RGBA", {}), ("PNG", "P", {}), ("PNG", "1", {}), ("PNG", "I;16", {}),
    ("JPEG", "L", {}), ("JPEG", "RGB", {"quality": 95}), ("JPEG", "RGB", {"progressive": True}), ("JPEG", "CMYK", {}),
    ("GIF", "P", {}), ("GIF", "P", {"save_all": True}), ("BMP", "RGB", {}), ("BMP", "L", {}), ("WEBP", "RGB", {}),
    ("WEBP", "RGBA", {"lossless": True}), ("WEBP", "RGB", {"save_all": True}), ("TIFF", "L", {}),
    ("TIFF", "RGB", {"compression": "tiff_lzw"}), ("TIFF", "1", {"compression": "group4"}),
    ("TIFF", "RGB", {"compression": "tiff_deflate", "save_all": True}), ("HEIF", "RGB", {"quality": 70}),
)


@cache
def deployer():
    return MNISTDeployer()


@cache
def files():
    """A digit in every kind of file, each with its kind."""
    X, found = load_mnist()["X_test"], []
    exif = Image.Exif()
    exif[0x0112] = 6
    for number, (kind, mode, options) in enumerate(SAVED):
        grey = Image.fromarray(255 - X[number]).resize((120, 140), Image.Resampling.BICUBIC)
        image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257) if mode == "I;16" else grey.convert(mode)
        out, more = io.BytesIO(), {"append_images": [image.rotate(90)] * 2} if "save_all" in options else {}
        turned = {"exif": exif.tobytes()} if kind in ("JPEG", "WEBP", "HEIF") else {}
        image.save(out, kind, **options, **more, **turned)
        found.append((kind, out.getvalue()))
    return found


LARGE = (  # kind, mode, megapixels, options: as large as is read, or a little more
    ("PNG", "L", 25, {}), ("PNG", "RGBA", 25, {"compress_level": 1}), ("PNG", "1", 25, {}), ("PNG", "I;16", 25, {}),
    ("PNG", "1", 26, {}), ("JPEG", "RGB", 63, {}), ("JPEG", "RGB", 25, {"progressive": True}), ("GIF", "P", 25, {}),
    ("TIFF", "F", 20, {"compression": "tiff_deflate"}), ("TIFF", "CMYK", 20, {"compression": "tiff_lzw"}),
    ("WEBP", "RGB", 16, {"method": 0}), ("WEBP", "RGBA", 16, {"lossless": True, "method": 0, "quality": 0}),
    ("HEIF", "RGB", 16, {"quality": 40}), ("BMP", "RGB", 6, {}),
)


@cache
def large(which):
    """A digit in as many pixels as are read, as bytes; made by a process of its own, whose memory is not ours."""
    with tempfile.TemporaryDirectory() as base:
        path = Path(base) / "large"
        code, errors = in_child(lambda: _write_large(path, *LARGE[which]))
        if code:
            raise RuntimeError(errors)
        return path.read_bytes()


def _write_large(path, kind, mode, megapixels, options):
    side = int((megapixels * 1e6) ** 0.5)
    image = Image.fromarray(255 - load_mnist()["X_test"][1]).resize((side, side), Image.Resampling.BILINEAR)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    image.convert(mode).save(path, kind, **options)


def picture(rng, number):
    """One damaged picture through MNISTDeployer.predict; now and then a whole one, but a very large one."""
    if number % 100 == 99:
        data, before, started = large(number // 100 % len(LARGE)), peak_megabytes(), time.perf_counter()
        return replace(read(data), seconds=time.perf_counter() - started, megabytes=peak_megabytes() - before)
    whole = files()
    kind, data = whole[rng.integers(len(whole))]
    damaged = mutated(data, rng, whole[rng.integers(len(whole))][1], most=2)
    if kind == "PNG" and rng.random() < 0.8:
        damaged = with_checksums(damaged)
    return read(damaged)


def read(data):
    """What comes of reading the bytes of a file: a Trial."""
    try:
        prediction = deployer().predict(data, "“x”")
    except InputError as error:
        sentence = str(error)
        if not sentence.endswith(".") or "\n" in sentence or len(sentence) > 300:
            return Trial("refused", f"no sentence: {sentence[:200]}")
        return Trial("unpacked, without ink" if sentence.startswith(NO_INK) else "refused")
    numbers = [*prediction.probabilities, prediction.confidence, prediction.novelty, *prediction.image.ravel(),
               *np.concatenate(prediction.hidden)]
    if not np.isfinite(numbers).all() or abs(prediction.probabilities.sum() - 1) > 1e-5:
        return Trial("read", "values that are not finite, or no distribution")
    return Trial("read")


@cache
def archives():
    """ZIP files of these pictures, by every method that Python can pack with."""
    pictures, found = files(), []
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    for number in range(12):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", methods[number % 8 // 2]) as packed:
            for i in range(1 + number % 4):
                kind, data = pictures[(3 * number + i) % len(pictures)]
                packed.writestr(f"folder{i}/7_{i}.{kind.lower()}", data)
            packed.writestr("notes.txt", b"seven")
        found.append(out.getvalue())
    return found


def zip_file(rng, number):
    """One damaged ZIP file through the upload: what it holds, and every picture in it."""
    whole = archives()
    damaged = mutated(whole[rng.integers(len(whole))], rng, whole[rng.integers(len(whole))])
    found, sentences = archive.gather([("x.zip", damaged)])
    if not found and not sentences:
        return Trial("refused", "nothing was said")
    if any("\n" in sentence or len(sentence) > 600 for sentence in sentences):
        return Trial("refused", f"no sentence: {sentences}")
    if not found:
        return "refused"
    opened = 0
    for entry in found:
        try:
            data = entry.load()
        except InputError:
            continue
        opened += 1
        trial = read(data)
        if trial.fault:
            return trial
    return "opened" if opened == len(found) else "opened in part" if opened else "listed, none could be unpacked"
