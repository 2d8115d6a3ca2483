"""README's pictures: what is published, and how frames become an animation."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analytics.showcase.__main__ import PICTURES, main
from analytics.showcase.animation import DIGIT, FOUR_OR_NINE, LAST, STEP, SUM, THREE, Frame, encode, points_of

ROOT = Path(__file__).parents[3]
MOST, LONGEST = 2_000_000, 15_000  # bytes; milliseconds


def decoded(file):
    """Frames and milliseconds of an animation without end."""
    pictures, durations = [], []
    with Image.open(io.BytesIO(file)) as animation:
        assert animation.is_animated and animation.info["loop"] == 0
        for number in range(animation.n_frames):
            animation.seek(number)
            animation.load()
            pictures.append(animation.convert("RGB"))
            durations.append(animation.info["duration"])
    return pictures, durations


def test_readme_shows_each_picture_that_the_command_makes_with_words_and_the_animation_first():
    shown = re.findall(r"!\[([^\]]{20,})\]\(images/([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert sorted(name for _, name in shown) == sorted(PICTURES)
    assert shown[0][1] == "drawing.webp"
    for name in PICTURES:
        with Image.open(ROOT / "images" / name) as picture:
            assert picture.width >= 900


def test_the_animation_moves_and_is_small_enough_for_a_page():
    file = ROOT / "images" / "drawing.webp"
    pictures, durations = decoded(file.read_bytes())
    assert file.stat().st_size <= MOST
    assert len(pictures) > 30 and 5000 < sum(durations) < LONGEST
    assert durations[-1] == LAST and pictures[-1] != pictures[0]


def test_frames_keep_their_duration_and_nearly_their_colours():
    colours = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8) // 64 * 64
    frames = [Frame(Image.fromarray(np.roll(colours, i, axis=0)), 40 + 30 * i) for i in range(6)]
    pictures, durations = decoded(encode(frames))
    assert durations == [frame.duration for frame in frames]
    for frame, picture in zip(frames, pictures, strict=True):
        assert np.abs(np.asarray(picture, int) - np.asarray(frame.picture, int)).max() <= 8


@pytest.mark.parametrize("strokes", [THREE, FOUR_OR_NINE, *(strokes for strokes, _ in SUM)])
def test_the_pen_stays_in_its_box_and_reaches_every_corner(strokes):
    box = np.array([100, 50, 200, 300.0])
    for stroke in strokes.split("/"):
        points = np.array(points_of(stroke, box))
        assert (points >= box[:2] - 12).all() and (points <= box[:2] + box[2:] + 12).all()
        assert np.hypot(*np.diff(points, axis=0).T).max() <= STEP + 1e-6
        for word in (word for word in stroke.split() if word.endswith("*")):
            corner = box[:2] + np.array([float(value) for value in word.rstrip("*").split(",")]) / 100 * box[2:]
            assert np.hypot(*(points - corner).T).min() < 1e-6
    assert all(0 <= edge <= 1 for edge in (*DIGIT, DIGIT[0] + DIGIT[2], DIGIT[1] + DIGIT[3]))


def test_without_a_browser_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr("analytics.showcase.__main__.find_browser", lambda: None)
    with pytest.raises(SystemExit):
        main(["--only", "app.png"])
    assert "install one of chromium" in capsys.readouterr().err
