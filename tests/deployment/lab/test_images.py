"""The images of a training are those of the engine's parts."""

import gzip

import numpy as np
import pytest

from core.digits.config import Config
from core.digits.data import DataError, load_split
from core.digits.task import load_parts
from deployment.lab.images import IMAGES, LABELS, parts_for_saving, select


def test_parts_are_those_of_the_engine(images):
    parts, (train, validation) = load_parts(Config()), images
    assert np.array_equal(train.X, parts["train"].X) and np.array_equal(train.y, parts["train"].y)
    known = {image.tobytes() for image in parts["validation"].X}
    assert len(validation) == 2000 and {image.tobytes() for image in validation.X} <= known
    saved = parts_for_saving(train)
    assert saved.keys() == parts.keys()
    for name, part in saved.items():
        assert np.array_equal(part.X, parts[name].X) and np.array_equal(part.y, parts[name].y), name
        assert (part.writer is None) == (parts[name].writer is None), name


@pytest.mark.parametrize("damage", ["missing", "short", "other"])
def test_a_damaged_file_is_named(tmp_path, damage):
    from core.digits.data import DATA_DIR

    (tmp_path / f"{LABELS}.gz").symlink_to(DATA_DIR / f"{LABELS}.gz")
    if damage == "short":
        (tmp_path / f"{IMAGES}.gz").write_bytes((DATA_DIR / f"{IMAGES}.gz").read_bytes()[:100_000])
    elif damage == "other":
        (tmp_path / f"{IMAGES}.gz").write_bytes(gzip.compress(bytes(16 + 5 * 784), 1))
    with pytest.raises(DataError, match=IMAGES):
        select(load_split()["validation"][:10], data_dir=tmp_path)
