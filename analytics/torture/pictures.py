"""Uploads of damaged pictures and ZIP files: a prediction with finite figures, or an error message."""

import io
import re
import tempfile
import time
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from analytics.benchmark.rss import peak_megabytes
from analytics.torture.mutate import mutated, with_checksums
from analytics.torture.steps import in_child
from analytics.torture.trials import Trial
from core.digits.data import load_mnist
from deployment.deploy_mnist import MNISTDeployer
from deployment.reader.picture import archive
from deployment.reader.picture.opening import InputError

NO_DIGIT = re.compile(r"(No ink was|Only the lines of the paper were) found|(One piece|[\d,]+ pieces) of ink")
SAVED = (  # kind, mode, options
    ("PNG", "L", {}), ("PNG", "RGBA", {}), ("PNG", "P", {}), ("PNG", "1", {}), ("PNG", "I;16", {}),
    ("JPEG", "L", {}), ("JPEG", "RGB", {"quality": 95}), ("JPEG", "RGB", {"progressive": True}), ("JPEG", "CMYK", {}),
    ("GIF", "P", {}), ("GIF", "P", {"save_all": True}), ("BMP", "RGB", {}), ("BMP", "L", {}), ("WEBP", "RGB", {}),
    ("WEBP", "RGBA", {"lossless": True}), ("WEBP", "RGB", {"save_all": True}), ("TIFF", "L", {}),
    ("TIFF", "RGB", {"compression": "tiff_lzw"}), ("TIFF", "1", {"compression": "group4"}),
    ("TIFF", "RGB", {"compression": "tiff_deflate", "save_all": True}), ("HEIF", "RGB", {"quality": 70}),
)


@cache
def deployer() -> MNISTDeployer:
    return MNISTDeployer()


@cache
def files() -> list[tuple[str, bytes]]:
    """(kind, bytes) of a digit in every file format of SAVED."""
    X, saved = load_mnist()["X_test"], []
    exif = Image.Exif()
    exif[0x0112] = 6
    for number, (kind, mode, options) in enumerate(SAVED):
        grey = Image.fromarray(255 - X[number]).resize((120, 140), Image.Resampling.BICUBIC)
        image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257) if mode == "I;16" else grey.convert(mode)
        out, frames = io.BytesIO(), {"append_images": [image.rotate(90)] * 2} if "save_all" in options else {}
        orientation = {"exif": exif.tobytes()} if kind in ("JPEG", "WEBP", "HEIF") else {}
        image.save(out, kind, **options, **frames, **orientation)
        saved.append((kind, out.getvalue()))
    return saved


LARGE = (  # kind, mode, megapixels, options: at the size limit or slightly above
    ("PNG", "L", 25, {}), ("PNG", "RGBA", 25, {"compress_level": 1}), ("PNG", "1", 25, {}), ("PNG", "I;16", 25, {}),
    ("PNG", "1", 26, {}), ("JPEG", "RGB", 63, {}), ("JPEG", "RGB", 25, {"progressive": True}), ("GIF", "P", 25, {}),
    ("TIFF", "F", 20, {"compression": "tiff_deflate"}), ("TIFF", "CMYK", 20, {"compression": "tiff_lzw"}),
    ("WEBP", "RGB", 16, {"method": 0}), ("WEBP", "RGBA", 16, {"lossless": True, "method": 0, "quality": 0}),
    ("HEIF", "RGB", 16, {"quality": 40}), ("BMP", "RGB", 6, {}),
)


@cache
def large(which: int) -> bytes:
    """A picture of LARGE; made in a child process, whose memory is not measured."""
    with tempfile.TemporaryDirectory() as base:
        path = Path(base) / "large"
        code, errors = in_child(lambda: _write_large(path, *LARGE[which]))
        if code:
            raise RuntimeError(errors)
        return path.read_bytes()


def _write_large(path: Path, kind: str, mode: str, megapixels: float, options: Mapping[str, Any]) -> None:
    side = int((megapixels * 1e6) ** 0.5)
    image = Image.fromarray(255 - load_mnist()["X_test"][1]).resize((side, side), Image.Resampling.BILINEAR)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    image.convert(mode).save(path, kind, **options)


def picture(rng: np.random.Generator, number: int) -> Trial:
    """One damaged picture through MNISTDeployer.predict; every hundredth is intact and very large."""
    if number % 100 == 99:
        data, before, started = large(number // 100 % len(LARGE)), peak_megabytes(), time.perf_counter()
        return replace(read(data), seconds=time.perf_counter() - started, megabytes=peak_megabytes() - before)
    intact = files()
    kind, data = intact[rng.integers(len(intact))]
    damaged = mutated(data, rng, intact[rng.integers(len(intact))][1], most=2)
    if kind == "PNG" and rng.random() < 0.8:
        damaged = with_checksums(damaged)
    return read(damaged)


def read(data: bytes) -> Trial:
    """Read the bytes of a file with MNISTDeployer.predict."""
    try:
        prediction = deployer().predict(data, "“x”")
    except InputError as error:
        sentence = str(error)
        if not sentence.endswith(".") or "\n" in sentence or len(sentence) > 300:
            return Trial("refused", f"not a sentence: {sentence[:200]}")
        return Trial("unpacked, without ink" if NO_DIGIT.match(sentence) else "refused")
    numbers = [*prediction.probabilities, prediction.confidence, prediction.novelty, *prediction.image.ravel(),
               *np.concatenate(prediction.hidden)]
    if not np.isfinite(numbers).all() or abs(prediction.probabilities.sum() - 1) > 1e-5:
        return Trial("read", "non-finite values, or not a distribution")
    return Trial("read")


@cache
def archives() -> list[bytes]:
    """ZIP files of these pictures, with every compression method of Python."""
    pictures, packed_files = files(), []
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    for number in range(12):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", methods[number % 8 // 2]) as packed:
            for i in range(1 + number % 4):
                kind, data = pictures[(3 * number + i) % len(pictures)]
                packed.writestr(f"folder{i}/7_{i}.{kind.lower()}", data)
            packed.writestr("notes.txt", b"seven")
        packed_files.append(out.getvalue())
    return packed_files


def zip_file(rng: np.random.Generator, number: int) -> Trial | str:
    """One damaged ZIP file through the upload: its list of pictures, and every picture in it."""
    intact = archives()
    damaged = mutated(intact[rng.integers(len(intact))], rng, intact[rng.integers(len(intact))])
    entries, sentences = archive.gather([("x.zip", damaged)])
    if not entries and not sentences:
        return Trial("refused", "no message")
    if any("\n" in sentence or len(sentence) > 600 for sentence in sentences):
        return Trial("refused", f"not a sentence: {sentences}")
    if not entries:
        return "refused"
    opened = 0
    for entry in entries:
        try:
            data = entry.load()
        except InputError:
            continue
        opened += 1
        trial = read(data)
        if trial.fault:
            return trial
    return "opened" if opened == len(entries) else "opened in part" if opened else "listed, none could be unpacked"
