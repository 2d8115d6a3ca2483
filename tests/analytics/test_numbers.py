"""Composed numbers, the fitted weights of their reading, and the report."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analytics.numbers import __main__ as report
from analytics.numbers.compose import INK, OVERLAPPING, SHARED, TOUCHING, WIDE, _touching, compose, strings
from analytics.studies.number_weights import fit
from analytics.studies.number_weights import lattices as study
from core.digits.config import Config
from core.digits.task import load_parts
from deployment.deploy_mnist import MNISTDeployer
from deployment.reader.number.lattice import log_sums_of
from deployment.reader.number.score import NOTHING, SIDES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def part():
    return load_parts(Config())["validation"]


@pytest.fixture(scope="module")
def lattices(part):
    made = study.examples(part, 4, np.random.default_rng(0), *study.COMMON)
    made = [study.lattice(MNISTDeployer(), *one) for one in made]
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


def differences(loss, theta, i):
    step = np.eye(1, len(theta), i)[0] * 1e-5
    return (loss(theta + step) - loss(theta - step)) / 2e-5


def test_the_gradient_of_the_weights(lattices):
    """Against differences, at a place that is no optimum."""
    rng = np.random.default_rng(0)
    matrices = (rng.normal(size=(lattices[0].hidden.shape[1] + 1, 11)) * 0.02,
                rng.normal(size=(SIDES, lattices[0].whole.shape[1] + 1, 10)) * 0.02)
    for seen in (None, [fit.seen_by(one, matrices) for one in lattices]):
        theta = rng.normal(size=fit.PLAIN + (seen is not None)) * 0.3
        _, grad = fit.loss_and_grad(theta, lattices, seen)
        for i in range(len(theta)):
            slope = differences(lambda moved, seen=seen: fit.loss_and_grad(moved, lattices, seen)[0], theta, i)
            assert grad[i] == pytest.approx(slope, rel=1e-4, abs=1e-6), i


def test_the_gradient_of_the_matrices(lattices, monkeypatch):
    monkeypatch.setattr(fit, "MATRIX_RIDGE", 0)
    monkeypatch.setattr(fit, "FLOAT", np.float64)
    task = fit.MatrixTask(lattices, lattices, fit.START)
    task.theta[fit.PLAIN:] = np.random.default_rng(1).normal(size=len(task.theta) - fit.PLAIN) * 0.05
    theta, batch = task.theta.copy(), range(len(lattices))
    _, grad = task.loss_and_grad(batch)

    def loss(moved):
        task.theta[...] = moved
        return task.loss_and_grad(batch)[0]

    last, ends = len(task.hidden.mean) * 11, fit.PLAIN + (len(task.hidden.mean) + 1) * 11
    largest = [begin + i for begin, part in ((fit.PLAIN, grad[fit.PLAIN:ends]), (ends, grad[ends:]))
               for i in np.argsort(-np.abs(part))[:12]]
    assert np.abs(grad[ends:]).max() > 1e-3, "some blobs were cut"
    for i in [*range(fit.PLAIN), *largest, fit.PLAIN + last, len(theta) - 1]:
        assert grad[i] == pytest.approx(differences(loss, theta, i), rel=1e-3, abs=1e-7), i


def test_learning_the_matrices_reads_more_of_what_it_learns_from(lattices, monkeypatch):
    monkeypatch.setattr(fit, "SETTINGS", fit.SETTINGS.replace(epochs=30, batch_size=2))
    before = fit.loss_and_grad(fit.START, lattices)[0]
    matrices = fit.learn_matrices(lattices, lattices, fit.START)
    seen = [fit.seen_by(one, matrices) for one in lattices]
    assert fit.loss_and_grad(np.append(fit.START, 1.0), lattices, seen)[0] < before


def test_unlikely_segments_are_left_out_of_what_is_learned_from_but_never_the_right_ones(part):
    deployer = MNISTDeployer()
    for signs, picture, kind in study.examples(part, 4, np.random.default_rng(0), *study.COMMON):
        whole, some = (study.lattice(deployer, signs, picture, kind, closely) for closely in (True, False))
        if whole is not None:
            n = len(some.segments)
            assert n < len(whole.segments) and n == len(some.hidden) == len(some.sides)
            assert np.isfinite(log_sums_of(signs, some.count, some.segments, np.zeros((n, 11)))[-1, -1])


def test_examples_hold_what_is_no_digit(part):
    signs = [sign for signs, *_ in study.examples(part, 40, np.random.default_rng(0), *study.COMMON) for sign in signs]
    assert NOTHING in signs and set(signs) - {NOTHING} == set(range(10))


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
