"""A part of a picture that is read alone: where it lies, what is read, and where its boxes are."""

import numpy as np
import pytest
from app import EXAMPLES
from pictures import png
from PIL import Image

from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.upload import part
from deployment.pages.upload.part import WHOLE, Part
from deployment.reader.picture.opening import InputError

PLACES = {7: (60, 60), 2: (60, 460)}  # digit -> row and column of its square of 200 pixels
LEFT, RIGHT = Part(0, 50, 0, 100), Part(50, 100, 0, 100)


@pytest.fixture(scope="module")
def deployer():
    return MNISTDeployer()


def page(scale=1, turns=0):
    """A 7 on the left of a sheet and a 2 on its right: PNG bytes."""
    sheet = np.full((320 * scale, 720 * scale), 230, np.uint8)
    for name, (row, column) in zip(("seven", "two"), PLACES.values(), strict=True):
        ink = np.asarray(Image.open(EXAMPLES / f"{name}.png").convert("L").resize((200 * scale, 200 * scale)))
        square = sheet[row * scale : (row + 200) * scale, column * scale : (column + 200) * scale]
        square -= (ink * 0.8).astype(np.uint8)
    return png(np.ascontiguousarray(np.rot90(sheet, turns)))


def inside(box, place, scale=1):
    (top, left, bottom, right), (row, column) = box, place
    return (row * scale <= top < bottom <= (row + 200) * scale
            and column * scale <= left < right <= (column + 200) * scale and bottom - top > 100 * scale)


def test_a_part_is_at_least_a_pixel_and_inside():
    assert WHOLE.box((300, 400)) == (0, 0, 300, 400)
    assert Part(25, 75, 10, 20).box((300, 400)) == (30, 100, 60, 300)
    assert Part(98, 100, 98, 100).box((8, 8)) == (7, 7, 8, 8)


@pytest.mark.parametrize("across, down, expected", [
    ((20, 60), (0, 100), Part(20, 60, 0, 100)),
    ((50, 50), (100, 100), Part(50, 52, 98, 100)),
])
def test_a_part_is_never_too_narrow_to_see(across, down, expected):
    assert part.between(across, down) == expected


def test_the_margin_around_a_component_ends_before_the_next():
    boxes = [(100, 100, 200, 160), (100, 180, 200, 240), (100, 600, 200, 660)]
    first, second, third = (part.around(boxes, i, (400, 1000)) for i in range(3))
    assert first == Part(7, 17, 17.5, 57.5), "to the right as far as half-way"
    assert second == Part(17, 27, 17.5, 57.5) and third == Part(57, 69, 17.5, 57.5)
    assert part.around([(0, 0, 400, 1000)], 0, (400, 1000)) == WHOLE


@pytest.mark.parametrize("digit, chosen", [(7, LEFT), (2, RIGHT)])
def test_a_part_is_read_alone(deployer, digit, chosen):
    """From the pixels of the file, which is larger than what a whole picture is reduced to."""
    result, more = part.read(deployer, page(scale=3), "x.png", chosen)
    assert result.digit == digit and result.emotion == "confident" and more is None
    assert inside(result.box, PLACES[digit], scale=3) and not result.left_over


def test_a_part_is_read_as_a_number(deployer):
    result, _ = part.read(deployer, page(), "x.png", RIGHT, numbers=True)
    assert result.text == "2" and inside(result.digits[0].box, PLACES[2])
    whole, _ = part.read(deployer, page(), "x.png", WHOLE, numbers=True)
    assert whole.text == "72" and inside(whole.digits[1].box, PLACES[2])


def test_a_part_of_a_turned_picture_is_one_of_what_is_shown(deployer):
    result, _ = part.read(deployer, page(turns=1), "x.png", RIGHT, quarter=-1)
    assert result.digit == 2 and inside(result.box, PLACES[2])


def test_more_than_one_digit_in_a_part_is_noticed(deployer):
    result, more = part.read(deployer, page(), "x.png", Part(2, 98, 2, 98))
    assert result.left_over and more.text == "72"
    assert any(inside(box, place) for box in result.left_over for place in PLACES.values())


@pytest.mark.parametrize("chosen, name", [(Part(45, 55, 0, 100), "the marked part of “x.png”"), (WHOLE, "“x.png”")])
def test_an_error_names_the_part(deployer, chosen, name):
    data = png(np.full((320, 720), 230, np.uint8))
    for numbers in (False, True):
        result, _ = part.read(deployer, data, "x.png", chosen, numbers=numbers)
        assert isinstance(result, InputError) and f"found in {name}" in str(result)
    damaged, _ = part.read(deployer, b"no picture", "x.png", chosen)
    assert "“x.png” is not a picture that can be read" in str(damaged)


def test_what_is_not_read_is_pale():
    grey = np.tile([0.0, 1.0], (10, 5))
    shown = part.faded(grey, Part(0, 50, 0, 100))
    assert np.array_equal(shown[:, :5], grey[:, :5]) and np.ptp(shown[:, 5:]) == 0.25
    assert part.faded(grey, WHOLE) is grey
