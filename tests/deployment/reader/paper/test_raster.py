"""The few operations on grey pictures, against their definitions."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from deployment.reader.paper.frame import slide, stroke_width
from deployment.reader.paper.raster import label, otsu


def test_label_finds_the_blobs():
    mask = np.zeros((6, 8), bool)
    mask[0, :3] = mask[1, 3] = mask[2, 2] = True  # joined at corners
    mask[4:, 6:] = True
    labels, n = label(mask)
    assert n == 2
    assert len(set(labels[mask & (np.arange(8) < 5)])) == 1
    assert labels[0, 0] != labels[5, 7]
    assert (labels[~mask] == 0).all()
    spiral = Image.new("1", (64, 64))
    path = [(5, 5), (60, 5), (60, 60), (5, 60), (5, 10), (50, 10), (50, 50), (10, 50), (10, 20)]
    ImageDraw.Draw(spiral).line(path, fill=1)
    assert label(np.asarray(spiral))[1] == 1


def test_slide_equals_its_definition():
    image = np.random.default_rng(5).random((9, 13))
    padded = np.pad(image, 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
    assert np.array_equal(slide(image, 5, np.maximum), windows.max((2, 3)))
    assert np.array_equal(slide(image, 5, np.minimum), windows.min((2, 3)))


def test_stroke_width_of_bars_and_threshold_of_two_levels():
    for width in (1, 3, 6):
        bar = np.zeros((200, 40), np.float32)
        bar[:, 10 : 10 + width] = 1
        assert stroke_width(bar) == pytest.approx(width, rel=0.1)
    assert 0.2 < otsu(np.array([0.2] * 50 + [0.9] * 10)) < 0.9
