"""The walkthrough runs from its first cell to its last and arrives at what it promises."""

import json
import re

import pytest

from analytics.showcase import notebook
from core.models import model
from core.storage import read_json

NOTEBOOK = notebook.NOTEBOOK
slow = pytest.mark.slow


@pytest.fixture(scope="module")
def cells():
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


@pytest.fixture(scope="module")
def results(cells):
    """The names that the notebook's code cells leave behind, run in order in one namespace."""
    pytest.importorskip("matplotlib", reason="matplotlib is missing: pip install -r requirements-dev.txt")
    names, outputs = notebook.run([cell for cell in cells if cell["cell_type"] == "code"])
    return names | {"outputs": outputs}


def pictures(outputs):
    return [output["data"]["image/png"] for output in outputs if "data" in output]


@slow
def test_it_draws(results, cells):
    drawn = [len(pictures(outputs)) for outputs in results["outputs"]]
    assert sum(drawn) >= 9
    assert drawn == [len(pictures(cell["outputs"])) for cell in cells if cell["cell_type"] == "code"], "as it is stored"


@slow
def test_mathematics_hold(results):
    assert results["gate_is_neutral"]
    assert results["gradient_error"] < 1e-8
    assert abs(results["by_hand"]).max() > 1e-5  # not a comparison of zeros


@slow
def test_small_network_learns(results):
    assert results["student_accuracy"] > 0.95
    assert len(results["steps"]) == 5 * (20_000 // 64)
    assert sum(results["steps"][-50:]) < 0.2 * sum(results["steps"][:50])


@slow
def test_shipped_model_is_as_stated(results):
    stated = read_json(model.FINAL_MODEL / "metrics.json")["test"]
    assert abs(results["errors"] - stated["errors"]) <= 1  # another machine may round a tie otherwise
    before, *_, after = results["calibration_error"].values()
    assert after == pytest.approx(stated["ece"], abs=1e-3)
    assert after < before
    assert results["risk_coverage_gain"] > 0
    assert results["curious_digits"] < 0.02
    novelty = dict(zip(results["strange"], results["strange_novelty"], strict=True))
    assert all(novelty[name] > 1 for name in ("noise", "stripes", "checks"))


@slow
def test_saliency_names_what_matters(results):
    assert results["after_named"] < results["after_random"] < results["untouched"] + 1e-6


@slow
def test_exports_agree(results):
    assert results["exported"].get("safetensors", True)
    assert results["exported"].get("onnx", 0) <= 1e-5


def test_it_is_stored_with_small_outputs_and_no_path_of_a_machine(cells):
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert len(code) > 10 and [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert len({cell["id"] for cell in cells}) == len(cells)
    assert sum(len(pictures(cell["outputs"])) for cell in code) >= 9
    printed = [line for cell in code for output in cell["outputs"] for line in output.get("text", [])]
    assert len(printed) > 15 and all(output["output_type"] in ("stream", "display_data")
                                     for cell in code for output in cell["outputs"])
    assert NOTEBOOK.stat().st_size < 500_000
    text = re.sub(r'"image/png": "[^"]*"', "", NOTEBOOK.read_text(encoding="utf-8"))
    assert not re.search(r"(?<![\w.])(/(home|Users|root|tmp|work|usr|opt|var)/|[A-Z]:\\\\)", text)


def test_what_is_stored_is_what_the_shipped_model_says(cells):
    """The figures in the stored outputs are those of the weights beside it."""
    stated = read_json(model.FINAL_MODEL / "metrics.json")["test"]
    printed = "".join(line for cell in cells for output in cell.get("outputs", []) for line in output.get("text", []))
    assert f"(stated: {stated['errors']})" in printed, "store it anew: python -m analytics.showcase.notebook"
