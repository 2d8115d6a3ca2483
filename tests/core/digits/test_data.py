"""Files, checksums, the split and CSV; deformations."""

import gzip
import subprocess
import sys

import numpy as np
import pytest

from core.digits import data
from core.digits.augmentation import augment, sample, waves
from core.digits.config import Config
from core.digits.data import CHECKSUMS, DATA_DIR, DataError, as_input, load_mnist, load_split, read_csv, read_idx
from core.digits.ornament import ornament


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


def test_damaged_and_foreign_files_are_named(tmp_path):
    name = "t10k-labels-idx1-ubyte"
    good = (DATA_DIR / f"{name}.gz").read_bytes()
    target = tmp_path / f"{name}.gz"
    for bad in (good[:1000], b"not gzip", gzip.compress(gzip.decompress(good)[:-1] + b"\1")):
        target.write_bytes(bad)
        with pytest.raises(DataError, match=name):
            data.read_checked(name, tmp_path)
    for raw in (b"", b"PNG", b"\0\0\x08\3", b"\0\0\x08\1\0\0\0\5abc"):
        with pytest.raises(DataError):
            read_idx(raw)


def test_missing_file_is_fetched_and_a_failed_fetch_says_what_to_do(tmp_path, monkeypatch):
    name = "t10k-labels-idx1-ubyte"
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    monkeypatch.setattr(data, "MIRRORS", ((tmp_path / "gone").as_uri() + "/", mirror.as_uri() + "/"))
    with pytest.raises(DataError, match="copy the file there by hand"):
        data.read_checked(name, tmp_path / "data")
    (mirror / f"{name}.gz").write_bytes((DATA_DIR / f"{name}.gz").read_bytes())
    told = []
    labels = data.read_checked(name, tmp_path / "data", lambda *state: told.append(state))
    assert labels.shape == (10_000,)
    assert told[-1][0] == name and told[-1][1] > 0
    assert [path.name for path in (tmp_path / "data").iterdir()] == [f"{name}.gz"]
    assert set(CHECKSUMS) >= {name}


def test_csv(tmp_path):
    path = tmp_path / "digits.csv"
    row = ",".join(["7"] + ["0"] * 783 + ["255"])
    path.write_text("label," + ",".join(f"pixel{i}" for i in range(784)) + f"\n{row}\n{row}\n")
    X, y = read_csv(path)
    assert X.shape == (2, 28, 28) and X[0, 27, 27] == 255 and y.tolist() == [7, 7]
    path.write_text(f"{row}\n")
    assert len(read_csv(path)[1]) == 1
    wrong = (row.replace("255", "256"), "out of range"), (row[:-4], "785"), (row.replace("7,", "seven,", 1), "CSV")
    for text, reason in wrong:
        path.write_text(text + "\n" + text + "\n")
        with pytest.raises(DataError, match=reason):
            read_csv(path)


def test_input_scaling():
    images = np.array([[[0, 255]]], np.uint8)
    assert as_input(images).tolist() == [[0, 1]]
    assert as_input(images, (0.01, 1.0)) == pytest.approx(np.array([[0.01, 1.0]]))
    assert as_input(images / 255).dtype == np.float32


def test_no_deformation_is_the_image_itself():
    images = load_mnist()["X_test"][:50]
    same = augment(images, np.random.default_rng(0), Config(rotation=1e-9))
    assert np.abs(same.reshape(50, 28, 28) - images / 255).max() < 1e-3


def test_sampling_between_pixels_and_outside():
    image = np.zeros((1, 28, 28), np.float32)
    image[0, 5, 7], image[0, 5, 8] = 100, 200
    rows, columns = np.array([[5, 5, 5.5, -3, 99]], np.float32), np.array([[7, 7.25, 8, 7, 7]], np.float32)
    assert sample(image, rows, columns)[0] == pytest.approx([100, 125, 100, 0, 0], abs=1e-3)


@pytest.mark.parametrize("setting", ["elastic", "rotation", "scale", "shear", "shift", "thickness"])
def test_each_deformation_changes_digits_but_keeps_them_digits(setting):
    amount = {"elastic": 1.5, "rotation": 15, "scale": 0.15, "shear": 0.2, "shift": 2, "thickness": 0.6}[setting]
    images = load_mnist()["X_test"][:64]
    config = Config(**{setting: amount})
    moved = augment(images, np.random.default_rng(1), config)
    again = augment(images, np.random.default_rng(1), config)
    original = images.reshape(64, 784) / 255
    assert np.array_equal(moved, again)
    assert moved.dtype == np.float32 and moved.min() >= 0 and moved.max() <= 1.0001
    assert np.abs(moved - original).mean() > 0.004
    assert 0.6 < moved.sum() / original.sum() < 1.6
    assert np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(moved, original, strict=True)]) > 0.5


def test_elastic_waves_have_the_stated_size_and_smoothness():
    field = np.random.default_rng(2).standard_normal((4000, len(waves(5.0)))) @ waves(5.0)
    field = field.reshape(-1, 28, 28)
    assert field[:, 8:20, 8:20].std() == pytest.approx(1, rel=0.05)
    neighbours = np.corrcoef(field[:, 14, 9], field[:, 14, 14])[0, 1]
    assert neighbours == pytest.approx(np.exp(-(5**2) / (4 * 5**2)), abs=0.05)


def test_core_needs_numpy_alone():
    """Import every module of core while anything beyond NumPy and the standard library is refused."""
    code = """
import importlib, pkgutil, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top in ("core", "numpy") or top.startswith("_"):
            return None
        raise ImportError("core must not import " + name)
sys.meta_path.insert(0, Refuse())
import core
names = [module.name for module in pkgutil.walk_packages(core.__path__, "core.")]
assert len(names) > 10
for name in names:
    importlib.import_module(name)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("digit", [0, 1, 7])
def test_ornaments_change_their_digits_only_and_keep_them_in_the_frame(digit):
    mnist = load_mnist()
    images, y = mnist["X_test"][:400], mnist["y_test"][:400]
    drawn, zoom, _ = ornament(images, y, np.random.default_rng(0), share=1.0)
    changed = np.abs(drawn.astype(int) - images).sum(axis=(1, 2))
    assert np.all(changed[y == digit] > 0) and np.all(changed[~np.isin(y, [0, 1, 7])] == 0)
    assert zoom.min() == 1 and zoom.max() <= 1.4
    moved = augment(images, np.random.default_rng(0), Config(ornament=1.0), y).reshape(-1, 28, 28)[y == digit]
    rows = (moved * np.arange(28)[:, None]).sum(axis=(1, 2)) / moved.sum(axis=(1, 2))
    assert np.abs(rows - 14).max() < 1
