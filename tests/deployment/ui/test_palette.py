"""Colours: those of the stated maps, and readable."""

import numpy as np
import pytest

from deployment.ui import palette


def test_colour_maps():
    matplotlib = pytest.importorskip("matplotlib")
    at = np.linspace(0, 1, 17)
    expected = 255 * matplotlib.colormaps["cividis"](at)[:, :3]
    assert np.abs(palette.cividis(at) - expected).max() <= 1
    assert palette.loss_gain(np.array([-1.0])).tolist() == [[0x00, 0x72, 0xB2]]
    assert palette.loss_gain(np.array([1.0])).tolist() == [[0xE6, 0x9F, 0x00]]


def test_words_on_emotions_are_readable():
    """Contrast of the dark text on each colour, after WCAG 2.1: at least 4.5 to 1."""

    def luminance(colour):
        channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    for colour in palette.EMOTION_COLOURS.values():
        assert (luminance(colour) + 0.05) / (luminance("#111111") + 0.05) >= 4.5
