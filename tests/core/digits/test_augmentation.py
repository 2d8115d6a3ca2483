"""Augmentation: the identity, sampling by hand, each setting by itself, the direction of a turn, ornaments."""

import numpy as np
import pytest
from drawn import Drawn, moments

from core.digits.augmentation import augment, coefficients, corrupt, deform, places, sample, thicken, waves, widths
from core.digits.config import Config
from core.digits.data import load_mnist
from core.digits.ornament import extents, ornament
from core.digits.presets import CHAMPION


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


def bar():
    """A level bar, as one image (1, 28, 28) uint8."""
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 12:16, 6:22] = 255
    return image


def test_a_turn_goes_the_stated_way_and_so_far():
    for share, degrees in ((1.0, -20), (0.0, 20)):
        turned = augment(bar(), Drawn(share), Config(rotation=20))
        assert moments(turned)[3][0] == pytest.approx(degrees, abs=0.5)


def test_scale_and_shift_go_as_far_as_stated():
    larger = moments(augment(bar(), Drawn(1.0), Config(scale=0.25)))[0] / moments(bar() / 255)[0]
    assert larger == pytest.approx(1.25**2, rel=0.05)
    _, r, c, _ = moments(augment(bar(), Drawn(1.0), Config(shift=2.0)))
    assert (r[0], c[0]) == (pytest.approx(11.5), pytest.approx(11.5))  # 13.5 less 2: places look two pixels farther


def block(height, width):
    """A filled rectangle around the centre, as one image (1, 28, 28) uint8."""
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 14 - height // 2 : 14 + height // 2, 14 - width // 2 : 14 + width // 2] = 255
    return image


def test_the_extent_of_a_digit_is_that_of_its_ink():
    faint = block(20, 6)
    faint[0, 0] = 25
    assert [list(map(int, side)) for side in extents(np.concatenate([faint, block(8, 18)]))] == [[20, 8], [6, 18]]


@pytest.mark.parametrize("height, width, share, expected", [
    (20, 12, 1.0, (20, 9)), (20, 12, 0.0, (20, 16)),  # 3/4 and 4/3 of the width
    (20, 16, 0.0, (20 * 15 / 16, 20)),  # 21.3 would be too wide: both sides shrink
    (10, 20, 1.0, (10 * 4 / 3, 20)),  # a lying digit grows again
])
def test_width_changes_the_shape_and_leaves_the_long_side(height, width, share, expected):
    changed = augment(block(height, width), Drawn(share), Config(width=0.25)).reshape(28, 28)
    assert changed.sum(axis=0).max() == pytest.approx(expected[0], abs=0.3)
    assert changed.sum(axis=1).max() == pytest.approx(expected[1], abs=0.3)


def test_widths_are_log_uniform():
    images = np.repeat(block(20, 10), 20_000, axis=0)
    rows, columns = widths(images, np.random.default_rng(0), 0.5)
    factor = np.log2(rows / columns)
    assert factor.min() < -0.99 and factor.max() > 0.99 and abs(factor.mean()) < 0.02
    assert factor.std() == pytest.approx(2 / np.sqrt(12), rel=0.02)
    assert rows.min() == rows.max() == 1, "at twice the width 20 pixels wide and as tall"
    assert np.isfinite(widths(np.zeros((3, 28, 28), np.uint8), np.random.default_rng(0), 0.5)).all()


def test_without_width_digits_are_deformed_as_before_it_was_a_setting():
    """Bit for bit: the steps of the recipe of the shipped model, with the same draws."""
    data, rng = load_mnist(), np.random.default_rng(7)
    images, y = data["X_train"][:64], data["y_train"][:64]
    rows, columns = coefficients(64, rng, CHAMPION)
    drawn, zoom, offset = ornament(images, y, rng, CHAMPION.ornament)
    for axis, source in enumerate((rows, columns)):
        source[:, 1:3] *= zoom[:, None]
        source[:, 0] += offset[:, axis]
    thickness = rng.uniform(-CHAMPION.thickness, CHAMPION.thickness, 64).astype(np.float32)
    expected = deform(drawn, *places(rows, columns, CHAMPION), thickness, scale=1 / 255)
    assert CHAMPION.width == 0
    assert np.array_equal(augment(images, np.random.default_rng(7), CHAMPION, y), expected)
    changed = augment(images, np.random.default_rng(7), CHAMPION.replace(width=0.3), y)
    assert changed.shape == (64, 784) and changed.min() >= 0 and np.abs(changed - expected).mean() > 0.01


def test_settings_are_drawn_evenly_between_minus_and_plus():
    rng = np.random.default_rng(0)
    rows, columns = coefficients(20_000, rng, Config(rotation=30, shift=2.0))
    angle = np.rad2deg(np.arctan2(-rows[:, 2], columns[:, 2]))
    assert angle.min() < -29 and angle.max() > 29 and abs(angle.mean()) < 0.5
    assert angle.std() == pytest.approx(60 / np.sqrt(12), rel=0.03)
    for shift in (rows[:, 0], columns[:, 0]):
        assert shift.std() == pytest.approx(4 / np.sqrt(12), rel=0.03)
    shear = coefficients(20_000, rng, Config(shear=0.3))[1][:, 1]
    assert shear.std() == pytest.approx(0.6 / np.sqrt(12), rel=0.03) and abs(shear.mean()) < 0.01
    rows, columns = coefficients(20_000, rng, Config(scale=0.2))
    for size in (1 / rows[:, 1], 1 / columns[:, 2]):
        assert size.std() == pytest.approx(0.4 / np.sqrt(12), rel=0.03) and abs(size.mean() - 1) < 0.01


def test_waves_are_the_same_on_every_processor(monkeypatch):
    """Another eigensolver may turn each vector's sign; equal waves stand in an order of our own."""
    expected, solve = waves.__wrapped__(6.0), np.linalg.eigh
    monkeypatch.setattr(np.linalg, "eigh", lambda A: (solve(A)[0], solve(A)[1] * np.resize([1, -1, -1], len(A))))
    np.testing.assert_array_equal(waves.__wrapped__(6.0), expected)
    shipped = [0.4991, 0.4152, -0.1266, -0.2261, 0.0422, -0.0471, 0.0456, -0.0424]
    np.testing.assert_allclose(expected[[1, 2, 6, 7, 8, 9, 11, 12], 3 * 28 + 5], shipped, atol=1e-4)


def test_as_few_waves_as_hold_the_stated_energy():
    whole = float(np.sum(waves(5.0, 0.999999) ** 2))
    variances = [float(np.sum(wave**2)) for wave in waves(5.0, 0.9)]
    assert sum(variances) >= 0.9 * whole > sum(variances[:-1])


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


def test_corruptions_are_as_strong_as_stated():
    """On even grey of .5: noise of at most .5, paper lifted by at most .6 of the rest, a patch of 3 to 13 pixels."""
    changed = corrupt(np.full((3000, 784), 0.5, np.float32), np.random.default_rng(1))
    spread = np.ptp(changed, axis=1)
    lifted = changed[spread == 0, 0]
    patched = changed[(changed.min(axis=1) == 0) & (changed.max(axis=1) == 0.5)]
    noisy = changed[(spread > 0) & (changed.max(axis=1) > 0.5)]
    assert all(800 < len(kind) < 1200 for kind in (lifted, patched, noisy))
    assert lifted.min() == pytest.approx(0.5, abs=0.01) and lifted.max() == pytest.approx(0.8, abs=0.01)
    sides = np.sqrt((patched == 0).sum(axis=1))
    assert 3 <= sides.min() < 5 and 10 < sides.max() <= 13
    deviation = np.sort(noisy.std(axis=1))
    assert deviation[0] < 0.02 and deviation[len(deviation) // 2] == pytest.approx(0.24, abs=0.02)


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
