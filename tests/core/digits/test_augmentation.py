"""Augmentation: the identity, sampling by hand, each setting by itself, the direction of a turn, ornaments."""

import numpy as np
import pytest

from core.digits.augmentation import augment, coefficients, corrupt, sample, thicken, waves
from core.digits.config import Config
from core.digits.data import load_mnist
from core.digits.ornament import ornament


def test_no_augmentation_is_the_image_itself():
    images = load_mnist()["X_test"][:50]
    same = augment(images, np.random.default_rng(0), Config(rotation=1e-9))
    assert np.abs(same.reshape(50, 28, 28) - images / 255).max() < 1e-3


def test_sampling_between_pixels_and_outside():
    image = np.zeros((1, 28, 28), np.float32)
    image[0, 5, 7], image[0, 5, 8] = 100, 200
    rows, columns = np.array([[5, 5, 5.5, -3, 99]], np.float32), np.array([[7, 7.25, 8, 7, 7]], np.float32)
    assert sample(image, rows, columns)[0] == pytest.approx([100, 125, 100, 0, 0], abs=1e-3)


@pytest.mark.parametrize("setting", ["elastic", "rotation", "scale", "shear", "shift", "thickness"])
def test_each_setting_changes_digits_but_keeps_them_digits(setting):
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


def moments(images):
    """Area, centre (row, column) and axis of inertia in degrees, 0 level and 90 upright, of images (N, 784)."""
    images = images.reshape(-1, 28, 28)
    rows, columns = np.indices((28, 28))
    mass = images.sum(axis=(1, 2))
    r, c = ((images * axis).sum(axis=(1, 2)) / mass for axis in (rows, columns))
    dr, dc = rows - r[:, None, None], columns - c[:, None, None]
    rr, cc, rc = ((images * part).sum(axis=(1, 2)) for part in (dr * dr, dc * dc, -dr * dc))
    return mass, r, c, np.rad2deg(0.5 * np.arctan2(2 * rc, cc - rr))


def bar():
    """A level bar, as one image (1, 28, 28) uint8."""
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 12:16, 6:22] = 255
    return image


class Drawn:
    """A stand-in for a generator whose uniform draws all come out at one end."""

    def __init__(self, share):
        self.share = share

    def uniform(self, low, high, size=None):
        return np.full(size, low + self.share * (high - low))

    def standard_normal(self, size, dtype):
        return np.zeros(size, dtype)


def test_a_turn_goes_the_stated_way_and_so_far():
    for share, degrees in ((1.0, -20), (0.0, 20)):
        turned = augment(bar(), Drawn(share), Config(rotation=20))
        assert moments(turned)[3][0] == pytest.approx(degrees, abs=0.5)


def test_scale_and_shift_go_as_far_as_stated():
    larger = moments(augment(bar(), Drawn(1.0), Config(scale=0.25)))[0] / moments(bar() / 255)[0]
    assert larger == pytest.approx(1.25**2, rel=0.05)
    _, r, c, _ = moments(augment(bar(), Drawn(1.0), Config(shift=2.0)))
    assert (r[0], c[0]) == (pytest.approx(11.5), pytest.approx(11.5))  # 13.5 less 2: places look two pixels farther


def test_settings_are_drawn_evenly_between_minus_and_plus():
    rng = np.random.default_rng(0)
    rows, columns = coefficients(20_000, rng, Config(rotation=30, shift=2.0))
    angle = np.rad2deg(np.arctan2(-rows[:, 2], columns[:, 2]))
    assert angle.min() < -29 and angle.max() > 29 and abs(angle.mean()) < 0.5
    assert angle.std() == pytest.approx(60 / np.sqrt(12), rel=0.03)
    for shift in (rows[:, 0], columns[:, 0]):
        assert shift.std() == pytest.approx(4 / np.sqrt(12), rel=0.03)


def test_thickness_mixes_with_the_neighbourhood():
    images = np.zeros((3, 28, 28), np.uint8)
    images[:, 10:14, 10:14] = 200
    grown, thinned, same = thicken(images, np.array([0.5, -0.5, 0.0]))
    assert grown[9, 9] == 100 and grown[8, 8] == 0 and grown[10, 10] == 200
    assert thinned[10, 10] == 100 and thinned[11, 11] == 200
    assert np.array_equal(same, images[2])


def test_corrupted_images_stay_images_and_each_kind_occurs():
    X = (load_mnist()["X_test"][:600] / np.float32(255)).reshape(600, -1)
    changed = corrupt(X, np.random.default_rng(0))
    assert changed.dtype == np.float32 and changed.min() >= 0 and changed.max() <= 1
    corner = changed[:, 0]  # paper: noise scatters it, grey lifts it, a patch leaves it
    darker = (changed.sum(axis=1) < X.sum(axis=1)).mean()
    assert 0.2 < (corner == 0).mean() < 0.8 and 0.2 < darker < 0.5
    assert np.array_equal(changed, corrupt(X, np.random.default_rng(0)))


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
