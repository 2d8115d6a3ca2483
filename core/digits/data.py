"""MNIST: reading and checking the files, the fixed split by writer, and images as network input.

`python -m core.digits.data` downloads the MNIST files that are missing and checks all of them. So does training, and
nothing else.

The split ships as two lists of training-image indices in `data/split.npz`, with the writer of each of their images.
It was drawn once: the 539 writers of the training images, named in QMNIST's labels (Yadav & Bottou 2019), were shuffled
with seed 2026 within each of the two collections (census employees, students); whole writers went to validation until
it held 1,250 images of a collection, then to calibration likewise. So no writer is in two parts, just as MNIST's own
test writers are none of these, and a validation figure does not flatter. It does not depend on any `--seed`.
"""

import gzip
import hashlib
import urllib.request
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np

from core.command import refusing
from core.files import aside

DATA_DIR = Path(__file__).resolve().parents[2] / "data"
SIDE, PIXELS, DIGITS = 28, 28 * 28, 10
BOX = 20  # pixels: the long side of a digit in MNIST's field of 28 x 28
FETCH = "python -m core.digits.data, which downloads what is missing."
MIRRORS = ("https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/")
# SHA-256 of the unpacked files: the same whatever program packed them.
CHECKSUMS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

KINDS_OF_RENDERING = ("canvas", "photograph", "scan")
# SHA-256 of the array in data/renderings.npz
RENDERINGS = "ec06f84d0f2a434a319cd4f5450e21e97df08c6422ff3e4acf02077a77ac8dd3"


class DataError(ValueError):
    """A data file is missing, damaged or of another kind; the message says which and what to do."""


def read_idx(raw, name="the file"):
    """Decode an unpacked IDX file of unsigned bytes (LeCun's MNIST format) into a uint8 array of its stated shape."""
    if len(raw) < 4 or raw[:3] != b"\0\0\x08":
        raise DataError(f"{name} is not an IDX file of unsigned bytes; delete it and run {FETCH}")
    ndim = raw[3]
    shape = np.frombuffer(raw, ">u4", count=ndim, offset=4) if len(raw) >= 4 + 4 * ndim else ()
    if not len(shape) or len(raw) != 4 + 4 * ndim + int(np.prod(shape, dtype=np.int64)):
        raise DataError(f"{name} is cut short or too long; delete it and run {FETCH}")
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * ndim).reshape(shape)


def download(name, path, progress=None):
    """Fetch one MNIST file from the public mirrors to `path`, written aside and renamed.

    progress: called as progress(name, bytes_done, bytes_total) while it arrives.
    """
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


def fetch(data_dir=DATA_DIR, progress=None):
    """Download those of the four MNIST files that are missing; progress as `download`'s."""
    for name in CHECKSUMS:
        path = Path(data_dir) / f"{name}.gz"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            download(name, path, progress)


def read_checked(name, data_dir=DATA_DIR):
    """One of the four MNIST files as a uint8 array. Raises DataError where it is missing or its checksum is wrong.

    Nothing is downloaded: the app reads through this while it serves.
    """
    path = Path(data_dir) / f"{name}.gz"
    try:
        raw = gzip.decompress(path.read_bytes())
    except FileNotFoundError:
        raise DataError(f"{path} is missing: this needs the MNIST files in data/; run {FETCH}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is damaged or cannot be read ({error}); delete it and run {FETCH}") from None
    if hashlib.sha256(raw).hexdigest() != CHECKSUMS[name]:
        raise DataError(f"{path} is not the MNIST file it should be (wrong checksum); delete it and run {FETCH}")
    return read_idx(raw, str(path))


def load_mnist(data_dir=DATA_DIR, progress=None):
    """All of MNIST as a dict: X_train (60000, 28, 28), y_train (60000,), X_test (10000, 28, 28), y_test; uint8.

    Files that are missing are downloaded first, see `fetch`.
    """
    fetch(data_dir, progress)
    keys = ("X_train", "y_train", "X_test", "y_test")
    return {key: read_checked(name, data_dir) for key, name in zip(keys, CHECKSUMS, strict=True)}


def load_split():
    """The fixed parts of the 60,000 training images, as index arrays: a dict train / validation / calibration."""
    split = dict(zip(("validation", "calibration"), _arrays("split.npz", "validation", "calibration"), strict=True))
    held_out = np.concatenate(list(split.values()))
    split["train"] = np.setdiff1d(np.arange(60_000, dtype=np.int32), held_out)
    return split


def calibration_writers():
    """Who wrote each image of the calibration part, as numbers (n,): 25 writers."""
    return _writers("calibration")


def validation_writers():
    """Who wrote each image of the validation part, as numbers (n,): 23 writers."""
    return _writers("validation")


def _writers(part):
    return _arrays("split.npz", f"{part}_writer")[0]


def _arrays(file, *names):
    """The arrays of these names in a NumPy file of data/. Raises DataError where they cannot be had."""
    path = DATA_DIR / file
    try:
        with open(path, "rb") as source, np.load(source, allow_pickle=False) as saved:
            return [saved[name] for name in names]
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}); restore it from the project's files.") from None


def read_csv(path):
    """MNIST as CSV (label, then 784 values 0..255; a header line is skipped): X (N, 28, 28), y (N,), uint8.

    Raises DataError, naming the line and what is wrong with it.
    """
    path = Path(path)
    try:
        with open(path, encoding="utf-8-sig") as lines:
            header = int(not lines.readline().split(",")[0].strip().isdigit())
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of an empty file, which is refused below
                table = np.loadtxt(path, np.int64, delimiter=",", skiprows=header, ndmin=2, encoding="utf-8-sig")
        except (ValueError, OverflowError):
            table = np.empty((1, 0), np.int64)
        if table.shape[1] != 1 + PIXELS or table.min() < 0 or table.max() > 255 or table[:, 0].max() >= DIGITS:
            with open(path, encoding="utf-8-sig") as lines:
                raise DataError(f"{path}, {_complaint(lines, header)}.")
    except OSError as error:
        raise DataError(f"{path} could not be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is no text; MNIST as CSV has a label and 784 whole numbers on each line.") from None
    return table[:, 1:].reshape(-1, SIDE, SIDE).astype(np.uint8), table[:, 0].astype(np.uint8)


def _complaint(lines, header):
    """The first line that is not a label 0..9 and 784 pixels 0..255, and why."""
    number = 0
    for number, line in enumerate(lines, start=1):
        cells = line.strip().split(",")
        if number <= header or cells == [""]:
            continue
        if len(cells) != 1 + PIXELS:
            return f"line {number}: it has {len(cells)} values, not {1 + PIXELS}: a label and {PIXELS} pixels"
        for place, cell in enumerate(cells):
            most = 255 if place else DIGITS - 1
            what = f"pixel {place}" if place else "the label"
            if not cell.strip().isdecimal():
                return f"line {number}: {what} is {cell.strip()[:20]!r}, no whole number"
            if len(cell.strip().lstrip("0")) > 3 or int(cell) > most:
                return f"line {number}: {what} is {cell.strip()[:20]}, not 0 to {most}: out of range"
    return f"line {number}: it holds no images" if number <= header else f"line {number}: it cannot be read"


def as_input(images, input_range=(0.0, 1.0), dtype=np.float32):
    """Images as network input X (N, 784): uint8 0..255 or float 0..1 scaled linearly to `input_range`."""
    X = np.asarray(images).reshape(len(images), -1)
    (low, high), scale = input_range, X.dtype == np.uint8
    X = X.astype(dtype)
    if scale:
        X /= dtype(255)  # in place: of all training images, a second array is 170 MB
    return X if (low, high) == (0.0, 1.0) else X * dtype(high - low) + dtype(low)


def load_renderings():
    """The calibration images as a canvas, a photograph and a scan show them: (3, n, 28, 28) uint8, one after the other
    of KINDS_OF_RENDERING. Made once, by analytics.studies.renderings."""
    (X,) = _arrays("renderings.npz", "X")
    if hashlib.sha256(X.tobytes()).hexdigest() != RENDERINGS:
        raise DataError(f"{DATA_DIR / 'renderings.npz'} is not the file it should be (wrong checksum); restore it from "
                        "the project's files.")
    return X


def main():
    with refusing("core.digits.data"):
        load_mnist()
        load_split()
        print(f"The MNIST files and their split are whole, in {DATA_DIR}.")


if __name__ == "__main__":
    main()
