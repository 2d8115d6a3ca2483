"""Files, checksums, the split and CSV."""

import gzip

import numpy as np
import pytest

from core.digits import data
from core.digits.data import (
    CHECKSUMS,
    DATA_DIR,
    KINDS_OF_RENDERING,
    DataError,
    as_input,
    calibration_writers,
    load_mnist,
    load_renderings,
    load_split,
    read_csv,
    read_idx,
)


def test_mnist_is_whole():
    mnist = load_mnist()
    assert {key: value.shape for key, value in mnist.items()} == {
        "X_train": (60_000, 28, 28), "y_train": (60_000,), "X_test": (10_000, 28, 28), "y_test": (10_000,)}
    assert np.bincount(mnist["y_test"]).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_split_is_a_partition():
    split = load_split()
    together = np.concatenate([split[name] for name in ("train", "validation", "calibration")])
    assert np.array_equal(np.sort(together), np.arange(60_000))
    assert [len(split[name]) for name in ("train", "validation", "calibration")] == [54_759, 2_558, 2_683]


def test_calibration_writers_are_whole():
    """One writer for each calibration image, 25 of them, each with about as many images as MNIST's writers have."""
    writers = calibration_writers()
    assert len(writers) == len(load_split()["calibration"])
    counts = np.unique(writers, return_counts=True)[1]
    assert len(counts) == 25 and counts.min() > 50


def test_damaged_and_foreign_files_are_named(tmp_path):
    name = "t10k-labels-idx1-ubyte"
    good = (DATA_DIR / f"{name}.gz").read_bytes()
    target = tmp_path / f"{name}.gz"
    for bad in (good[:1000], b"not gzip", gzip.compress(gzip.decompress(good)[:-1] + b"\1")):
        target.write_bytes(bad)
        with pytest.raises(DataError, match=name):
            data.read_checked(name, tmp_path)
    whole = b"\0\0\x08\3" + b"".join(side.to_bytes(4) for side in (2, 3, 4)) + bytes(range(24))
    assert np.array_equal(read_idx(whole), np.arange(24).reshape(2, 3, 4))
    for raw in (b"PNG" * 9, b"\0\0\x08\0", whole + b"\0", *(whole[:end] for end in range(len(whole)))):
        with pytest.raises(DataError):
            read_idx(raw)


def test_missing_file_is_fetched_and_a_failed_fetch_says_what_to_do(tmp_path, monkeypatch):
    name = "t10k-labels-idx1-ubyte"
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    monkeypatch.setattr(data, "MIRRORS", ((tmp_path / "gone").as_uri() + "/", mirror.as_uri() + "/"))
    monkeypatch.setattr(data, "CHECKSUMS", {name: CHECKSUMS[name]})
    with pytest.raises(DataError, match="copy the file there by hand"):
        data.fetch(tmp_path / "data")
    (mirror / f"{name}.gz").write_bytes((DATA_DIR / f"{name}.gz").read_bytes())
    progress = []
    data.fetch(tmp_path / "data", lambda *state: progress.append(state))
    labels = data.read_checked(name, tmp_path / "data")
    assert labels.shape == (10_000,)
    size = (mirror / f"{name}.gz").stat().st_size
    assert progress[-1] == (name, size, size)
    assert [path.name for path in (tmp_path / "data").iterdir()] == [f"{name}.gz"]


def test_reading_downloads_nothing_and_says_what_to_run(tmp_path, monkeypatch):
    """The app reads so while it serves."""
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: pytest.fail("it asked the network"))
    with pytest.raises(DataError, match=r"needs the MNIST files in data/; run python -m core\.digits\.data"):
        data.read_checked("t10k-labels-idx1-ubyte", tmp_path / "data")
    assert not (tmp_path / "data").exists(), "it made a folder"
    monkeypatch.setattr(data, "DATA_DIR", tmp_path)
    for read in (load_split, calibration_writers, load_renderings):
        with pytest.raises(DataError, match="restore it from the project's files"):
            read()


def test_csv(tmp_path):
    path = tmp_path / "digits.csv"
    row = ",".join(["7"] + ["0"] * 783 + ["255"])
    path.write_text("label," + ",".join(f"pixel{i}" for i in range(784)) + f"\n{row}\n{row}\n")
    X, y = read_csv(path)
    assert X.shape == (2, 28, 28) and X[0, 27, 27] == 255 and y.tolist() == [7, 7]
    path.write_text(f"{row}\n")
    assert len(read_csv(path)[1]) == 1
    path.write_text("label," + ",".join(map(str, range(784))) + f"\n{row}\n")
    assert len(read_csv(path)[1]) == 1, "a heading of numbers but for its first"


@pytest.mark.parametrize("change, complaint", [
    (lambda row: row.replace("255", "256"), "line 3: pixel 784 is 256, not 0 to 255: out of range"),
    (lambda row: row.replace("255", "9" * 30), "line 3: pixel 784 is 99999999999999999999, not 0 to 255"),
    (lambda row: row.replace("255", "-1"), "line 3: pixel 784 is '-1', no whole number"),
    (lambda row: row.replace("255", "1.5"), "line 3: pixel 784 is '1.5', no whole number"),
    (lambda row: "10" + row[1:], "line 3: the label is 10, not 0 to 9"),
    (lambda row: "seven" + row[1:], "line 3: the label is 'seven', no whole number"),
    (lambda row: row[:-4], "line 3: it has 784 values, not 785"),
    (lambda row: row + ",0", "line 3: it has 786 values, not 785"),
])
def test_a_csv_of_another_kind_is_refused_with_line_and_reason(tmp_path, change, complaint):
    row, path = ",".join(["7"] + ["0"] * 783 + ["255"]), tmp_path / "digits.csv"
    path.write_text(f"label\n{row}\n{change(row)}\n")
    with pytest.raises(DataError, match=complaint) as caught:
        read_csv(path)
    assert "digits.csv" in str(caught.value) and str(caught.value).endswith(".")


@pytest.mark.parametrize("content", [b"", b"label\n", b"\xff\xfe\x00", b"\x00" * 100, b"1,2\n" * 3])
def test_what_is_no_csv_of_digits_is_refused(tmp_path, content):
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.csv"):
        read_csv(tmp_path / "x.csv")


def test_input_scaling():
    images = np.array([[[0, 255]]], np.uint8)
    assert as_input(images).tolist() == [[0, 1]]
    assert as_input(images, (0.01, 1.0)) == pytest.approx(np.array([[0.01, 1.0]]))
    assert as_input(images / 255).dtype == np.float32


def test_renderings_are_the_calibration_digits_as_others_show_them():
    X, split = load_renderings(), load_split()["calibration"]
    assert X.shape == (len(KINDS_OF_RENDERING), len(split), 28, 28) and X.dtype == np.uint8
    digits = load_mnist()["X_train"][split]
    for kind in X:
        likeness = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(kind[:200], digits[:200], strict=True)]
        assert 0.8 < np.median(likeness) < 0.9999


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no", None])
def test_other_renderings_are_refused(tmp_path, monkeypatch, content):
    monkeypatch.setattr(data, "DATA_DIR", tmp_path)
    if content is None:
        np.savez(tmp_path / "renderings.npz", X=np.zeros((3, 2, 28, 28), np.uint8))
    elif content:
        (tmp_path / "renderings.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"renderings.npz.*restore it"):
        load_renderings()
