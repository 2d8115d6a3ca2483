"""The model card says what was done: the recipe with every change, the data that was used, what its doubt rests on."""

import json
import shlex

import pytest

from core.digits.config import Config
from core.digits.presets import PRESETS
from core.models.card import card_data, model_card, recipe, split_words
from core.train import arguments, make_config

PART = {"n": 100, "accuracy": 0.995, "interval_95": (0.98, 1.0), "errors": 1, "log_loss": 0.02, "brier": 0.01,
        "ece": 0.003, "auroc_confidence": 0.99, "confident_share": 0.8, "confident_accuracy": 1.0}
METRICS = {"test": PART, "validation": PART | {"errors": 3}, "epochs": 5, "best_epoch": 4, "training_seconds": 60.0,
           "parameters": 10, "interrupted": False}
SIZES = {"train": 54_759, "validation": 2_558, "calibration": 2_683}


def saved(config):
    return {**config.to_dict(), "architecture": [784, *config.hidden, 10], "parameters": 10, "preprocessing": "28x28",
            "split": split_words(config, SIZES), "model_sha256": "0" * 64}


@pytest.mark.parametrize("command", [
    "--preset champion --seed 1", "--preset digit-app --epochs 3 --lr 0.01 --batch-size 17",
    "--preset default --set hidden=64,32 --set gate=false --set input_range=0.01,1.0 --set label_smoothing=0.1"])
def test_the_recipe_trains_the_same_again(command, tmp_path):
    """What a card prints, given to the command line, leads to the very settings it was printed for."""
    config = make_config(arguments(shlex.split(command)), tmp_path)
    printed = shlex.split(recipe(config.to_dict()))
    assert printed[:2] == ["python", "core/train.py"]
    assert make_config(arguments(printed[2:]), tmp_path) == config


def test_a_preset_alone_needs_no_changes():
    assert recipe(PRESETS["champion"].to_dict()) == "python core/train.py --preset champion --seed 0"


def test_a_card_of_mnist_says_so_and_a_card_of_a_csv_does_not_claim_it():
    mnist = model_card(saved(Config()), METRICS)
    assert "training batch" not in mnist and "**Data.** MNIST of Y. LeCun" in mnist
    assert "no writer in two parts" in mnist and 'datasets: ["ylecun/mnist"]' in mnist
    assert "writers held out from training" in mnist
    from_csv = Config(csv="/somewhere/of/mine/digits.csv", csv_sha256="ab" * 32)
    card = model_card(saved(from_csv), METRICS)
    assert "**Data.** digits.csv, a CSV file (SHA-256 abababababab" in card and "/somewhere" not in card
    assert "drawn by chance, image by image" in card and "ylecun/mnist" not in card and "no writer in two" not in card
    assert "held out from training by chance" in card and "--csv digits.csv" in card


def test_a_card_says_what_was_generated_and_what_is_out_of_scope():
    """22 % of the champion's batches are no images of MNIST; whole numbers are read digit by digit."""
    config = PRESETS["champion"]
    card, facts = model_card(saved(config), METRICS), card_data(saved(config), METRICS)
    assert f"of every training batch {100 * config.synthetic:.0f} % are digits drawn from the skeletons" in card
    assert f"and {100 * config.negatives:.0f} % are generated images that are not digits; tested on MNIST" in card
    assert facts["training_data"]["generated"] in card
    assert "several digits" not in card and "unusual ways" not in card and "several" not in facts["out_of_scope"]


def test_a_card_of_all_images_does_not_claim_that_any_were_held_out():
    card = model_card(saved(Config(train_on="all")), METRICS)
    assert "held out" not in card and "also trained on" in card and "seen images" in card


def test_figures_of_the_card():
    card = model_card(saved(Config()), METRICS)
    assert "| test | 100 | 99.50 % | 98.00 to 100.00 % | 1 | 0.0200 | 0.30 % | 0.9900 |" in card
    assert "| validation | 100 | 99.50 % | 98.00 to 100.00 % | 3 |" in card
    assert "80.0 % of the\ndigits were confident, and 100 % of those were right" in card
    facts = card_data(saved(Config()), METRICS)
    assert facts["results"]["validation"]["errors"] == 3 and facts["training"]["hours"] == pytest.approx(
        1 / 60, abs=1e-3
    )
    assert facts["model_sha256"] == "0" * 64
    assert "in 1.0 minutes on a CPU" in card and "co2" not in (card + json.dumps(facts)).lower(), "nothing is assumed"
