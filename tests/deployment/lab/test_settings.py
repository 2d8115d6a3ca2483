"""Settings of the lab: presets, knobs, and the parameters of an address."""

import pytest

from core.digits.presets import PRESETS
from deployment.lab.settings import KNOBS, LabSettings, from_query, to_query
from deployment.lab.training import lab_network


@pytest.mark.parametrize("name", ["lab", *PRESETS])
def test_each_preset_gives_settings_that_the_lab_can_train(name):
    settings = LabSettings.of_preset(name)
    config = settings.config()
    assert lab_network(settings).theta.size < 300_000
    assert config.schedule == "constant" and not config.ema and not config.synthetic and not config.negatives
    if name in PRESETS:
        assert config.lr == PRESETS[name].lr and config.l2 == PRESETS[name].l2
        assert config.elastic == PRESETS[name].elastic and config.rotation == PRESETS[name].rotation


def test_strength_scales_the_deformations_of_the_preset():
    half = LabSettings.of_preset("champion").replace(augmentation=0.5).config()
    assert half.elastic == PRESETS["champion"].elastic / 2 and half.shift == PRESETS["champion"].shift / 2
    assert LabSettings.of_preset("plain-ann").replace(augmentation=1.0).config().rotation == PRESETS["default"].rotation


@pytest.mark.parametrize("changes, word", [
    ({"hidden": (300,)}, "hidden"), ({"hidden": (64, 64, 65)}, "hidden"), ({"hidden": (8, 8, 8, 8)}, "hidden"),
    ({"lr": 50.0}, "lr"), ({"preset": "none"}, "preset"), ({"batch_size": 0}, "batch_size"),
    ({"dropout": float("nan")}, "dropout")])
def test_settings_out_of_range_are_refused_by_name(changes, word):
    with pytest.raises(ValueError, match=word):
        LabSettings(**changes)


def test_every_knob_is_a_setting_that_has_words_within_its_range():
    for name, knob in KNOBS.items():
        values = [True, False] if knob.scale == "switch" else [*knob.choices] or [knob.low, knob.high]
        for value in values:
            assert knob.words(getattr(LabSettings().replace(**{name: value}), name))
        assert knob.sentence.endswith(".")


def test_an_address_holds_what_differs_from_the_preset():
    assert to_query(LabSettings()) == {}
    settings = LabSettings.of_preset("champion").replace(hidden=(32, 16), gate=False, lr=0.5)
    query = to_query(settings)
    assert query == {"lab_preset": "champion", "lab_hidden": "32,16", "lab_gate": "False", "lab_lr": "0.5"}
    assert from_query({**query, "tab": "Lab"}) == (settings, [])


def test_what_an_address_gives_wrongly_is_said_and_the_rest_followed():
    settings, refused = from_query({"lab_lr": "50", "lab_seed": "x", "lab_colour": "red", "lab_batch_size": "32",
                                    "lab_gate": "perhaps", "lab_preset": "none", "lab_hidden": ""})
    assert settings == LabSettings(batch_size=32)
    assert len(refused) == 6
    for name in ("lr", "seed", "colour", "gate", "preset", "hidden"):
        assert any(name in sentence for sentence in refused)
