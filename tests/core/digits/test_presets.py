"""The recipes are what the project says of them: in the shipped model, at their sources, and in the reports."""

import json
import re

import pytest

from core.digits.config import Config
from core.digits.data import DATA_DIR
from core.digits.presets import AS_STATED, MADE_GOOD, PRESETS

ROOT = DATA_DIR.parent
FREE = ("dropout", "input_dropout", "weight_decay", "l2", "clip", "label_smoothing", "focal_gamma", "ema", "elastic",
        "rotation", "scale", "shear", "shift", "thickness", "ornament", "width")


def test_the_shipped_model_came_from_its_preset():
    saved = json.loads((ROOT / "final_model" / "config.json").read_text())
    assert Config.from_dict(saved) == PRESETS[saved["preset"]].replace(seed=saved["seed"])


def test_without_a_preset_nothing_is_added_to_the_network_of_the_issue():
    """784-1024x3-gate-10 without regularisation or augmentation, batches of 256, Adam's usual constants."""
    plain = Config()
    assert plain.hidden == (1024, 1024, 1024) and plain.gate and plain.batch_size == 256 and plain.patience == 0
    assert [getattr(plain, name) for name in FREE] == [0] * len(FREE) and plain.augments is False
    assert (plain.beta1, plain.beta2, plain.eps, plain.momentum) == (0.9, 0.999, 1e-8, 0.9)
    assert all(Config(**{name: 0.5}).augments is True for name in FREE[8:])


def test_presets_are_named_and_ours_have_three_hidden_layers_and_a_gate():
    assert all(config.preset in (name, name.removesuffix("-as-stated")) for name, config in PRESETS.items())
    ours = {name: PRESETS[name].hidden for name in ("default", "champion", "sprint")}
    wide = (1024, 1024, 1024)
    assert ours == {"default": wide, "sprint": wide, "champion": (1536, 1024, 1024)}
    assert all(PRESETS[name].gate for name in ours)


@pytest.mark.parametrize("name, expected", {  # what the sources state, and what core/digits/presets.py marks as ours
    "emotion-mlp": dict(hidden=(256, 128, 64), gate=True, optimizer="sgd", momentum=0.9, lr=0.01, l2=1e-3,
                        batch_size=64, epochs=100, patience=8),
    "logistic-mlp": dict(hidden=(256,), gate=False, activation="sigmoid", init="xavier", optimizer="sgd", momentum=0.9,
                         input_range=(0.01, 1.0), lr=0.1, schedule="step", step_factor=0.5, step_epochs=10, l2=1e-4,
                         batch_size=64, epochs=40, patience=8),
    "plain-ann": dict(hidden=(128,), gate=False, optimizer="sgd", momentum=0, lr=0.1, batch_size=32, epochs=30),
    "digit-app": dict(hidden=(512,), gate=False, optimizer="adam", lr=1e-3, batch_size=64, epochs=40, keep="last"),
}.items())
def test_as_stated(name, expected):
    config = AS_STATED[name]
    assert {key: getattr(config, key) for key in expected} == expected
    assert not config.augments and config.train_on == "train" and config.weight_decay == config.dropout == 0
    assert config.schedule == expected.get("schedule", "constant")


def test_made_good_keeps_the_network_and_is_what_the_report_measured():
    report = (ROOT / "analytics" / "reports" / "reproduction.md").read_text()
    for name, config in MADE_GOOD.items():
        stated = AS_STATED[name]
        assert all(getattr(config, key) == getattr(stated, key)
                   for key in ("hidden", "activation", "init", "gate", "input_range"))
        (row,) = re.findall(rf"\| {name} [^|]*\| made good \|[^\n]*", report)
        cells = [cell.strip() for cell in row.split("|")]
        assert int(cells[7]) == config.epochs
        dropped = f"dropout {config.input_dropout:g} on pixels, {config.dropout:g} on layers"
        assert f"AdamW {config.lr:g} cosine, decay {config.weight_decay:g}, {dropped}, all 60,000 images" in row
        assert (config.optimizer, config.schedule, config.train_on) == ("adamw", "cosine", "all")
        assert config.batch_size == 128
