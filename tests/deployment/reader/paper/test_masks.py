"""Masks, and what light tells: thresholds, windows, polarity, against their definitions."""

import numpy as np
import pytest
from pictures import photograph
from PIL import Image, ImageDraw

from deployment.reader.paper.light import ink_is_dark, opened, otsu
from deployment.reader.paper.masks import boxes_by_label, grown, labelled, rim


def test_labelled_finds_the_blobs():
    mask = np.zeros((6, 8), bool)
    mask[0, :3] = mask[1, 3] = mask[2, 2] = True  # joined at corners
    mask[4:, 6:] = True
    labels, n = labelled(mask)
    assert n == 2
    assert len(set(labels[mask & (np.arange(8) < 5)])) == 1
    assert labels[0, 0] != labels[5, 7]
    assert (labels[~mask] == 0).all()
    assert [boxes_by_label(mask)[labels[row, column] - 1] for row, column in ((0, 0), (5, 7))] == [(0, 0, 3, 4),
                                                                                                (4, 6, 6, 8)]
    assert boxes_by_label(~mask[:1, :3]) == [] and labelled(~mask[:1, :3])[1] == 0
    spiral = Image.new("1", (64, 64))
    path = [(5, 5), (60, 5), (60, 60), (5, 60), (5, 10), (50, 10), (50, 50), (10, 50), (10, 20)]
    ImageDraw.Draw(spiral).line(path, fill=1)
    assert labelled(np.asarray(spiral))[1] == 1


def windows(image, side, fill):
    padded = np.pad(image, side // 2, constant_values=fill)
    return np.lib.stride_tricks.sliding_window_view(padded, (side, side))


def test_grown_rim_and_opened_equal_their_definitions():
    rng = np.random.default_rng(5)
    mask, image = rng.random((19, 23)) < 0.5, rng.random((19, 23)).astype(np.float32)
    assert np.array_equal(grown(mask, 5), windows(mask, 5, False).any((2, 3)))
    assert np.array_equal(rim(mask), mask & ~windows(mask, 3, True).all((2, 3)))
    low = windows(image, 3, 1).min((2, 3))
    assert np.array_equal(opened(image, 3), windows(low, 3, 0).max((2, 3)))


def test_a_view_or_a_part_of_a_mask_is_taken_as_it_is():
    mask = np.random.default_rng(1).random((40, 60)) < 0.3
    for part in (mask.T, mask[::2, 1:], mask[:, ::-1]):
        assert np.array_equal(grown(part, 3), grown(part.copy(), 3)) and labelled(part)[1] == labelled(part.copy())[1]


def test_a_threshold_lies_between_two_levels():
    assert 0.2 < otsu(np.array([0.2] * 50 + [0.9] * 10)) < 0.9
    assert otsu(np.full(9, 0.4)) == pytest.approx(0.4)


@pytest.mark.parametrize("width", [2, 6, 20, 60])
def test_polarity_of_thin_and_thick_pens(width):
    image = Image.new("L", (700, 500), 215)
    ImageDraw.Draw(image).line([(250, 100), (430, 100), (300, 400)], fill=60, width=width)
    picture = np.asarray(image, np.float32) / 255 * np.linspace(1, 0.6, 700, dtype=np.float32)
    assert ink_is_dark(picture) and not ink_is_dark(1 - picture)


def test_polarity_of_photographs(digits):
    rng = np.random.default_rng(0)
    pictures = [(photograph(digit, rng) / 255).astype(np.float32) for digit in digits]
    assert all(map(ink_is_dark, pictures)) and not any(ink_is_dark(1 - picture) for picture in pictures)
