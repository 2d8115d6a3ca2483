"""The images of a training, read with little memory: the file is unpacked in parts, and each part is distributed."""

import gzip
import hashlib
import zlib
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.digits.data import CHECKSUMS, DATA_DIR, FETCH_ADVICE, SIDE, DataError, load_split, read_checked
from core.digits.task import Images

VALIDATION = 2000  # images of the validation part
HEADER = 16  # bytes of an IDX file of images
AT_ONCE = 1000  # images
NAME, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def validation_indices() -> NDArray[np.integer]:
    """The indices (2000,) of the validation images of the lab among MNIST's training images."""
    part = load_split()["validation"]
    return np.sort(part[np.random.default_rng(0).permutation(len(part))[:VALIDATION]])


def training_images(data_dir: Path = DATA_DIR) -> tuple[Images, Images]:
    """(train part, 2,000 images of the validation part). Never downloads; raises DataError as
    core.digits.data.read_checked. The memory in use never exceeds that of the result by more than 2 MB."""
    labels, parts = read_checked(LABELS, data_dir), (load_split()["train"], validation_indices())
    images = [np.empty((len(indices), SIDE, SIDE), np.uint8) for indices in parts]
    digest, path = hashlib.sha256(), Path(data_dir) / f"{NAME}.gz"
    try:
        with gzip.open(path) as file:
            digest.update(file.read(HEADER))
            for first in range(0, len(labels), AT_ONCE):
                data = file.read(AT_ONCE * SIDE * SIDE)
                digest.update(data)
                block = np.frombuffer(data, np.uint8).reshape(-1, SIDE, SIDE)
                for indices, X in zip(parts, images, strict=True):
                    start, stop = np.searchsorted(indices, (first, first + len(block)))
                    X[start:stop] = block[indices[start:stop] - first]
    except FileNotFoundError:
        raise DataError(f"{path} is missing: this needs the MNIST files in data/; run {FETCH_ADVICE}") from None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(f"{path} is damaged or cannot be read ({error}); delete it and run {FETCH_ADVICE}") from None
    if digest.hexdigest() != CHECKSUMS[NAME]:
        raise DataError(f"{path} is not the MNIST file it should be (wrong checksum); delete it and run {FETCH_ADVICE}")
    train, validation = (Images(X, labels[indices]) for X, indices in zip(images, parts, strict=True))
    return train, validation


@cache
def shared_images() -> tuple[Images, Images]:
    """`training_images`, read once in this process."""
    return training_images()
