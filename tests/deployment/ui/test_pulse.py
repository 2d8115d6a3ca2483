"""The breath: areas go as the values, one an epoch, still unless asked and where motion is unwanted."""

import re

import numpy as np
import pytest

from deployment.ui.pulse import WIDEST, breathing, breaths, keyframes, widths

VIRTUES = {"epoch": [1, 2], "hope": [0.8, 0.9], "faith": [0.5, 0.7], "love": [0.3, 0.6]}


def test_areas_go_as_the_values():
    np.testing.assert_allclose(widths([1.0, 0.25, 0.0]), [WIDEST, WIDEST / 2, 0])
    np.testing.assert_allclose(widths([2.0, 0.5], top=2.0), [WIDEST, WIDEST / 2])
    np.testing.assert_allclose(widths([np.nan, np.inf, 3.0]), [WIDEST] * 3)


def test_breaths_by_hand():
    assert breaths(np.array([150, 75]), np.array([75, 0])) == [(0, 75), (0.25, 150), (0.5, 0), (0.75, 75), (1, 0)]
    assert (
        keyframes("x", [(0, 75), (1, 30)])
        == "@keyframes x{0.00%{width:75.0px;height:75.0px}100.00%{width:30.0px;height:30.0px}}"
    )


def test_it_moves_only_when_asked_and_never_against_a_wish():
    still, moving = breathing(VIRTUES, 0), breathing(VIRTUES, 2)
    assert "animation" not in still and "@keyframes" not in still and 'data-play="0"' in still
    assert "@keyframes breathing-disc-2" in moving and "@keyframes breathing-ring-2" in moving
    assert "prefers-reduced-motion" in moving and 'aria-hidden="true"' in moving
    assert moving.count("<p>epoch ") == len(VIRTUES["epoch"])


def test_at_rest_it_shows_the_last_epoch():
    sizes = dict(re.findall(r'class="q-(disc|ring)" style="width:([\d.]+)px', breathing(VIRTUES, 0)))
    assert float(sizes["ring"]) == pytest.approx(WIDEST * np.sqrt(0.6), abs=0.1)
    assert "Love 0.600" in breathing(VIRTUES, 0)
