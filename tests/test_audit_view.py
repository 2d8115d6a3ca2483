"""The tab "Scientific audit" in Streamlit's test harness: what stands there with, without and beside an audit."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from analytics import evidence
from core.data import read_checked


class Model:
    """What the tab asks of a deployer."""

    def __init__(self, folder):
        self.model_dir = folder
        self.config = {"weights_sha256": folder.name.ljust(64, "0")}
        self.metrics = {"test": {"n": 10_000, "accuracy": 0.9876, "interval_95": [0.9852, 0.9896], "errors": 124,
                                 "log_loss": 0.04, "ece": 0.002, "auroc_confidence": 0.97}}
        self.history = {"epoch": [1, 2], "loss": [0.5, 0.2], "val_loss": [0.6, 0.3], "val_accuracy": [0.9, 0.95]}
        self.gate_class_mean = None

    def weights(self):
        return {"output.W": np.arange(-5.0, 6)}


@pytest.fixture
def model(tmp_path):
    return Model(tmp_path)


def write_audit(model, **changes):
    y = read_checked("t10k-labels-idx1-ubyte")[:200]
    probs = np.full((200, 10), 0.005, dtype=np.float32)
    probs[np.arange(200), y] = 0.955
    probs[:3] = np.roll(probs[:3], 1, axis=1)  # three errors
    figures = evidence.headline(probs, y, 20, np.random.default_rng(0))
    arrays = evidence.model_arrays(model) | {f"headline_{name}": v for name, v in figures.items()} | {
        "y": y, "probs": probs, "ece_if_calibrated": np.array([0.001, 0.002]), "map_index": np.arange(50),
        "map_xy": np.random.default_rng(0).normal(size=(50, 2)),
    }
    (model.model_dir / "images").mkdir()
    np.savez(model.model_dir / "images" / "audit.npz", **(arrays | changes))


def show(model):
    def script(model):
        from deployment import audit_view

        audit_view.render(model)

    page = AppTest.from_function(script, args=(model,), default_timeout=20).run()
    assert not page.exception
    return page


def test_headline_and_all_sections(model):
    write_audit(model)
    page = show(model)
    assert [(m.label, m.value) for m in page.metric][:2] == [("Test accuracy", "98.50 %"), ("Errors", "3")]
    assert len(page.metric) == 5 and " to " in page.metric[0].delta
    sections = ["Learning", "Confusion", "Doubt", "The map", "Errors and hits", "Weights", "Gate per digit"]
    assert [s.value for s in page.subheader] == sections
    assert not page.warning and not page.info


def test_a_chosen_cell_shows_its_images(model):
    write_audit(model)
    page = show(model)
    true, answer = page.selectbox[0].value
    assert true != answer and page.selectbox[0].options[0] == f"{true} read as {answer} (1 image)"
    page.session_state[page.selectbox[0].key] = (7, 7)
    pictures = "".join(element.proto.body for element in page.run().get("html"))
    assert "a 7 read as 7, 95.5 % sure" in pictures and not page.exception


def test_other_weights_are_noticed(model):
    write_audit(model, weights_sha256=np.array("f" * 64))
    assert "other weights" in show(model).warning[0].value


def test_a_run_without_audit_says_how_and_shows_what_there_is(model):
    page = show(model)
    assert "python -m analytics.audit --model" in page.info[0].value
    assert [m.value for m in page.metric] == ["98.76 %", "124", "0.0400", "0.20 %", "0.970"]
    assert page.metric[0].delta == "98.52 % to 98.96 %"
    assert [s.value for s in page.subheader] == ["Learning", "Weights", "Gate per digit"]


def test_a_damaged_audit_is_a_sentence(model):
    (model.model_dir / "images").mkdir()
    (model.model_dir / "images" / "audit.npz").write_bytes(b"half a file")
    page = show(model)
    assert "cannot be read" in page.warning[0].value and "python -m analytics.audit" in page.warning[0].value
