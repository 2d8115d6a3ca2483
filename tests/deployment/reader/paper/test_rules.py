"""Ruled and squared paper: its lines go, however dark, and the strokes that cross them stay."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from deployment.deploy_mnist import MNISTDeployer
from deployment.reader.paper.ink import find_ink
from deployment.reader.paper.rules import LEAST_RULED, find_rules
from deployment.reader.paper.unruled import without_rules


@pytest.fixture(scope="module")
def deployer():
    return MNISTDeployer()


def paper(digit, rng, pencil, line, squared, shape=(300, 240)):
    """A pencil digit (28, 28) on ruled paper in falling light: (H, W) uint8; pencil, line: how dark they are."""
    ink = np.zeros(shape)
    ink[40:240, 20:220] = np.asarray(Image.fromarray(digit).resize((200, 200), Image.Resampling.BICUBIC)) / 255 * pencil
    rows, columns = np.indices(shape)
    gap, slope = rng.uniform(24, 40), rng.uniform(-0.03, 0.03)
    lines = (rows + slope * columns + rng.uniform(0, gap)) % gap < 2
    if squared:
        lines |= (columns - slope * rows + rng.uniform(0, gap)) % gap < 2
    light = 220 * (1 - 0.15 * columns / shape[1]) * (1 - ink) * (1 - line * lines)
    soft = Image.fromarray(light.astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.8))
    return np.clip(np.asarray(soft) + rng.normal(0, 3, shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("squared", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["ruled", "squared"])
@pytest.mark.parametrize("pencil, line", [
    (0.25, 0.4), (0.6, 0.7), (0.15, 0.3), pytest.param(0.6, 0.3, marks=pytest.mark.slow)])
def test_lines_leave_the_digit_nearly_as_on_plain_paper(deployer, digits, pencil, line, squared):
    pictures = [paper(digit, np.random.default_rng(number), pencil, strength, squared)
                for strength in (0.0, line) for number, digit in enumerate(digits)]
    images = [prediction.image for prediction in deployer.predict_batch(pictures)]
    far = np.array([np.abs(plain - lined).mean()
                    for plain, lined in zip(images[:len(digits)], images[len(digits):], strict=True)])
    assert np.median(far) < 0.04 and np.mean(far > 0.08) <= 0.1


@pytest.mark.slow
@pytest.mark.parametrize("squared", [False, True], ids=["ruled", "squared"])
def test_pale_lines_change_no_answer(deployer, digits, squared):
    """Lines of half the pencil's strength, which the first hypothesis leaves in the picture where it is confident."""
    plain, lined = (deployer.predict_batch([paper(digit, np.random.default_rng(number), 0.25, strength, squared)
                                            for number, digit in enumerate(digits)]) for strength in (0.0, 0.12))
    assert np.mean([one.digit == other.digit for one, other in zip(plain, lined, strict=True)]) >= 0.95
    assert np.mean([prediction.emotion == "confident" for prediction in lined]) >= 0.8


def field(shape=(200, 260)):
    return np.zeros(shape, np.float32)


def bare(ink, rules):
    """Ink (H, W) without Rules."""
    return without_rules(ink[..., None], rules, 0.05)[..., 0]


@pytest.mark.parametrize("slope", [-0.2, -0.03, 0.0, 0.05, 0.3])
def test_a_line_is_found_where_it_is(slope):
    rows, columns = np.indices((200, 260)).astype(np.float32)
    away = np.abs(rows - 90 - slope * (columns - 130)) / np.sqrt(1 + slope**2)
    ink = 0.3 * np.clip(2 - away, 0, 1)  # with the soft edges that any picture of a line has
    (rule,) = find_rules(ink, 0.05)
    true = 90 + slope * (np.arange(rule.first, rule.last) - 130)
    assert rule.level and rule.first <= 8 and rule.last >= 252 and len(rule.path) == rule.last - rule.first
    assert np.abs(rule.path - true)[8:-8].max() < 1.5 and rule.thickness in (3, 4)
    assert rule.strength == pytest.approx(0.3, abs=0.03)
    assert rule.ends == ((rule.first, rule.path[0]), (rule.last, rule.path[-1]))
    (upright,) = find_rules(np.ascontiguousarray(ink.T), 0.05)
    assert not upright.level and np.array_equal(upright.path, rule.path)
    assert upright.ends == ((upright.path[0], upright.first), (upright.path[-1], upright.last))
    assert (bare(ink, [rule]) > 0.15).sum() < 0.06 * (ink > 0.05).sum()
    crossed = np.maximum(ink, 0.9 * (np.abs(columns - 60) < 6))  # an upright stroke across it
    rest = bare(crossed, [rule])
    assert rest[:, 57:64].min() > 0.8 and (rest > 0.15)[:, 75:].sum() < 0.06 * (ink > 0.05).sum()


def test_strokes_bands_and_dots_are_no_lines():
    stroke, band, dots, slope = field(), field(), field(), field()
    stroke[90:94, 60:200] = 1
    band[60:120] = 0.5
    dots[20::40, 20::40] = dots[21::40, 20::40] = 1
    slope += np.linspace(0, 0.5, 260)
    for ink in (stroke, band, dots, slope, field(), field() + 0.3):
        assert find_rules(ink, 0.05) == []
        assert np.array_equal(bare(ink, []), ink)


def test_what_is_paler_than_the_least_or_too_small_is_no_line():
    ink = field()
    ink[30::30] = 0.04
    assert find_rules(ink, 0.05) == [] and len(find_rules(ink, 0.02)) == 6
    assert find_rules(ink[: LEAST_RULED - 1], 0.02) == []


def test_lines_beside_the_sheet_are_not_sought():
    ink, sheet = field(), np.zeros((200, 260), bool)
    sheet[:, :150] = True
    ink[30::30, :150] = 0.4
    rules = find_rules(ink, 0.05, sheet)
    assert len(rules) == 6 and max(rule.last for rule in rules) < 180


def test_where_lines_cross_lines_nothing_stays():
    ink = field()
    ink[20::30] = ink[21::30] = 0.6
    ink[:, 15::30] = ink[:, 16::30] = 0.6
    lines = ink > 0
    ink[50:150, 120:132] = 0.3
    rules = find_rules(ink, 0.05)
    assert len(rules) == 6 + 9 and sum(rule.level for rule in rules) == 6
    rest = bare(ink, rules)
    assert rest[55:145, 123:129].min() >= 0.3 and rest[lines].max() <= 0.3 + 0.31
    found = find_ink(0.8 * (1 - ink))
    assert found.ink[:, :112].max() == 0 and found.ink[:, 140:].max() == 0 and found.mask[55:145, 121:131].mean() > 0.95


def test_nothing_is_added_where_lines_are_taken_out():
    rng = np.random.default_rng(0)
    ink = field() + rng.random((200, 260), np.float32) * 0.2
    ink[30::30] = 0.7
    rules = find_rules(ink, 0.05)
    rest, before = bare(ink, rules), ink.copy()
    assert len(rules) == 6 and (rest <= ink + 1e-6).all() and rest.min() >= 0 and np.array_equal(ink, before)
    untouched = np.ones(200, bool)
    for rule in rules:
        untouched[int(rule.path.min()) - 4 : int(rule.path.max()) + 5] = False
    assert np.array_equal(rest[untouched], ink[untouched])
