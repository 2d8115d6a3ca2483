"""The walkthrough runs from its first cell to its last and arrives at what it promises."""

import json
from pathlib import Path

import pytest

from core.models import model
from core.storage import read_json

pytestmark = pytest.mark.slow
NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "walkthrough.ipynb"


@pytest.fixture(scope="module")
def cells():
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


@pytest.fixture(scope="module")
def results(cells):
    """The names that the notebook's code cells leave behind, run in order in one namespace."""
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is missing: pip install -r requirements-dev.txt")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    names, pictures = {"__name__": "walkthrough"}, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pyplot, "show", lambda: (pictures.append(pyplot.gcf()), pyplot.close("all")))
        with matplotlib.rc_context():
            for number, cell in enumerate(cells):
                if cell["cell_type"] == "code":
                    exec(compile("".join(cell["source"]), f"{NOTEBOOK.name}, cell {number}", "exec"), names)
    return names | {"pictures": pictures}


def test_it_draws(results):
    assert len(results["pictures"]) >= 9


def test_mathematics_hold(results):
    assert results["gate_is_neutral"]
    assert results["gradient_error"] < 1e-8
    assert abs(results["by_hand"]).max() > 1e-5  # not a comparison of zeros


def test_small_network_learns(results):
    assert results["student_accuracy"] > 0.95
    assert len(results["steps"]) == 5 * (20_000 // 64)
    assert sum(results["steps"][-50:]) < 0.2 * sum(results["steps"][:50])


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


def test_saliency_names_what_matters(results):
    assert results["after_named"] < results["after_random"] < results["untouched"] + 1e-6


def test_exports_agree(results):
    assert results["exported"].get("safetensors", True)
    assert results["exported"].get("onnx", 0) <= 1e-5


def test_is_stored_clean(cells):
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert len(code) > 10
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert len({cell["id"] for cell in cells}) == len(cells)
