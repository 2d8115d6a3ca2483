"""MNIST: reading and checking the files, the fixed split by writer, and images as network input.

`python -m core.digits.data` downloads missing MNIST files and checks all of them. Only training does the same.

The split ships as two lists of training-image indices in `data/split.npz`, with the writer of each image. It was drawn
once: the 539 writers of the training images, named in QMNIST's labels (Yadav & Bottou 2019), were shuffled with seed
2026 within each of the two collections (census employees, students); whole writers went to validation until it had
1,250 images of a collection, then to calibration likewise. No writer is in two parts, and MNIST's test writers are in
none. The split does not depend on `--seed`.
"""

import gzip
import hashlib
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.command import refusing
from core.files import aside
from core.shipped import shipped

DATA_DIR = shipped("data")
SIDE, PIXELS, DIGITS = 28, 28 * 28, 10
BOX = 20  # pixels; the long side of a digit in an MNIST image
FETCH_ADVICE = "python -m core.digits.data, which downloads what is missing."
MIRRORS = ("https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/")
# SHA-256 of the unpacked files, which does not depend on the compression
CHECKSUMS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

KINDS_OF_RENDERING = ("canvas", "photograph", "scan", "paper")
RENDERINGS_SHA256 = "e94df8823bee2eeca5da89ea2f8d45c8deb054d3a98601dcf7d65562645d78e5"


Progress = Callable[[str, int, int], object]  # called as progress(name, bytes_done, bytes_total)


class DataError(ValueError):
    """A data file is missing, damaged or of another kind. The message names the file and the remedy."""


def read_idx(raw: bytes, name: str = "the file") -> NDArray[np.uint8]:
    """Decode an unpacked IDX file of unsigned bytes (LeCun's MNIST format)."""
    if len(raw) < 4 or raw[:3] != b"\0\0\x08":
        raise DataError(f"{name} is not an IDX file of unsigned bytes; delete it and run {FETCH_ADVICE}")
    ndim = raw[3]
    shape = np.frombuffer(raw, ">u4", count=ndim, offset=4) if len(raw) >= 4 + 4 * ndim else ()
    if not len(shape) or len(raw) != 4 + 4 * ndim + int(np.prod(shape, dtype=np.int64)):
        raise DataError(f"{name} is cut short or too long; delete it and run {FETCH_ADVICE}")
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * ndim).reshape(shape)


def download(name: str, path: Path, progress: Progress | None = None) -> None:
    """Download one MNIST file from the public mirrors to `path`, atomically."""
    import urllib.request  # a tenth of what importing the rest takes, and rarely needed

    reasons = []
    for mirror in MIRRORS:
        try:
            with (urllib.request.urlopen(mirror + path.name, timeout=30) as reply, aside(path) as part,
                  open(part, "wb") as out):
                total, done = int(reply.headers.get("Content-Length") or 0), 0
                while block := reply.read(1 << 16):
                    out.write(block)
                    done += len(block)
                    if progress:
                        progress(name, done, total)
            return
        except OSError as error:  # URLError and timeouts are OSErrors
            reasons.append(str(error))
    raise DataError(f"{path.name} is not in {path.parent} and could not be fetched ({'; '.join(reasons)}). "
                    "Connect to the internet and try again, or copy the file there by hand.")


def fetch(data_dir: Path = DATA_DIR, progress: Progress | None = None) -> None:
    """Download the MNIST files that are missing."""
    for name in CHECKSUMS:
        path = Path(data_dir) / f"{name}.gz"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            download(name, path, progress)


def read_checked(name: str, data_dir: Path = DATA_DIR) -> NDArray[np.uint8]:
    """One of the four MNIST files. Never downloads; raises DataError if the file is missing or its checksum is wrong.
    """
    path = Path(data_dir) / f"{name}.gz"
    with readable(path):
        raw = gzip.decompress(path.read_bytes())
    check_sum(path, name, hashlib.sha256(raw).hexdigest())
    return read_idx(raw, str(path))


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raise what reading and unpacking a MNIST file raises as a DataError with a remedy."""
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"{path} is missing: this needs the MNIST files in data/; run {FETCH_ADVICE}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is damaged or cannot be read ({error}); delete it and run {FETCH_ADVICE}") from None


def check_sum(path: Path, name: str, digest: str) -> None:
    """Raises DataError unless the SHA-256 of an unpacked file is that of this MNIST file."""
    if digest != CHECKSUMS[name]:
        raise DataError(f"{path} is not the MNIST file it should be (wrong checksum); delete it and run {FETCH_ADVICE}")


def load_mnist(data_dir: Path = DATA_DIR, progress: Progress | None = None) -> dict[str, NDArray[np.uint8]]:
    """MNIST: X_train (60000, 28, 28), y_train (60000,), X_test (10000, 28, 28), y_test (10000,).

    Missing files are downloaded.
    """
    fetch(data_dir, progress)
    keys = ("X_train", "y_train", "X_test", "y_test")
    return {key: read_checked(name, data_dir) for key, name in zip(keys, CHECKSUMS, strict=True)}


def load_split() -> dict[str, NDArray[np.integer]]:
    """The fixed parts "train", "validation" and "calibration" of the 60,000 training images, as indices."""
    validation, calibration = _arrays("split.npz", "validation", "calibration")
    train = np.setdiff1d(np.arange(60_000, dtype=np.int32), np.concatenate([validation, calibration]))
    return {"validation": validation, "calibration": calibration, "train": train}


def calibration_writers() -> NDArray[np.integer]:
    """The writer (n,), one of 25 numbers, of each image of the calibration part."""
    return _arrays("split.npz", "calibration_writer")[0]


def validation_writers() -> NDArray[np.integer]:
    """The writer (n,), one of 23 numbers, of each image of the validation part."""
    return _arrays("split.npz", "validation_writer")[0]


def _arrays(file: str, *names: str) -> list[NDArray]:
    """Arrays of a NumPy file in data/. Raises DataError if they cannot be read."""
    path = DATA_DIR / file
    try:
        with open(path, "rb") as source, np.load(source, allow_pickle=False) as saved:
            return [saved[name] for name in names]
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}); restore it from the project's files.") from None


def read_csv(path: str | Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read X (N, 28, 28), y (N,) from CSV: the label, then 784 values 0..255. A header line is skipped.

    Raises DataError, which names the first invalid line.
    """
    path = Path(path)
    try:
        with open(path, encoding="utf-8-sig") as lines:
            header = int(not lines.readline().split(",")[0].strip().isdigit())
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an empty file raises DataError below
                table = np.loadtxt(path, np.int64, delimiter=",", skiprows=header, ndmin=2, encoding="utf-8-sig")
        except (ValueError, OverflowError):
            table = np.empty((1, 0), np.int64)
        if table.shape[1] != 1 + PIXELS or table.min() < 0 or table.max() > 255 or table[:, 0].max() >= DIGITS:
            with open(path, encoding="utf-8-sig") as lines:
                raise DataError(f"{path}, {_complaint(lines, header)}.")
    except OSError as error:
        raise DataError(f"{path} could not be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is not text; MNIST as CSV has a label and 784 whole numbers on each line.") from None
    return table[:, 1:].reshape(-1, SIDE, SIDE).astype(np.uint8), table[:, 0].astype(np.uint8)


def _complaint(lines: Iterable[str], header: int) -> str:
    """The fault of the first line that is not a label 0..9 and 784 pixels 0..255."""
    number = 0
    for number, line in enumerate(lines, start=1):
        cells = line.strip().split(",")
        if number <= header or cells == [""]:
            continue
        if len(cells) != 1 + PIXELS:
            return f"line {number}: it has {len(cells)} values, not {1 + PIXELS}: a label and {PIXELS} pixels"
        for column, cell in enumerate(cells):
            largest = 255 if column else DIGITS - 1
            name = f"pixel {column}" if column else "the label"
            if not cell.strip().isdecimal():
                return f"line {number}: {name} is {cell.strip()[:20]!r}, no whole number"
            if len(cell.strip().lstrip("0")) > 3 or int(cell) > largest:
                return f"line {number}: {name} is {cell.strip()[:20]}, not 0 to {largest}: out of range"
    return f"line {number}: there are no images" if number <= header else f"line {number}: it cannot be read"


def as_input(images: NDArray | list[NDArray], input_range: tuple[float, float] = (0.0, 1.0),
             dtype: type[np.floating] = np.float32) -> NDArray[np.floating]:
    """Network input X (N, 784): uint8 images 0..255 or float images 0..1, scaled linearly to `input_range`."""
    X = np.asarray(images).reshape(len(images), -1)
    (low, high), scale = input_range, X.dtype == np.uint8
    X = X.astype(dtype)
    if scale:
        X /= dtype(255)  # in place, as a second array of all training images needs 170 MB
    return X if (low, high) == (0.0, 1.0) else X * dtype(high - low) + dtype(low)


def load_renderings() -> NDArray[np.uint8]:
    """The calibration images (4, n, 28, 28) as drawn on a canvas, photographed on plain paper, scanned, and
    photographed on ruled or squared paper (KINDS_OF_RENDERING).

    Written by analytics.studies.renderings.
    """
    (X,) = _arrays("renderings.npz", "X")
    if hashlib.sha256(X.tobytes()).hexdigest() != RENDERINGS_SHA256:
        raise DataError(f"{DATA_DIR / 'renderings.npz'} has a wrong checksum; restore it from "
                        "the project's files.")
    return X


def main() -> None:
    with refusing("core.digits.data"):
        load_mnist()
        load_split()
        print(f"The MNIST files and their split in {DATA_DIR} are complete.")


if __name__ == "__main__":
    main()
