"""Heartbeat and breath: areas go as the values, one beat an epoch, still unless asked and where motion is unwanted."""

import re

import numpy as np
import pytest

from deployment.ui import pulse
from deployment.ui.pulse import WIDEST, beats, breathing, breaths, heartbeat, keyframes, widths

LOSSES = {"epoch": np.arange(1, 4), "loss": np.array([1.0, 0.25, 0.0]), "val_loss": np.full(3, 0.25)}
VIRTUES = {"epoch": [1, 2], "hope": [0.8, 0.9], "faith": [0.5, 0.7], "love": [0.3, 0.6]}


def test_areas_go_as_the_values():
    np.testing.assert_allclose(widths([1.0, 0.25, 0.0]), [WIDEST, WIDEST / 2, 0])
    np.testing.assert_allclose(widths([2.0, 0.5], top=2.0), [WIDEST, WIDEST / 2])
    np.testing.assert_allclose(widths([np.nan, np.inf, 3.0]), [WIDEST] * 3)


def test_beats_and_breaths_by_hand():
    assert beats(np.array([120.0, 60.0])) == [
        (0, 120), (0.125, pytest.approx(130)), (0.3, 120), (0.5, 60), (0.625, pytest.approx(65)), (0.8, 60), (1, 60)]
    assert breaths(np.array([150, 75]), np.array([75, 0])) == [(0, 75), (0.25, 150), (0.5, 0), (0.75, 75), (1, 0)]
    assert (
        keyframes("x", [(0, 75), (1, 30)])
        == "@keyframes x{0.00%{width:75.0px;height:75.0px}100.00%{width:30.0px;height:30.0px}}"
    )


@pytest.mark.parametrize("make, history", [(heartbeat, LOSSES), (breathing, VIRTUES)])
def test_it_moves_only_when_asked_and_never_against_a_wish(make, history):
    still, moving = make(history, 0), make(history, 2)
    assert "animation" not in still and "@keyframes" not in still and 'data-play="0"' in still
    name = make.__name__
    assert f"@keyframes {name}-disc-2" in moving and f"@keyframes {name}-ring-2" in moving
    assert "prefers-reduced-motion" in moving and 'aria-hidden="true"' in moving
    assert moving.count("<p>epoch ") == len(history["epoch"])


def test_at_rest_it_shows_the_last_epoch():
    sizes = re.findall(r'class="q-(disc|ring)" style="width:([\d.]+)px', heartbeat(LOSSES, 0))
    assert sizes == [("disc", "0.0"), ("ring", "75.0")]
    sizes = dict(re.findall(r'class="q-(disc|ring)" style="width:([\d.]+)px', breathing(VIRTUES, 0)))
    assert float(sizes["ring"]) == pytest.approx(WIDEST * np.sqrt(0.6), abs=0.1)
    assert "validation loss 0.2500" in heartbeat(LOSSES, 0) and "Love 0.600" in breathing(VIRTUES, 0)


def test_a_history_without_validation_or_with_a_diverged_loss_is_drawn():
    shown = pulse.heartbeat({"epoch": [1], "loss": [float("nan")]}, 1)
    assert "q-ring\"" not in shown and "nan px" not in shown and "disc-1" in shown
