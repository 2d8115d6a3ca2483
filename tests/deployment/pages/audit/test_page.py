"""The tab "Scientific audit" in Streamlit's test harness, with and without an audit."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from analytics.audit import maps
from analytics.audit.arrays import headline
from core.digits.data import read_checked
from core.storage import write_json
from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.audit import evidence, inside
from deployment.pages.audit import stored as reader


class Model:
    """The part of a deployer that the tab needs."""

    def __init__(self, folder):
        self.model_dir = folder
        self.sha256 = folder.name.ljust(64, "0")
        self.metrics = {"test": {"n": 10_000, "accuracy": 0.9876, "interval_95": [0.9852, 0.9896], "errors": 124,
                                 "log_loss": 0.04, "ece": 0.002, "auroc_confidence": 0.97}}
        self.history = {"epoch": [1, 2], "loss": [0.5, 0.2], "val_loss": [0.6, 0.3], "val_accuracy": [0.9, 0.95]}
        self.gate_mean = self.gate_class_mean = None

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
    figures = headline(probs, y, 20, np.random.default_rng(0))
    arrays = evidence.model_arrays(model) | {f"headline_{name}": v for name, v in figures.items()} | {
        "y": y, "probs": probs, "ece_if_calibrated": np.array([0.001, 0.002]), "map_index": np.arange(50),
        "map_xy": np.random.default_rng(0).normal(size=(50, 2)),
    }
    (model.model_dir / "images").mkdir()
    np.savez(model.model_dir / "images" / "audit.npz", **(arrays | changes))


def show(model):
    def script(model):
        from deployment.pages.audit import page

        page.render(model)

    page = AppTest.from_function(script, args=(model,), default_timeout=20).run()
    assert not page.exception
    return page


def test_headline_and_all_sections(model):
    write_audit(model)
    model.metrics["test"] |= {"n": 10_000, "confident_share": 0.8, "confident_accuracy": 0.9995}
    page = show(model)
    assert [(m.label, m.value) for m in page.metric][:2] == [("Test accuracy", "98.50 %"), ("Errors", "3")]
    assert len(page.metric) == 5 and " to " in page.metric[0].delta
    sections = ["Errors and hits", "Confusion", "Learning", "Doubt", "The map", "Gate per digit", "Weights"]
    assert [s.value for s in page.subheader] == sections
    folded = [box.label.split(":")[0] for box in page.expander]
    assert {"Robustness", "Precision, recall and F1 of each digit", "Weights"} <= set(folded)
    (links,) = re.findall(r"<nav.*?</nav>", page_text(page), re.DOTALL)
    anchors = [s.proto.anchor for s in page.subheader]
    assert re.findall(r'href="#([^"]+)"', links) == anchors[:6]
    (verdict,) = re.findall(r'data-testid="verdict">([^<]*)<', page_text(page))
    assert verdict == "Wrong about once in 67. Of 8,000 confident answers 4 were wrong (at most 0.13 %)."
    assert sum("To remake this audit" in caption.value for caption in page.caption) == 1
    assert not page.warning and not page.info


def test_pictures_are_sent_at_once_and_a_chart_when_it_comes_into_view(model):
    write_audit(model)
    page = show(model)
    assert 'data-testid="test-images"' in page_text(page) and not page.get("plotly_chart")
    page.session_state[f"audit_seen_confusion_{model.sha256[:12]}"] = True  # as view.js reports
    (chart,) = page.run().get("plotly_chart")
    assert chart.proto.id and "confusion" in chart.proto.id


def test_a_chosen_cell_shows_its_images(model):
    write_audit(model)
    page = show(model)
    (box,) = (box for box in page.selectbox if "_cell_" in box.key)
    true, answer = box.value
    assert true != answer and box.options[0] == f"{true} read as {answer} (1 image)"
    page.session_state[box.key] = (7, 7)
    pictures = "".join(element.proto.body for element in page.run().get("html"))
    assert "a 7 read as 7, 95.5 % sure" in pictures and not page.exception


def rows_of(name):
    share = {"n": 200, "hits": 197, "share": 0.985, "interval_95": [0.957, 0.995]}
    cell = {"n": 5, "accuracy": 0.8, "interval_95": [0.4, 0.96], "mean_confidence": 0.9, "confident_and_wrong": 0.1}
    gate = share | {"accuracy": 0.985, "errors": 3, "log_loss": 0.1, "log_loss_refitted": 0.09}
    return {
        "format": reader.FORMAT, "model_sha256": name,
        "doubt": {
            "guarantee": "Exchangeability is assumed.",
            "conformal": [share | {"level": 0.01, "size": 1.2, "size_interval_95": [1.1, 1.3], "single": 0.8,
                                   "largest": 4, "bound": 0.023, "kept": "within chance"}],
            "promises": [{"emotion": "confident", "of_all": share, "right": share, "errors": 3, "met": share,
                          "promise": "at least 99.9 % right", "kept": "no"}],
            "out_of_distribution": [{"kind": "test digits", "curious": share, "confident": share,
                           "novelty_quantiles": [0.1, 0.2, 0.3, 0.4, 0.5]}]},
        "gate": [gate | {"gate": "live", "only_live": 0, "only_this": 0, "p": None},
                 gate | {"gate": "mean", "errors": 9, "only_live": 8, "only_this": 2, "p": 0.109}],
        "robustness": {"n": 5, "sentence": "Correlation 0.9.",
                       "rows": [cell | {"corruption": "clean", "severity": 0},
                                cell | {"corruption": "thick_fog", "severity": 1}]}}


def page_text(page):
    return " ".join(element.proto.body for element in page.get("html"))


def test_rows_beside_the_arrays_fill_tables_and_the_section_on_robustness(model):
    model.gate_class_mean = np.linspace(0, 1, 60).reshape(10, 6)
    write_audit(model)
    write_json(model.model_dir / "images" / "audit.json", rows_of(model.sha256))
    page = show(model)
    assert "Robustness" in [s.value for s in page.subheader]
    text = page_text(page)
    assert (
        "at least 99.9 % right" in text
        and "at most 2.3 %" in text
        and "within chance" in text
        and "1.200 (1.100 to 1.300)" in text
    )
    assert any("Exchangeability" in caption.value for caption in page.caption)
    assert any("9 errors instead of 3, no difference beyond chance (p = 0.11)" in m.value for m in page.markdown)
    assert not any("rows are counted without" in caption.value for caption in page.caption)


def test_two_counts_of_errors_are_explained():
    assert inside.augmentation_note(52, 52) == ""
    note = inside.augmentation_note(56, 52)
    assert "without test-time augmentation; the live gate has 56 errors" in note and "52" in note
    shipped = show(MNISTDeployer())
    (headline,) = (metric.value for metric in shipped.metric if metric.label == "Errors")
    assert any(f"The headline has {headline}, with" in caption.value for caption in shipped.caption)
    assert any("without memory and reflection" in caption.value for caption in shipped.caption)


def test_rows_of_another_model_are_left_out(model):
    write_audit(model)
    write_json(model.model_dir / "images" / "audit.json", rows_of("f" * 64))
    page = show(model)
    assert "Robustness" not in [s.value for s in page.subheader] and "promise" not in page_text(page)


def test_rows_of_an_older_version_are_a_sentence_and_the_rest_is_shown(model):
    write_audit(model)
    write_json(model.model_dir / "images" / "audit.json", rows_of(model.sha256) | {"format": 1})
    page = show(model)
    assert "older version" in page.warning[0].value and "python -m analytics.audit" in page.warning[0].value
    assert "Doubt" in [s.value for s in page.subheader]


@pytest.mark.parametrize("part, broken", [
    ("robustness", {"n": 5}), ("robustness", "fog"), ("gate", [{}]), ("doubt", {"conformal": [{"n": "many"}]}),
])
def test_rows_that_do_not_fit_are_a_sentence_and_the_other_parts_are_shown(model, part, broken):
    model.gate_class_mean = np.linspace(0, 1, 60).reshape(10, 6)
    write_audit(model)
    write_json(model.model_dir / "images" / "audit.json", rows_of(model.sha256) | {part: broken})
    page = show(model)
    assert [w.value for w in page.warning if "This part cannot be shown" in w.value and "analytics.audit" in w.value]
    assert {"Learning", "Confusion", "The map", "Errors and hits"} <= {s.value for s in page.subheader}


def test_the_slider_says_what_a_limit_costs(model):
    write_audit(model)
    page = show(model)
    page.select_slider[0].set_value(0.95).run()
    assert any(m.value == "Answering only above 95 %: **100 %** answered, **98.50 %** of those right (3 errors)."
               for m in page.markdown)
    page.select_slider[0].set_value(0.98).run()
    assert any("**0 %** answered, **–** of those right (0 errors)" in m.value for m in page.markdown)


def test_the_last_digit_stands_on_the_map_of_the_chosen_layer(model):
    rng = np.random.default_rng(0)
    hidden = [rng.normal(size=(50, 6)), rng.normal(size=(50, 4))]
    layers = maps.arrays(hidden, ["hidden 1", "hidden 2"], 0, lambda items, label: items)
    write_audit(model, **layers, map_xy=layers["map_1_xy"])
    page = show(model)
    assert any("Draw a digit in the first tab" in caption.value for caption in page.caption)
    page.session_state["last_prediction"] = SimpleNamespace(hidden=[h[3] for h in hidden], digit=7, confidence=0.9)
    assert any("your last digit, read as a 7 (90.0 %)" in c.value for c in page.run().caption)
    page.session_state["last_prediction"] = SimpleNamespace(hidden=[np.ones(3)], digit=7, confidence=0.9)
    assert any("another network" in c.value for c in page.run().caption)


def test_a_closer_look_at_an_error_shows_why():
    deployer = MNISTDeployer()
    page = show(deployer)
    index = int(evidence.mistakes(*(reader.load_audit(reader.SHIPPED_IMAGES)[k] for k in ("probs", "y")))[0])
    closer = next(box for box in page.selectbox if box.label == "Look closer at")
    closer.set_value(index).run()
    assert not page.exception and not page.warning
    assert any(f"Test image {index}:" in caption.value for caption in page.caption)
    assert all(f'data-testid="{name}"' in page_text(page) for name in ("bars", "why-ink", "why-neighbours"))


def test_another_model_is_noticed(model):
    write_audit(model, model_sha256=np.array("f" * 64))
    assert "another model" in show(model).warning[0].value


def test_a_run_without_audit_says_how_and_shows_what_there_is(model):
    page = show(model)
    assert "python -m analytics.audit --model" in page.info[0].value
    assert [m.value for m in page.metric] == ["98.76 %", "124", "0.0400", "0.20 %", "0.970"]
    assert page.metric[0].delta == "98.52 % to 98.96 %"
    assert [s.value for s in page.subheader] == ["Learning", "Gate per digit", "Weights"]


def test_a_damaged_audit_is_a_sentence(model):
    (model.model_dir / "images").mkdir()
    (model.model_dir / "images" / "audit.npz").write_bytes(b"half a file")
    page = show(model)
    assert "cannot be read" in page.warning[0].value and "python -m analytics.audit" in page.warning[0].value
