"""Pictures from outside MNIST: loading of sets from folders and arrays, and the tables of their answers."""

import hashlib
import io

import numpy as np
import pytest
from app import EXAMPLES
from PIL import Image

from analytics.realworld import figures, sets
from analytics.realworld.__main__ import main, rows_of
from analytics.realworld.contact_sheet import contact_sheet
from core.digits.data import load_mnist
from deployment.deploy_mnist import MNISTDeployer
from deployment.reader.picture.opening import InputError


@pytest.fixture
def folder(tmp_path):
    """Three labelled pictures, one in a sub-folder, one wrongly labelled; an array file; files of other kinds."""
    (tmp_path / "mine").mkdir()
    for name, file in (("7_a.png", "seven"), ("2_b.png", "two"), ("mine/8_c.png", "paper")):
        (tmp_path / name).write_bytes((EXAMPLES / f"{file}.png").read_bytes())
    (tmp_path / "notes.txt").write_text("7")
    mnist = load_mnist()
    np.savez(tmp_path / "mnist.npz", images=mnist["X_test"][:30], labels=mnist["y_test"][:30])
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    return tmp_path


def strokes(labels):
    """An array file's content: for each label the same two strokes, a T."""
    n = len(labels)
    one = [[0, 10], [10, 10], [5, 10], [5, 0]]
    return dict(points=np.array(one * n, float), stroke_start=np.arange(2 * n + 1) * 2,
                sample_start=np.arange(n + 1) * 2, labels=np.array(labels))


def test_sets_of_a_folder(folder):
    loaded_sets = {pictures.name: pictures for pictures in sets.load_sets(folder)}
    assert {name: len(pictures) for name, pictures in loaded_sets.items()} == {folder.name: 2, "mine": 1, "mnist": 30}
    assert loaded_sets["mine"].labels.tolist() == [8] and loaded_sets["mnist"].kind is None
    with pytest.raises(ValueError, match="7_anything"):
        sets.load_sets(folder / "other.npz")


def test_strokes_are_drawn_as_on_the_canvas_and_always_alike(tmp_path):
    np.savez(tmp_path / "pen.npz", **strokes([7, 1, 4]))
    first, again = (sets.load_sets(tmp_path / "pen.npz")[0] for _ in range(2))
    assert first.kind == "canvas" and first.pictures == again.pictures and len(set(first.pictures)) == 3
    with Image.open(io.BytesIO(first.pictures[0])) as image:
        assert image.size == (280, 280) and image.mode == "RGBA" and image.getextrema()[3] == (0, 255)


def test_letters_that_look_like_digits_are_not_among_the_non_digits(tmp_path):
    np.savez(tmp_path / "letters.npz", **strokes(list("aoTlk")))
    non_digits = sets.load_non_digits(tmp_path / "letters.npz")
    assert len(non_digits) == 3 and set(non_digits.labels) == {-1}
    np.savez(tmp_path / "printed.npz", images=np.zeros((4, 28, 28), np.uint8), labels=np.array([0, 1, 2, 3]))
    assert len(sets.load_non_digits(tmp_path / "printed.npz")) == 4


def test_doubtful_labels_are_known_by_what_the_file_holds(tmp_path, monkeypatch):
    content = strokes([7, 1, 4])
    np.savez(tmp_path / "any_name.npz", **content)
    known = hashlib.sha256(content["points"].tobytes()).hexdigest()
    monkeypatch.setitem(sets.DOUBTFUL, known, {"indices": [1]})
    assert sets.load_sets(tmp_path / "any_name.npz")[0].doubtful == (1,)
    assert all(entry["indices"] == sorted(set(entry["indices"])) for entry in sets.DOUBTFUL.values())


class Answer:
    def __init__(self, digit, confidence, emotion="confident", novelty=0.1, left_over=()):
        self.digit, self.confidence, self.emotion, self.novelty = digit, confidence, emotion, novelty
        self.left_over = left_over
        self.probabilities = np.full(10, (1 - confidence) / 9)
        self.probabilities[digit] = confidence


def test_figures_are_counted():
    pictures = sets.Pictures("x", [None] * 5, np.array([1, 2, 3, 4, 5]), doubtful=(2,))
    answers = [Answer(1, 0.99), Answer(2, 0.97), Answer(8, 0.96), Answer(4, 0.6, "hesitant", 0.1, [(0, 0, 9, 9)]),
               InputError("“x” is bad.")]
    rows = rows_of([pictures], [answers])
    assert [row.name for row in rows] == ["x", "x without 1 of doubtful label"]
    lines = figures.digits_table(rows).splitlines()
    cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
    assert cells[1:3] == ["5", "60.00 %"] and cells[4] == "60.0 %" and cells[5].startswith("1 of 3 (33.33 %)")
    assert cells[-2:] == ["20.0 %", "1"] and cells[9] == "20.0 %"
    assert "| 4 | 75.00 % |" in lines[3] and "0 of 2 (0 %)" in lines[3]


def test_non_digits_are_compared_with_digits():
    digits = figures.Readings.of(sets.Pictures("digits", [None] * 4, np.arange(4)), [Answer(i, 0.9) for i in range(4)])
    non_digits = figures.Readings.of(sets.Pictures("letters", [None] * 4, np.full(4, -1)),
                                  [*3 * [Answer(1, 0.5, "curious", 2.0)], Answer(1, 0.99, "confident", 0.05)])
    line = figures.non_digits_table([non_digits], digits, np.linspace(0, 0.04, 100)).splitlines()[2]
    assert "| 4 | 75.0 % |" in line and "| 100 % | 25.0 % | 0.750 (" in line


def test_auroc_needs_both_kinds():
    assert figures.auroc_interval(np.array([0.1, 0.2]), np.array([True, True]), np.random.default_rng(0)) is None
    value, low, high = figures.auroc_interval(np.linspace(0, 1, 40), np.arange(40) > 19, np.random.default_rng(0))
    assert value == low == high == 1


def test_the_command(folder, capsys):
    main([str(folder), "--errors", str(folder / "errors.png")])
    out = capsys.readouterr().out
    assert "| mine | 1 | 0 % |" in out and "| all | 33 |" in out
    loaded = sets.load_sets(folder)
    answers = [MNISTDeployer().predict_batch(p.pictures) for p in loaded]
    with Image.open(folder / "errors.png") as image:
        assert image.size == contact_sheet(loaded, answers).size
    with pytest.raises(SystemExit):
        main([str(folder / "other.npz")])
    assert "7_anything" in capsys.readouterr().err
