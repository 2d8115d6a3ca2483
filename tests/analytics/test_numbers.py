"""Composed numbers, the fitted weights of their reading, and the report."""

import json
from datetime import time
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analytics.numbers import __main__ as report
from analytics.numbers.compose import INK, OVERLAPPING, SHARED, TOUCHING, WIDE, _touching, compose, strings
from analytics.numbers.measure import signs_read
from analytics.numbers.signs import KINDS
from analytics.studies.number_weights import confidence, fit
from analytics.studies.number_weights import lattices as study
from core.digits.config import Config
from core.digits.task import load_parts
from core.nn.layers import sigmoid
from deployment.deploy_mnist import MNISTDeployer
from deployment.reader.number.values import check, value

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def part():
    return load_parts(Config())["validation"]


@pytest.fixture(scope="module")
def examples(part):
    made = [study.example(MNISTDeployer(), *one) for one in study.numbers(part, 4, np.random.default_rng(0))]
    return [one for one in made if one is not None]


def test_touching_digits_share_pixels_and_no_more_than_they_must(part):
    row = np.zeros((40, 80), np.uint8)
    row[6:34, 10:38] = part.X[3].reshape(28, 28)
    digit = np.zeros((40, 28), np.uint8)
    digit[6:34] = part.X[7].reshape(28, 28)
    left = _touching(row, digit, 38)

    def shared(place):
        return ((row[:, place : place + 28] > INK) & (digit > INK)).sum()

    assert shared(left) >= SHARED > shared(left + 1)


def test_composed_numbers_are_one_writers_and_the_same_each_time(part):
    pairs = strings(part, 20, (2, 8), [WIDE, TOUCHING, OVERLAPPING], np.random.default_rng(0))
    again = strings(part, 20, (2, 8), [WIDE, TOUCHING, OVERLAPPING], np.random.default_rng(0))
    assert all(a[0] == b[0] and np.array_equal(a[1], b[1]) for a, b in zip(pairs, again, strict=True))
    assert all(2 <= len(text) <= 8 and picture.dtype == np.uint8 for text, picture in pairs)


def test_joins_bring_digits_closer(part):
    images = part.X[[3, 7]].reshape(-1, 28, 28)
    width = {join: compose(images, [join], np.random.default_rng(1)).shape[1]
             for join in (WIDE, TOUCHING, OVERLAPPING)}
    assert width[OVERLAPPING] < width[TOUCHING] < width[WIDE]


def test_the_gradient_of_the_weights(examples):
    """Against differences, at a place that is no optimum."""
    rng = np.random.default_rng(0)
    theta = fit.START + rng.normal(size=len(fit.START)) * 0.3
    _, grad = fit.mean_loss(theta, examples)
    for i in range(len(theta)):
        step = np.eye(1, len(theta), i)[0] * 1e-5
        slope = (fit.mean_loss(theta + step, examples)[0] - fit.mean_loss(theta - step, examples)[0]) / 2e-5
        assert grad[i] == pytest.approx(slope, rel=1e-4, abs=1e-6), i


def test_examples_hold_joins_signs_and_what_is_neither(part):
    texts = [text for text, *_ in study.numbers(part, 120, np.random.default_rng(0))]
    assert set("".join(texts)) >= set("0123456789?-") and any("=" in text for text in texts)


def test_confidence_is_that_of_the_samples():
    """A logistic function of one signal, drawn from it."""
    rng = np.random.default_rng(0)
    signals = np.column_stack([np.ones(5000), rng.normal(0, 3, 5000)])
    right = rng.random(5000) < sigmoid(signals @ [0.5, 0.7])
    np.testing.assert_allclose(confidence.logistic(signals, right), [0.5, 0.7], atol=0.1)
    assert confidence.right_places([1, 7, 10, 2], [1, 10, 2]).tolist() == [True, False, True, True]


def test_signs_whose_place_is_right():
    assert signs_read("12.50", "12.50") == (1, 1) and signs_read("12.50", "12,50") == (1, 0)
    assert signs_read("12.50", "1250") == (0, 0) and signs_read("3+4=7", "3+4-7") == (2, 1)


def test_amounts_dates_and_sums_mean_what_they_say():
    rng, kinds = np.random.default_rng(0), {kind.__name__: kind for kind in KINDS}
    for _ in range(50):
        assert check(kinds["written_sum"](rng)) is True
        assert isinstance(value(kinds["clock"](rng)), time)
        assert isinstance(value(kinds["share"](rng)), Decimal) and value(kinds["negative"](rng)) < 0


@pytest.mark.slow
def test_the_report_on_a_folder(tmp_path, monkeypatch, capsys):
    for name in ("2026_year", "358_touching"):
        source = ROOT / "deployment" / "assets" / "examples" / f"{name.partition('_')[2]}.png"
        Image.open(source).convert("RGB").save(tmp_path / f"{name}.png")
    written = {}
    monkeypatch.setattr(report, "write_report", lambda name, *rest: written.update({name: rest[-1]}))
    monkeypatch.setattr(report, "REPORTS", tmp_path)
    monkeypatch.setattr(report, "put_between_marks", lambda name, text: written.update(readme=text))
    report.main([str(tmp_path), "--count", "5"])
    printed = capsys.readouterr().out
    assert f"| {tmp_path.name} | 2 | 100 % |" in printed and printed.count("| 5 |") >= 3
    assert "stated" in written["numbers"] and "composed of test digits, are read" in written["readme"]
    rows = {row["name"]: row for row in json.loads((tmp_path / "numbers.json").read_text())["rows"]}
    assert rows[tmp_path.name]["exact"] == 1 and "pairs that touch, test digits" in rows
    (tmp_path / "numbers.json").unlink()
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit, match="holds no pictures named like 2026_anything"):
        report.main([str(tmp_path / "empty"), "--count", "5"])
