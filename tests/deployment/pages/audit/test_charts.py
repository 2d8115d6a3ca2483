"""The audit's charts show the given numbers at the right position with the right text."""

import numpy as np
import pytest

from analytics.audit import figures
from deployment.pages.audit.charts import confidence as doubt
from deployment.pages.audit.charts import errors, inside, robustness, tsne
from deployment.pages.audit.evidence import confidence_bands, unit_order
from deployment.pages.audit.parts import image_strip
from deployment.ui.charts import hope_faith_love


@pytest.fixture
def matrix():
    matrix = np.diag(np.arange(90, 100))
    matrix[4, 9], matrix[3, 5] = 7, 1
    return matrix


def test_confusion_shows_every_count_and_offers_every_filled_cell(matrix):
    *heat, cells = errors.confusion(matrix).data
    shown = [[next((h.text[r][c] for h in heat if h.text[r][c]), "0") for c in range(10)] for r in range(10)]
    assert np.array_equal(np.array(shown, dtype=int), matrix)
    offered = np.zeros_like(matrix)
    offered[cells.y, cells.x] = cells.customdata[:, 2]
    assert np.array_equal(offered, matrix)


def test_confusion_ink_stands_out_from_its_cell(matrix):
    right, pale, dark, _ = errors.confusion(matrix).data
    assert pale.text[3][5] == "1" and pale.textfont.color == "#111111"
    assert dark.text[4][9] == "7" and dark.textfont.color == "#ffffff"
    assert pale.colorscale == dark.colorscale != right.colorscale, "one ramp for all errors"


def test_confusion_has_recall_and_precision_in_its_margins(matrix):
    written = {(note.x, note.y): note.text for note in errors.confusion(matrix).layout.annotations}
    assert len(written) == 20
    recall, precision = ({y: t for (x, y), t in written.items() if x > 9.5}, {x: t for (x, y), t in written.items()
                                                                            if y > 9.5})
    assert recall[4] == "93.1" and precision[9] == "93.4" and recall[0] == ">99.9"


def test_a_faultless_confusion_is_drawn():
    assert len(errors.confusion(np.eye(10, dtype=int)).data[-1].x) == 10
    assert figures.confusion(np.eye(10, dtype=int)).axes


def test_learning_scales_accuracy_to_percent_and_skips_what_was_not_recorded():
    history = {"epoch": np.array([1.0, 2]), "loss": np.array([0.5, 0.2]), "val_loss": np.array([0.6, 0.3]),
               "val_accuracy": np.array([0.9, 0.95])}
    loss, accuracy = inside.learning(history, "loss"), inside.learning(history, "accuracy")
    assert [t.name for t in loss.data if t.name] == ["training", "validation"] and list(loss.data[0].y) == [0.5, 0.2]
    assert [t.name for t in accuracy.data] == ["validation"] and list(accuracy.data[0].y) == [90, 95]
    lines = [ax.get_lines() for ax in figures.learning(history).axes]
    assert [len(drawn) for drawn in lines] == [2, 1]


def test_the_heart_beats_along_both_curves_once_an_epoch():
    epochs = np.arange(1.0, 4)
    figure = inside.learning({"epoch": epochs, "loss": 1 / epochs, "val_loss": 2 / epochs}, "loss")
    assert [frame.traces for frame in figure.frames] == [(2, 3)] * 6, "the markers alone move"
    beats, rests = figure.frames[::2], figure.frames[1::2]
    for i, (beat, rest) in enumerate(zip(beats, rests, strict=True)):
        assert [(t.x[0], t.y[0]) for t in beat.data] == [(i + 1, 1 / (i + 1)), (i + 1, 2 / (i + 1))]
        assert beat.data[0].marker.size > rest.data[0].marker.size
    assert [(t.x[0], t.y[0]) for t in figure.data[2:]] == [(3, 1 / 3), (3, 2 / 3)], "at rest they stand at the end"
    (button,) = figure.layout.updatemenus[0].buttons
    assert "Heartbeat" in button.label and button.method == "animate"
    long = {"epoch": np.arange(500), "loss": np.ones(500)}
    assert len(inside.learning(long, "loss").frames) == 2 * inside.MAX_BEATS
    assert not inside.learning(long | {"val_accuracy": np.ones(500)}, "accuracy").frames


def test_per_class_in_percent():
    scores = {name: np.linspace(0.9, 0.99, 10) + i / 500 for i, name in enumerate(("precision", "recall", "f1"))}
    figure = errors.per_class(scores)
    assert [t.name for t in figure.data] == ["precision", "recall", "F1"]
    np.testing.assert_allclose(figure.data[1].y, 100 * scores["recall"])


def test_reliability_shows_measured_stated_and_interval():
    probs = np.zeros((40, 10))
    probs[:, 0] = np.repeat([0.6, 0.97], 20)
    bands = confidence_bands(probs, np.repeat([0, 1, 0], [10, 10, 20]))
    stated, measured = doubt.reliability(bands).data
    assert list(measured.x) == ["50–70", "95–99"] and list(measured.y) == [50, 100]
    np.testing.assert_allclose(stated.y, [60, 97])
    np.testing.assert_allclose(measured.y[0] - measured.error_y.arrayminus[0], 100 * bands[0]["low"])


def test_map_places_every_image_once_and_marks_errors():
    rng = np.random.default_rng(0)
    y, index = np.repeat(np.arange(10), 3), np.arange(100, 130)
    y_hat = y.copy()
    y_hat[4] = 8
    figure = tsne.digit_map(rng.normal(size=(30, 2)), y, y_hat, index)
    placed = np.concatenate([trace.customdata for trace in figure.data])
    assert sorted(placed) == sorted(index)
    assert figure.data[-1].name == "error" and list(figure.data[-1].text) == ["1 read as 8"]
    assert [a.text for a in figure.layout.annotations] == [f"<b>{digit}</b>" for digit in range(10)]


def test_a_star_stands_where_it_is_put_and_cannot_be_taken_for_a_test_image():
    y = np.repeat(np.arange(10), 2)
    figure = tsne.digit_map(np.zeros((20, 2)), y, y, np.arange(20), star=(np.array([3.0, -4.0]), "your digit, a 7"))
    star = figure.data[-1]
    assert (star.x[0], star.y[0]) == (3, -4) and star.name == "your digit" and star.customdata is None


def test_hope_faith_and_love_show_what_was_recorded():
    history = {"epoch": np.array([1.0, 2]), "hope": np.array([0.8, 0.9]), "love": np.array([0.3, 0.5])}
    assert [(t.name, list(t.y)) for t in hope_faith_love(history).data] == [("Hope", [0.8, 0.9]), ("Love", [0.3, 0.5])]


def test_risk_coverage_by_hand_and_the_limit_on_it():
    probs = np.zeros((4, 10))
    probs[:, 0] = [0.9, 0.8, 0.7, 0.6]
    curve, limit = doubt.risk_coverage(probs, np.array([0, 0, 1, 0]), 0.7).data
    np.testing.assert_allclose(curve.x, [25, 50, 75, 100])
    np.testing.assert_allclose(curve.y, [0, 0, 100 / 3, 25])
    assert limit.x[0] == 75 and limit.y[0] == pytest.approx(100 / 3)
    assert len(doubt.risk_coverage(probs, np.array([0, 0, 1, 0]), 0.95).data) == 1  # nothing is so sure


def test_novelty_shows_quantiles():
    rows = [{"kind": "noise", "novelty_quantiles": [1, 2, 3, 4, 5]}]
    thin, thick, middle = doubt.novelty(rows).data
    assert (list(thin.x), list(thick.x), list(middle.x)) == ([1, 5], [2, 4], [3])


def test_robustness_charts_hold_the_rows():
    rows = [{"corruption": name, "severity": severity, "accuracy": accuracy, "mean_confidence": 0.9,
             "interval_95": (accuracy - 0.02, accuracy + 0.01)}
            for name, severity, accuracy in (("clean", 0, 0.98), ("fog", 1, 0.7), ("fog", 2, 0.5), ("tilt", 1, 0.9))]
    dark, bright = robustness.cells(rows).data
    assert list(dark.y) == ["tilt", "fog"] and list(dark.x) == [1, 2], "the hardest last"
    np.testing.assert_allclose(bright.z, [[90, np.nan], [70, np.nan]])
    np.testing.assert_allclose(dark.z, [[np.nan, np.nan], [np.nan, 50]])
    assert dark.text[1][1] == "50" and bright.text[0][0] == "90" and dark.textfont.color == "#ffffff"
    accuracy, confidence = robustness.severities(rows, "fog").data
    np.testing.assert_allclose(accuracy.y, [98, 70, 50])
    np.testing.assert_allclose(accuracy.error_y.arrayminus, 2)
    assert list(confidence.y) == [90, 90, 90]


def test_weights_have_a_row_for_each_layer():
    counts, edges = np.array([[1, 5, 2], [3, 4, 0]]), np.array([[-3.0, -1, 1, 3], [-1.5, -0.5, 0.5, 1.5]])
    figure = inside.weights(np.array(["dense1", "output"]), counts, edges)
    assert list(figure.data[0].x) == [-2, 0, 2] and list(figure.data[1].y) == [3, 4, 0]
    assert [a.text for a in figure.layout.annotations] == ["dense1 (8 weights)", "output (7 weights)"]
    assert len(figures.weights(np.array(["dense1", "output"]), counts, edges).axes) == 2
    other = inside.weights(np.array(["a", "b"]), counts, edges, titles=["90 % zeros", "none"], what="activation")
    assert [a.text for a in other.layout.annotations] == ["90 % zeros", "none"]
    assert other.layout.xaxis2.title.text == "activation" and other.layout.xaxis.matches is None


def test_gate_is_sorted_and_named_by_unit():
    means = np.random.default_rng(0).random((10, 6))
    order = unit_order(means)
    mean, difference = (inside.gate(means, difference=d).data[0] for d in (False, True))
    np.testing.assert_array_equal(mean.z, means[:, order])
    np.testing.assert_array_equal(mean.customdata[3], order)
    np.testing.assert_allclose(np.sum(difference.z, axis=0), 0, atol=1e-12)
    assert difference.zmin == -difference.zmax


def test_image_grid_has_room_for_all():
    images = np.linspace(0, 1, 7)[:, None, None] * np.ones((28, 28))
    ax = figures.image_grid(images, [str(i) for i in range(7)], 3, "heading").axes[0]
    mosaic = ax.images[0].get_array()
    assert [text.get_text() for text in ax.texts] == [str(i) for i in range(7)]
    assert (~mosaic.mask).sum() == images.size and mosaic.sum() == pytest.approx(images.sum())
    assert figures.image_grid(np.zeros((0, 28, 28)), [], 3, "none").axes


def test_charts_leave_background_and_ink_to_the_theme(matrix):
    for figure in (errors.confusion(matrix), inside.gate(np.ones((10, 3)), False)):
        assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
        assert figure.layout.font.color is None


def test_image_strip_names_each_image():
    images, probs = np.zeros((3, 28, 28), np.uint8), np.full((3, 10), 0.002)
    probs[[0, 1, 2], [4, 9, 9]] = [0.982, 0.7, 0.99999]
    strip = image_strip(images, np.array([4, 4, 9]), probs, [2, 1])
    assert strip.count("<img") == 2 and "test image 0" not in strip
    assert "4 → 9<br>" in strip and 'alt="test image 2: a 9 read as 9, more than 99.9 % sure"' in strip
    assert 'alt="test image 1: a 4 read as 9, 70.0 %"' in strip  # never sure below 90 %
    assert strip.index("test image 2") < strip.index("test image 1:")
