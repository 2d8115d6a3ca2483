"""What is measured of a training, and the loop that measures it."""

import numpy as np
import pytest

from core.metrics import accuracy
from deployment.lab.loop import Loop
from deployment.lab.measures import BINS, DIRECTIONS, constants, half, histogram, on_map, unit_pictures
from deployment.lab.settings import LabSettings
from deployment.lab.training import DivergedError


def trained(few, steps=30, **changes):
    loop = Loop(LabSettings(hidden=(24, 12), **changes), *few)
    for _ in range(steps):
        loop.train_batch()
    return loop


@pytest.mark.parametrize("changes", [{}, {"gate": False}, {"activation": "sigmoid"}, {"batch_norm": True}], ids=str)
def test_a_tick_measures_every_matrix(few, changes):
    loop = trained(few, **changes)
    loop.show(few[1].X[3])
    tick, gate = loop.tick(), changes.get("gate", True)
    assert tick["step"] == 30 and tick["epoch"] == pytest.approx(30 * 64 / 3000)
    assert len(tick["losses"]) == len(tick["accuracies"]) == 30 and not len(loop.tick()["losses"])
    assert [layer["name"] for layer in tick["layers"]] == ["hidden1", "hidden2", *["gate"] * gate, "output"]
    network = loop.task.network
    for layer in tick["layers"]:
        W = network.params[network.names.index(layer["name"])].get("W")
        assert W is None or (layer["weights"].sum() == W.size and layer["updates"].sum() == W.shape[1])
        assert layer["low"] == -layer["high"] and 1e-6 < layer["ratio"] < 1
    is_sigmoid = changes.get("activation") == "sigmoid"
    assert (tick["layers"][0]["dead"] is None) == is_sigmoid != (tick["layers"][0]["saturated"] is None)
    assert (tick["gate"] is not None) == gate
    assert tick["units"].shape == (16, 28, 28) and tick["units"].dtype == np.uint8
    assert np.allclose(tick["digits"].sum(axis=1), 1, atol=0.01) and tick["digits"].shape == (10, 10)
    finished = loop.task.finished()
    logits = finished.logits(loop.task.X_val[3:4])
    assert np.allclose(tick["yours"], np.exp(logits[0]) / np.exp(logits).sum(), atol=0.01)


def test_an_epoch_reports_the_validation_images(few):
    loop = trained(few, steps=46)
    epoch = loop.epoch()
    answers = loop.task.finished().logits(loop.task.X_val).argmax(axis=1)
    assert epoch["epoch"] == 1 and epoch["confusion"].sum() == 2000
    assert epoch["val_accuracy"] == accuracy(few[1].y, answers) == np.trace(epoch["confusion"]) / 2000
    assert epoch["yours"] is None and epoch["yours_map"] is None
    assert epoch["map"].shape == (500, 2) and epoch["theta"].dtype == np.float16
    assert np.array_equal(epoch["resume"], loop.task.theta)


def test_dead_and_saturated_units_are_counted(few):
    loop = trained(few, steps=1)
    network = loop.task.network
    network.params[network.names.index("hidden1")]["b"][:6] = -1e6
    assert loop.tick()["layers"][0]["dead"] == 6 / 24
    loop = trained(few, steps=1, activation="sigmoid")
    network = loop.task.network
    network.params[network.names.index("hidden1")]["b"][:] = 1e6
    assert loop.tick()["layers"][0]["saturated"] == 1


def test_a_diverged_training_has_the_weights_of_the_last_tick(few):
    loop = trained(few)
    loop.tick()
    before = loop.task.theta.copy()
    loop.train_batch()
    loop.task.theta[5] = np.nan
    with np.errstate(all="ignore"), pytest.raises(DivergedError):
        loop.train_batch()
    assert np.array_equal(loop.task.theta, before)
    loop.train_batch()


def test_the_map_ignores_what_softmax_ignores():
    logits = np.zeros((2, 10), np.float32)
    logits[0, 3] = 16
    assert np.allclose(on_map(logits), [DIRECTIONS[3], [0, 0]], atol=1e-6)
    assert np.allclose(on_map(logits + 100), on_map(logits), atol=1e-4)


def test_values_that_float16_cannot_hold_are_cut():
    assert half([np.inf, -np.inf, np.nan, 1e9, 0.5]).tolist() == [60000, -60000, 60000, 60000, 0.5]
    assert histogram(np.array([-5.0, 0.0, np.nan, 5.0]), -1, 1).sum() == 4
    assert histogram(np.array([-5.0, 5.0]), -1, 1)[[0, BINS - 1]].tolist() == [1, 1]


def test_pictures_show_zero_as_grey_and_the_largest_weight_as_black_or_white(few):
    network = trained(few, steps=1).task.finished()
    pictures = unit_pictures(network)
    for picture, w in zip(pictures, network.params[0]["W"].T, strict=False):
        largest = np.abs(w).argmax()
        assert picture.ravel()[largest] == (255 if w[largest] > 0 else 1)


def test_constants_show_each_digit_once(few):
    fixed = constants(few[1])
    for digit, picture in enumerate(fixed["pictures"]):
        assert few[1].y[np.flatnonzero((picture == few[1].X).all(axis=(1, 2)))[0]] == digit
