"""The uploaded picture in focus: its box, and quarter turns."""

import io
import re

import numpy as np
import pytest
from app import EXAMPLES, answer, page, start
from PIL import Image

from deployment.deploy_mnist import MNISTDeployer
from deployment.reader.paper.digit import find_digit, preprocess
from deployment.reader.picture.load import load_image
from deployment.ui.html import boxed


def photograph(digit="seven", turns=0):
    """A digit in the lower right of a sheet of paper: PNG bytes."""
    sheet = np.full((300, 400), 230, np.uint8)
    ink = np.asarray(Image.open(EXAMPLES / f"{digit}.png").convert("L").resize((120, 120)))
    sheet[160:280, 250:370] = np.minimum(sheet[160:280, 250:370], 255 - ink)
    buffer = io.BytesIO()
    Image.fromarray(np.rot90(sheet, turns)).save(buffer, "PNG")
    return buffer.getvalue()


def test_the_box_is_where_the_digit_stands():
    found = find_digit(photograph())
    top, left, bottom, right = found.box
    assert 160 <= top < bottom <= 280 and 250 <= left < right <= 370 and bottom - top > 80
    assert np.array_equal(found.image, preprocess(photograph()))


def test_the_picture_is_shown_with_its_box():
    reading = MNISTDeployer().predict(photograph())
    shown = boxed(load_image(photograph()), 1, reading, "<me>.png")
    top, left = (float(re.search(rf"{side}:([\d.]+)%", shown)[1]) for side in ("top", "left"))
    assert 53 <= top <= 70 and 62 <= left <= 80 and "&lt;me&gt;.png: the frame was read" in shown


def upload(data):
    at = start()
    at.file_uploader(key="files").set_value([("mine.png", data, "image/png")]).run()
    return at


def test_an_uploaded_picture_shows_what_was_read():
    at = upload(photograph())
    assert answer(at)["digit"] == "7" and 'data-testid="boxed"' in page(at)


@pytest.mark.parametrize("turns, key", [(1, "turn_-1"), (-1, "turn_1")])
def test_a_quarter_turn_is_offered_and_taken_back(turns, key):
    at = upload(photograph("two", turns))
    offered = [button.key for button in at.button if button.key and button.key.startswith("turn_")]
    assert answer(at)["emotion"] == "curious" and key in offered
    at.button(key=key).click().run()
    assert answer(at)["digit"] == "2" and answer(at)["emotion"] == "confident"
    at.button(key="turn_back").click().run()
    assert answer(at)["emotion"] == "curious"


def test_no_turn_is_offered_for_a_familiar_picture():
    at = upload(photograph())
    assert not [button for button in at.button if button.key and button.key.startswith("turn_")]
