"""Settings: types, ranges and choices are kept whatever way they come in, and every impossible one is named."""

import dataclasses
import json

import pytest

from core.digits.config import Config
from core.digits.presets import PRESETS
from core.text.config import TextConfig
from core.text.versions.config import VERSIONS, VersionConfig

KINDS = [Config, TextConfig, VersionConfig]


@pytest.mark.parametrize(
    "texts, changes",
    [
        (["hidden=512,256"], {"hidden": (512, 256)}),
        (["gate=false"], {"gate": False}),
        (["gate=TRUE"], {"gate": True}),
        (["dropout=0.25", "epochs=3"], {"dropout": 0.25, "epochs": 3}),
        (["input_range=0.01,1"], {"input_range": (0.01, 1.0)}),
        (["optimizer=sgd"], {"optimizer": "sgd"}),
        ([], {}),
    ],
)
def test_settings_are_read_as_their_type(texts, changes):
    assert Config.parse(texts) == changes


@pytest.mark.parametrize(
    "text", ["depth=3", "dropout=much", "gate=yes", "hidden=", "hidden=3,a", "epochs=1.5", "dropout", ""]
)
def test_what_is_no_setting_is_named(text):
    with pytest.raises(ValueError, match="--set"):
        Config.parse([text])


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_has_a_range_and_both_ends_hold(kind):
    """Just outside of each range is refused by name, just inside is accepted."""
    for field in dataclasses.fields(kind):
        if isinstance(field.default, bool | str):
            continue
        interval = kind.RANGES[field.name]
        low, high = (float(end) for end in interval[1:-1].split(","))
        number = field.default[0] if isinstance(field.default, tuple) else field.default
        step = 1 if isinstance(number, int) else 1e-9 * max(1, abs(low))
        make = lambda value, field=field, number=number: (  # noqa: E731
            (type(number)(value),) * len(field.default) if isinstance(field.default, tuple) else type(number)(value))
        for outside in (low - step, *([low] if interval[0] == "(" else [])):
            with pytest.raises(ValueError, match=f"{field.name} must be in"):
                kind(**{field.name: make(outside)})
        if high < float("inf"):
            with pytest.raises(ValueError, match=f"{field.name} must be in"):
                kind(**{field.name: make(high * 1.001 + 1 if isinstance(number, int) else high * 1.001 + 1e-9)})
        if interval[0] == "[" and not isinstance(field.default, tuple):
            kind(**{field.name: make(low)})


@pytest.mark.parametrize(
    "changes, named",
    [
        ({"optimizer": "adamax"}, "optimizer must be one of"),
        ({"batch_size": 0}, "batch_size"),
        ({"epochs": 2.0}, "whole number"),
        ({"gate": 1}, "true or false"),
        ({"hidden": ()}, "hidden"),
        ({"hidden": (64.0,)}, "hidden"),
        ({"hidden": 64}, "hidden"),
        ({"lr": "fast"}, "lr"),
        ({"lr": float("nan")}, "lr must be finite"),
        ({"clip": float("inf")}, "clip must be finite"),
        ({"beta1": 2.0}, "beta1"),
        ({"input_range": (0.0, 0.0)}, "input_range"),
        ({"input_range": (1.0, 0.0)}, "rising"),
        ({"input_range": (0.0, 0.5, 1.0)}, "input_range"),
        ({"hidden": (8,) * 17}, "17 layers"),
        ({"hidden": (99_999_999,)}, r"hidden must be in \[1, 16384\]"),
    ],
)
def test_impossible_settings_are_named(changes, named):
    with pytest.raises(ValueError, match=named):
        Config(**changes)


@pytest.mark.parametrize("config", [*PRESETS.values(), TextConfig(),
                                    *(VersionConfig.version(name) for name in VERSIONS)])
def test_saved_and_read_again_is_equal(config):
    saved = json.loads(json.dumps(config.to_dict()))
    assert type(config).from_dict(saved | {"unknown": 1}) == config


def test_older_names_are_still_read():
    assert Config.from_dict({"attention": 2.0, "soft_labels": "x"}).focal_gamma == 2.0
    assert Config.from_dict({"schedule": "one_cycle"}) == Config(schedule="cosine")
    with pytest.raises(ValueError, match="schedule must be one of constant, step, cosine, not"):
        Config(schedule="one_cycle")
    with pytest.raises(ValueError, match="schedule must be text"):
        Config.from_dict({"schedule": {}})


def test_replace_and_difference():
    changed = Config().replace(lr=0.5, gate=False)
    assert changed.difference(Config()) == {"lr": 0.5, "gate": False} and Config().difference(Config()) == {}
    with pytest.raises(TypeError):
        Config().replace(speed=3)
