"""A folder for a model hub: its card states the audit's figures, and what is in it works from the folder alone."""

import ast
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import yaml
from blocks import blocks
from PIL import Image

from analytics.export import __main__ as export
from analytics.export import hub
from analytics.export.hub import card, example
from core.digits.config import Config
from core.digits.data import load_mnist
from core.digits.task import load_parts
from core.metrics import wilson_interval
from core.models import model
from core.storage import read_json
from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.audit.stored import SHIPPED_IMAGES

for needed in ("onnx", "onnxruntime", "safetensors"):
    pytest.importorskip(needed, reason=f"{needed} is not installed: pip install -r requirements-dev.txt")


@pytest.fixture(scope="module")
def audit():
    return json.loads((SHIPPED_IMAGES / "audit.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The shipped model's folder; its calibration is fitted to few images, to be quick."""
    made = tmp_path_factory.mktemp("hub") / "model"
    few = {"calibration": load_parts(Config())["calibration"].part(np.arange(300))}
    hub.write_folder(made, hub.hub_files(model.FINAL_MODEL, few))
    return made


def run(folder, *arguments):
    """Python in the folder, which hides the project: isolated from PYTHONPATH and the working directory."""
    return subprocess.run([sys.executable, "-I", *arguments], cwd=folder, capture_output=True, text=True)


def test_the_card_is_one_of_a_model_hub(folder, audit):
    _, head, body = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    facts, export = yaml.safe_load(head), audit["export"]
    assert (facts["license"], facts["pipeline_tag"], facts["datasets"]) == ("mit", "image-classification",
                                                                         ["ylecun/mnist"])
    assert {"onnx", "safetensors"} < set(facts["tags"])
    (result,) = facts["model-index"][0]["results"]
    values = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert values == {"accuracy": 1 - export["errors"] / export["n"], "log_loss": round(export["log_loss"], 6),
                      "ece": round(export["ece"], 6)}
    low, high = wilson_interval(export["n"] - export["errors"], export["n"])
    assert f"{100 * low:.2f} to {100 * high:.2f} %" in body
    assert f"| {audit['headline']['errors']['value']:.0f} |" in body and "with test figures in view" in body
    for part in ("Intended use", "Limits", "Measured", "Training data", "Licence"):
        assert f"\n## {part}\n" in body
    huggingface_hub = pytest.importorskip("huggingface_hub")
    loaded = huggingface_hub.ModelCard.load(folder / "README.md")
    assert loaded.data.eval_results[0].metric_value == values["accuracy"]


@pytest.fixture(scope="module")
def config():
    return read_json(model.FINAL_MODEL / "config.json")


def test_its_files_are_of_the_model(folder, config):
    assert {path.name for path in folder.iterdir()} == {
        "README.md", "config.json", "model.onnx", "model.safetensors", "digits.npy", "LICENSE", "example.py",
        "requirements.txt"}
    written = json.loads((folder / "config.json").read_text())
    assert written["model_sha256"] == config["model_sha256"] and written["id2label"]["9"] == "9"
    assert np.array_equal(np.load(folder / "digits.npy"), load_mnist()["X_test"][:10])


def test_the_example_imports_nothing_of_the_project_and_what_the_requirements_name(folder):
    tree = ast.parse((folder / "example.py").read_text())
    imported = {name.split(".")[0] for node in ast.walk(tree) for name in (
        [alias.name for alias in node.names] if isinstance(node, ast.Import) else
        [node.module] if isinstance(node, ast.ImportFrom) else [])}
    required = set(re.findall(r"^[\w-]+", (folder / "requirements.txt").read_text(), re.MULTILINE))
    assert imported - set(sys.stdlib_module_names) == {"numpy", "onnxruntime"} == required - {"safetensors"}


def test_the_example_answers_as_the_deployer_does(folder, tmp_path):
    """Framed digits, and larger ones, dark on light, off the middle."""
    images = load_mnist()["X_test"][:12]
    pages = np.full((len(images), 120, 150), 230, np.uint8)
    for page, image in zip(pages, images, strict=True):
        page[10:94, 40:124] -= np.asarray(Image.fromarray(image).resize((84, 84))) // 5 * 4
    np.save(tmp_path / "pages.npy", pages)
    deployer = MNISTDeployer()
    for arguments, expected in ((), deployer.predict_arrays(images[:10])), (
            (str(tmp_path / "pages.npy"),), np.stack([deployer.predict(page).probabilities for page in pages])):
        lines = run(folder, "example.py", *arguments).stdout.splitlines()
        said = [re.fullmatch(r"picture \d+: (\d), probability (0\.\d+|1\.0000)", line).groups() for line in lines]
        assert [int(digit) for digit, _ in said] == expected.argmax(axis=1).tolist()
        assert np.median(np.abs([float(p) for _, p in said] - expected.max(axis=1))) < 0.01


def test_the_code_of_the_card_reads_the_digits(folder):
    (code,) = blocks((folder / "README.md").read_text(encoding="utf-8"), "python")
    done = run(folder, "-c", code)
    assert done.stdout.split() == ["[7", "2", "1", "0", "4", "1", "4", "9", "5", "9]"], done.stderr


def test_the_code_of_the_card_follows_the_network(config):
    changes = {"hidden": [5], "gate": False, "activation": "sigmoid", "input_range": [0.01, 1.0]}
    other = card.numpy_code(config | changes)
    assert "gate" not in other and "('hidden1',)" in other and "np.exp(-(x @ w[f" in other and "0.01 + 0.99 *" in other


@pytest.mark.parametrize("size", [(30, 90), (90, 30), (200, 200)])
def test_a_picture_is_framed_as_mnist_does(size):
    picture = np.full(size, 250, np.uint8)
    picture[8:-9, 12:-6] = 40
    image = example.framed(picture)
    rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
    assert image.shape == (28, 28) and max(len(rows), len(columns)) == 20 and image.max() == 255
    assert abs(rows.mean() - 13.5) <= 0.5 and abs(columns.mean() - 13.5) <= 0.5


@pytest.mark.parametrize(("content", "words"), [
    (np.full((40, 40), 200, np.uint8), "has no ink"), (np.zeros((2, 40, 40)), "of type uint8"),
    (np.zeros((0, 28, 28), np.uint8), "has no pictures"), (None, "cannot be read")])
def test_the_example_refuses_in_a_sentence(tmp_path, monkeypatch, content, words):
    if content is not None:
        np.save(tmp_path / "x.npy", content)
    monkeypatch.setattr(sys, "argv", ["example.py", str(tmp_path / "x.npy")])
    with pytest.raises(SystemExit, match=words):
        example.main()


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(export, "hub_files", lambda folder: {"README.md": b"card"})
    (tmp_path / "new").mkdir()  # empty
    export.main(["--hub", str(tmp_path / "new")])
    assert (tmp_path / "new" / "README.md").read_bytes() == b"card" and "1 files" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="new is not empty; name a new folder"):
        export.main(["--hub", str(tmp_path / "new")])
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match="is not empty"):
        export.main(["--hub", str(tmp_path / "file")])


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    with pytest.raises(TypeError):
        hub.write_folder(tmp_path / "hub", {"a": b"1", "b": None})
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_an_audit_is_refused(tmp_path):
    copy = shutil.copytree(model.FINAL_MODEL, tmp_path / "model", ignore=shutil.ignore_patterns("liminal", "pairs"))
    with pytest.raises(SystemExit, match=r"no complete audit .* python -m analytics\.audit --model"):
        export.main(["--hub", str(tmp_path / "hub"), "--model", str(copy)])
    assert not (tmp_path / "hub").exists()
