"""The images of a training, read with little memory: the file is unpacked in parts, and each part is distributed."""

import gzip
import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.digits.data import (
    SIDE,
    calibration_writers,
    check_sum,
    load_split,
    packed,
    read_checked,
    readable,
    validation_writers,
)
from core.digits.task import Images, renderings

VALIDATION = 2000  # images of the validation part
HEADER = 16  # bytes of an IDX file of images
AT_ONCE = 1000  # images
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def select(*parts: NDArray[np.integer], data_dir: Path | None = None) -> list[Images]:
    """MNIST's training images at the indices of each part, which must rise.

    Never downloads; raises DataError as core.digits.data.read_checked. Besides the result it needs 2 MB of memory.
    """
    labels, images = read_checked(LABELS, data_dir), [np.empty((len(part), SIDE, SIDE), np.uint8) for part in parts]
    digest, path = hashlib.sha256(), packed(IMAGES, data_dir)
    with readable(path), gzip.open(path) as file:
        digest.update(file.read(HEADER))
        for first in range(0, len(labels), AT_ONCE):
            data = file.read(AT_ONCE * SIDE * SIDE)
            digest.update(data)
            if len(data) % (SIDE * SIDE):
                raise EOFError("it is cut short")
            block = np.frombuffer(data, np.uint8).reshape(-1, SIDE, SIDE)
            for indices, X in zip(parts, images, strict=True):
                start, stop = np.searchsorted(indices, (first, first + len(block)))
                X[start:stop] = block[indices[start:stop] - first]
    check_sum(path, IMAGES, digest.hexdigest())
    return [Images(X, labels[indices]) for X, indices in zip(images, parts, strict=True)]


def training_images() -> tuple[Images, Images]:
    """(train part, 2,000 images of the validation part); raises DataError."""
    split = load_split()
    chosen = np.random.default_rng(0).permutation(len(split["validation"]))[:VALIDATION]
    train, validation = select(split["train"], np.sort(split["validation"][chosen]))
    return train, validation


def parts_for_saving(train: Images) -> dict[str, Images]:
    """What core.models.finish.save reads, as core.digits.task.load_parts gives it, around the train part in memory."""
    split = load_split()
    validation, calibration = select(split["validation"], split["calibration"])
    calibration = Images(calibration.X, calibration.y, calibration_writers())
    return {"train": train, "validation": Images(validation.X, validation.y, validation_writers()),
            "calibration": calibration, "renderings": renderings(calibration),
            "test": Images(read_checked("t10k-images-idx3-ubyte"), read_checked("t10k-labels-idx1-ubyte"))}
