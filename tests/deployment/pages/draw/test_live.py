"""Drawings as the browser sends them."""

import numpy as np
import pytest
from app import answer, page, sent, start
from PIL import Image, ImageDraw
from strokes import number

from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.draw.live import BRUSH, SHAPES, SIDE, WIDTH, Drawing, Lost, Pen
from deployment.ui.budget import Budget


def seven():
    image = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(image).line([(30, 25), (80, 25), (50, 90)], fill=255, width=8, joint="curve")
    return np.asarray(image)


def test_what_the_browser_sends_is_a_drawing():
    ink = Drawing.from_browser(sent(seven(), done=False))
    assert np.array_equal(ink.image, seven()) and (ink.number, ink.strokes, ink.done) == (3, 2, False)
    assert not ink.empty and Drawing.from_browser(sent(np.zeros((SIDE, SIDE), np.uint8))).empty


@pytest.mark.parametrize("wrong", [
    None, {}, [], "ink", {"ink": "AAAA"}, {"ink": "not base64!"}, {"ink": 7}, {"ink": "é" * 100}, {"number": "many"},
    {"number": None}, {"strokes": []}, {"number": float("inf")},
])
def test_what_is_no_drawing_is_none(wrong):
    assert Drawing.from_browser(sent(seven()) | wrong if isinstance(wrong, dict) and wrong else wrong) is None


@pytest.mark.parametrize(("size", "surface"), [((112, 112), "digit"), ((420, 140), "number"), ((420, 240), "number")])
def test_the_size_of_a_drawing_tells_its_surface(size, surface):
    ink = Drawing.from_browser(sent(np.zeros(size[::-1], np.uint8)))
    assert ink.image.shape == size[::-1] and ink.surface == surface


@pytest.mark.parametrize(("size", "brush"), list(zip(SHAPES["number"], BRUSH["number"], strict=True)))
def test_the_brush_for_numbers_leaves_eleven_digits_apart(size, brush):
    """Drawn as wide as the surface, each stroke as the browser tells it."""
    width, image = brush / WIDTH["number"] * size[0], Image.new("L", (4 * size[0], 4 * size[1]))
    ways = [(size[0] * np.array(points), width) for points in number("31415926535")]
    for points, _ in ways:
        ImageDraw.Draw(image).line([tuple(4 * point) for point in points], 255, round(4 * width), joint="curve")
    small = np.asarray(image.resize(size, Image.Resampling.LANCZOS))
    assert MNISTDeployer().read_number(small, kind="canvas", strokes=ways).text == "31415926535"


def test_the_ways_of_strokes_come_in_pixels_of_the_drawing():
    wide = np.zeros((140, 420), np.uint8)
    ink = Drawing.from_browser(sent(wide, ways=[{"points": [[0.5, 0.1], [0.25, 0.2]], "width": 0.02}]))
    assert ink.image.shape == (140, 420)
    (points, width), = ink.ways
    assert np.allclose(points, [[210, 42], [105, 84]]) and width == pytest.approx(8.4)
    for wrong in ([{"points": [[1, 2, 3]], "width": 0.1}], [{"points": [[0, 0]]}], "no", [7],
                  [{"points": [], "width": 1}], [{"points": [[0, float("nan")]], "width": 0.1}],
                  [{"points": [[0, 0]], "width": -1}], [{"points": [[0, 0]] * 30_000, "width": 0.1}]):
        assert Drawing.from_browser(sent(wide, ways=wrong)) is None, wrong


def test_what_was_read_when_a_process_was_lost():
    assert Lost.from_browser({"source": "drawing", "cleared": 2}) == Lost("drawing", 2)
    for wrong in (None, {}, [], {"source": "drawing"}, {"source": "evil", "cleared": 1}, {"source": [], "cleared": 1},
                  {"source": "drawing", "cleared": "x"}):
        assert Lost.from_browser(wrong) is None


def test_a_drawing_in_mid_stroke_is_read_unless_the_server_is_busy(monkeypatch):
    at = start()
    at.session_state["live"] = {"ink": sent(seven(), done=False, strokes=0)}
    at.session_state["source"] = "drawing"
    assert answer(at.run()) == answer(at) | {"digit": "7", "name": "your drawing", "strokes": "0", "live": "yes"}
    monkeypatch.setattr(Budget, "exceeded", lambda self: True)
    empty = np.zeros((SIDE, SIDE), np.uint8)
    at.session_state["live"] = {"ink": sent(empty, done=False)}
    assert answer(at.run())["digit"] == "7", "the answer before stays"
    at.session_state["live"] = {"ink": sent(empty)}
    assert "The canvas is empty" in page(at.run()), "when the pen is up, it is always read"


def test_the_canvas_shows_the_pen_that_the_browser_draws_with():
    said = {"surface": "number", "shape": 1, "width": 20, "erase": True}
    pen = Pen.from_browser(said, "number")
    assert (pen.size, pen.width, pen.color) == ((1080, 617), 20, "#000000")
    first = Pen("number", 0, BRUSH["number"][0], False)
    assert first.size == (1080, 360) and first.color == "#ffffff"
    wrong = ({"surface": "digit"}, {"shape": 2}, {"shape": -1}, {"width": 0}, {"width": 10**6}, {"width": "thick"},
             {"width": float("inf")})
    for sent_so in (None, [], {}, *(said | part for part in wrong)):
        assert Pen.from_browser(sent_so, "number") == first
