"""The app without a browser: what each tab says to each kind of input."""

import re
import shutil

import pytest
from app import APP, EXAMPLES, answer, draw, page, start
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from deployment import deploy_mnist
from deployment.deploy_mnist import SHIPPED, MNISTDeployer


def drawn_seven() -> Image.Image:
    """A 7 as it stands on the canvas."""
    image = Image.new("L", (280, 280))
    ImageDraw.Draw(image).line([(80, 70), (200, 70), (130, 220)], fill="white", width=20, joint="curve")
    return image


def test_first_visit_reads_an_example():
    at = start()
    assert [tab.label for tab in at.tabs] == ["Draw or upload", "Scientific audit", "Feelings in text", "Lab"]
    assert answer(at)["digit"] == "7" and answer(at)["name"] == "a clear 7"
    for part in ("seen", "bars", "gate", "comparison"):
        assert f'data-testid="{part}"' in page(at)
    assert re.findall(r'data-gate="(\w+)"', page(at)) == ["live", "mean", "open", "shuffled"]


@pytest.mark.parametrize("name, digit", [("seven", "7"), ("two", "2"), ("paper", "3")])
def test_examples_can_be_chosen(name, digit):
    at = start()
    at.button(key=f"example_{name}").click().run()
    assert answer(at)["digit"] == digit


def test_the_address_names_the_example():
    at = start()
    at.button(key="example_two").click().run()
    assert at.query_params["example"] in ("two", ["two"])
    again = AppTest.from_file(str(APP), default_timeout=60)
    again.query_params["example"] = "paper"
    assert answer(again.run())["digit"] == "3"
    again = AppTest.from_file(str(APP), default_timeout=60)
    again.query_params["example"] = "nothing/../known"
    assert answer(again.run())["digit"] == "7"


def test_the_address_names_the_tab():
    at = AppTest.from_file(str(APP), default_timeout=60)
    at.query_params["tab"] = "Feelings in text"
    assert at.run().session_state["tab"] == "Feelings in text"
    del at.query_params["tab"]  # as the browser's Back does
    assert at.run().session_state["tab"] == "Draw or upload" and not at.exception
    at.query_params["tab"] = "nothing known"
    assert at.run().session_state["tab"] == "Draw or upload" and not at.exception


@pytest.mark.parametrize("name", ["four_or_nine", "letter", "scribble"])
def test_doubtful_examples_show_doubt(name):
    at = start()
    at.button(key=f"example_{name}").click().run()
    assert answer(at)["emotion"] != "confident"


def test_an_uploaded_picture_is_read():
    at = start()
    at.file_uploader(key="files").set_value([("mine.png", (EXAMPLES / "two.png").read_bytes(), "image/png")]).run()
    assert answer(at)["digit"] == "2" and answer(at)["name"] == "mine.png"


def test_a_broken_file_gives_one_sentence_and_loses_nothing():
    at = start()
    at.file_uploader(key="files").set_value([("bad.png", b"not a picture", "image/png")]).run()
    assert "bad.png" in re.search(r'data-testid="notice">([^<]*)<', page(at))[1]
    assert 'data-testid="answer"' not in page(at)
    at.button(key="example_two").click().run()
    assert answer(at)["digit"] == "2"


def test_file_names_are_shown_as_text_not_as_markup():
    at = start()
    name = "<img src=x onerror=alert(1)>.png"
    at.file_uploader(key="files").set_value([(name, (EXAMPLES / "two.png").read_bytes(), "image/png")]).run()
    assert "<img src=x" not in page(at) and "&lt;img src=x" in page(at)


def test_many_files_become_a_contact_sheet():
    at = start()
    names = ["seven.png", "two.png", "scribble.png"]
    files = [(name, (EXAMPLES / name).read_bytes(), "image/png") for name in names]
    at.file_uploader(key="files").set_value([*files, ("bad.png", b"no", "image/png")]).run()
    table = at.dataframe[0].value
    assert list(table["File"]) == names
    assert list(table["Answer"])[:2] == ["7", "2"]
    assert "bad.png" in page(at)
    assert answer(at)["name"] == "scribble.png", "the least sure one is shown in full"
    assert at.get("download_button")


def test_a_drawing_is_read_and_an_empty_canvas_is_no_error():
    at = draw(start(), drawn_seven(), strokes=1)
    assert answer(at) == answer(at) | {"digit": "7", "name": "your drawing", "strokes": "1"}
    draw(at, Image.new("L", (280, 280)), strokes=0)
    assert "The canvas is empty" in page(at)


@pytest.fixture
def two_models(tmp_path, monkeypatch):
    """A second model beside the shipped one."""
    other = tmp_path / "other"
    shutil.copytree(SHIPPED, other)
    monkeypatch.setattr(deploy_mnist, "available_models", lambda: {"shipped model": SHIPPED, "run other": other})
    return other


def test_the_model_can_be_switched(two_models):
    at = start()
    at.selectbox(key="model").select("run other").run()
    at.button(key="about").click().run()
    assert answer(at)["digit"] == "7"
    assert "in other/" in str(at.table[0].value)


def test_a_model_without_a_gate_says_so(monkeypatch):
    monkeypatch.setattr(MNISTDeployer, "gate_comparison", lambda self, image: None)
    assert "This model has no gate" in page(start())


def test_a_model_that_cannot_be_loaded_gives_one_sentence(two_models):
    (two_models / "config.json").unlink()
    at = start()
    at.selectbox(key="model").select("run other").run()
    assert "cannot be loaded" in page(at) and "core/train.py" in page(at)
    at.selectbox(key="model").select("shipped model").run()
    assert answer(at)["digit"] == "7"


def test_the_audit_tab_opens():
    at = start()
    at.session_state["tab"] = "Scientific audit"
    at.run()
    assert answer(at)["digit"] == "7", "the drawing tab stays mounted, so that a drawing survives"
    assert at.tabs[1].subheader
