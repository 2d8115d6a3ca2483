"""The uploaded picture in focus: its box, its ink, a part of it that is read alone, and quarter turns."""

import io
import re

import numpy as np
import pytest
from app import EXAMPLES, answer, page, start
from pictures import png
from PIL import Image

from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.upload import picture
from deployment.pages.upload.paper import take_apart
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


def test_a_turned_number_is_offered_upright():
    sheet = np.full((300, 700), 230, np.uint8)
    ink = np.asarray(Image.open(EXAMPLES / "year.png").convert("L").resize((560, 140)))
    sheet[80:220, 70:630] = np.minimum(sheet[80:220, 70:630], 255 - ink)
    at = start()
    at.segmented_control[0].set_value("number").run()
    at.file_uploader(key="files").set_value([("mine.png", png(np.ascontiguousarray(np.rot90(sheet))), "image/png")])
    at.run()
    offered = {button.key: button.label for button in at.button if button.key and button.key.startswith("turn_")}
    assert "reads as 2026" in offered.get("turn_-1", ""), offered


def test_no_turn_is_offered_for_a_familiar_picture():
    at = upload(photograph())
    assert not [button for button in at.button if button.key and button.key.startswith("turn_")]


def two_digits():
    """A 7 on the left of a sheet and a 2 on its right: PNG bytes."""
    sheet = np.full((320, 720), 230, np.uint8)
    for name, left in (("seven", 60), ("two", 460)):
        ink = np.asarray(Image.open(EXAMPLES / f"{name}.png").convert("L").resize((200, 200)))
        sheet[60:260, left : left + 200] = np.minimum(sheet[60:260, left : left + 200], 255 - ink)
    return png(sheet)


def frames(at):
    """The places of solid frames on the picture: [(left, width)] in per cent."""
    shown = re.search(r'data-testid="boxed".*?</figure>', page(at), re.DOTALL)[0]
    return [tuple(map(float, place)) for place in re.findall(r'<span style="top:.*?left:(.*?)%;width:(.*?)%', shown)]


def test_the_ink_of_a_picture_is_shown_and_searched_once(monkeypatch):
    searched = []
    monkeypatch.setattr(picture, "take_apart", lambda *args: searched.append(1) or take_apart(*args))
    at = upload(two_digits())
    assert 'data-testid="paper"' in page(at) and 'data-components="2"' in page(at)
    at.segmented_control(key="part_component").set_value(2).run()
    at.run()
    assert len(searched) == 1
    at.button(key="back_to_drawing").click().run()
    assert 'data-testid="paper"' not in page(at)


def test_a_piece_is_read_alone_and_the_whole_again():
    at = upload(two_digits())
    assert not [button for button in at.button if button.key == "part_whole"]
    for piece, digit, least in ((1, "7", 8), (2, "2", 63)):
        at.segmented_control(key="part_component").set_value(piece).run()
        assert (answer(at)["digit"], answer(at)["emotion"]) == (digit, "confident")
        ((left, width),) = frames(at)
        assert least <= left <= least + 15 and left + width < least + 30
        assert "the marked part alone" in page(at) and 'class="q-part"' in page(at)
    across, down = at.slider(key="part_across"), at.slider(key="part_down")
    assert across.value[0] > 50 and across.value[1] < 100 and down.value[0] > 0
    at.button(key="part_whole").click().run()
    assert "the marked part alone" not in page(at) and at.segmented_control(key="part_component").value is None
    assert at.slider(key="part_across").value == (0, 100)


def test_a_part_is_marked_with_sliders_and_stays_for_a_number():
    at = upload(two_digits())
    at.slider(key="part_across").set_value((50, 100)).run()
    assert answer(at)["digit"] == "2" and at.segmented_control(key="part_component").value is None
    at.slider(key="part_down").set_value((99.5, 99.5)).run()
    assert at.slider(key="part_down").value == (98, 100)
    assert "The marked part of “mine.png” is too small" in page(at) and "nothing was read" in page(at)
    at.slider(key="part_down").set_value((0, 100)).run()
    mode = next(widget for widget in at.segmented_control if widget.key.startswith("mode_"))
    mode.set_value("number").run()
    assert answer(at)["text"] == "2" and 'data-testid="paper"' in page(at)
    at.button(key="part_whole").click().run()
    assert answer(at)["text"] == "72"


def test_a_picture_without_a_digit_shows_why_and_the_next_one_is_read():
    sheet = np.full((300, 400), 230, np.uint8)
    sheet[40:300:60] = 140
    at = upload(png(sheet))
    assert 'class="q q-answer' not in page(at) and 'data-testid="notice"' in page(at)
    assert "mine.png: nothing was read" in page(at) and 'data-rules="5"' in page(at)
    at.file_uploader(key="files").set_value([("next.png", photograph(), "image/png")]).run()
    assert answer(at)["digit"] == "7" and at.slider(key="part_across").value == (0, 100)


def test_a_turned_picture_is_shown_turned():
    at = upload(photograph("two", 1))
    assert "--ratio:0.7500" in page(at)
    at.button(key="turn_-1").click().run()
    assert page(at).count("--ratio:1.3333") == 2, "with its box, and taken apart"
