"""Exported models give the answers of the model they came from: ONNX to 1e-5, safetensors bit for bit."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from analytics.export import onnx as export_onnx
from analytics.export import safetensors as export_safetensors
from core.digits.config import Config
from core.digits.data import as_input, load_mnist
from core.digits.task import DigitTask, load_parts
from core.models import finish, model
from core.nn.losses import softmax
from core.nn.training import fit
from core.storage import ModelError, load_model, save_model
from core.uncertainty.calibration import fit_temperature
from deployment.pages.audit.stored import SHIPPED_IMAGES

RECIPE = Config(hidden=(24, 16), epochs=1, batch_size=32, lr=5e-3)
CONFIGS = {
    "gate": RECIPE,
    "no gate": RECIPE.replace(hidden=(24,), gate=False),
    "sigmoid, other range, dropout": RECIPE.replace(hidden=(20, 12), activation="sigmoid", init="xavier", dropout=0.3,
                                                input_dropout=0.2, input_range=(0.01, 1.0)),
}


@pytest.fixture(scope="module")
def small_model(tmp_path_factory):
    """A function from a name of CONFIGS to a model folder, trained for a moment on 1,500 images."""
    parts, folders = load_parts(RECIPE), {}
    parts = {name: part.part(np.arange(1500 if name == "train" else 300)) for name, part in parts.items()}

    def make(name, seed=0):
        if (name, seed) not in folders:
            config = CONFIGS[name].replace(seed=seed)
            task = DigitTask(config, parts["train"], parts["validation"])
            folders[name, seed] = tmp_path_factory.mktemp("model")
            finish.save(folders[name, seed], task.finished(), config, parts, fit(task, config))
        return folders[name, seed]

    return make


@pytest.fixture(scope="module")
def images():
    return load_mnist()["X_test"][:500]


@pytest.fixture(scope="module")
def few():
    """Too few calibration images to be good, and quick."""
    return {"calibration": load_parts(RECIPE)["calibration"].part(np.arange(300))}


@pytest.fixture(params=[*CONFIGS, "shipped"])
def folder(request, small_model):
    return model.FINAL_MODEL if request.param == "shipped" else small_model(request.param)


def need_onnx():
    pytest.importorskip("onnx", reason="onnx is not installed: pip install -r requirements-dev.txt")
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install -r requirements-dev.txt")


def need_safetensors():
    pytest.importorskip("safetensors", reason="safetensors is not installed: pip install -r requirements-dev.txt")


def test_onnx_answers_as_numpy_does(folder, images, few):
    need_onnx()
    saved = model.load(folder)
    fitted = export_onnx.fit_export_calibration(saved, few)
    data = export_onnx.onnx_model(saved, fitted).SerializeToString()
    # Confidence follows the logarithm of what a subspace leaves of an activation, a small difference of large numbers.
    # A layer of a dozen units leaves little, so rounding weighs more there than in the model that counts.
    tolerance = 1e-5 if folder == model.FINAL_MODEL else 1e-4
    assert export_onnx.largest_difference(saved, fitted, data, images, batch=200) <= tolerance
    runtime = export_onnx.session(data)
    assert runtime.get_modelmeta().custom_metadata_map["model_sha256"] == saved.sha256
    outputs = dict(zip((output.name for output in runtime.get_outputs()),
                       runtime.run(None, {"image": images[:7]}), strict=True))
    assert np.allclose(outputs["probabilities"].sum(axis=1), 1, atol=1e-5)
    assert ("gate" in outputs) == saved.network.has_gate
    if saved.network.has_gate:
        X = as_input(images[:7], saved.config.input_range)
        assert np.allclose(outputs["gate"], saved.network.read(X).gate, atol=1e-5)


def test_onnx_difference_would_be_noticed(small_model, images):
    need_onnx()
    saved, other = (model.load(small_model("gate", seed)) for seed in (0, 1))
    fitted = saved.readout.calibration
    data = export_onnx.onnx_model(other, fitted).SerializeToString()
    assert export_onnx.largest_difference(saved, fitted, data, images) > 0.01


def test_the_export_has_a_calibration_of_its_own(folder, few):
    """Fitted to what the network alone makes of the calibration images; the app's is for doubtful ones augmented."""
    saved = model.load(folder)
    fitted = export_onnx.fit_export_calibration(saved, few)
    X, y = as_input(few["calibration"].X, saved.config.input_range), few["calibration"].y
    assert fitted.temperature == pytest.approx(fit_temperature(saved.network.logits(X).astype(float), y), rel=1e-4)
    if folder == model.FINAL_MODEL:
        assert abs(fitted.temperature / saved.readout.calibration.temperature - 1) > 0.05


def test_the_shipped_export_is_calibrated():
    """Its calibration error on the test images, measured by `make audit`, is what chance alone would give."""
    found = json.loads((SHIPPED_IMAGES / "audit.json").read_text())
    assert found["model_sha256"] == model.load().sha256 and found["export"]["n"] == 10_000
    assert found["export"]["ece"] <= found["export"]["ece_if_calibrated"][1]


def test_onnx_command_and_demo(tmp_path, images, few, monkeypatch, capsys):
    """The demo reads a digit drawn dark on light, four times as large, with onnxruntime."""
    need_onnx()
    labels = load_mnist()["y_test"]
    picture = tmp_path / "digit.png"
    Image.fromarray(255 - images[0]).resize((112, 112), Image.Resampling.BICUBIC).save(picture)
    monkeypatch.setattr(export_onnx, "load_mnist", lambda: {"X_test": images[:50]})
    monkeypatch.setattr(export_onnx, "load_parts", lambda config: few)
    export_onnx.main(["--out", str(tmp_path / "qualm.onnx"), "--demo", str(picture)])
    first, second = capsys.readouterr().out.splitlines()
    assert float(first.rpartition(" ")[2]) <= 1e-5
    assert second.startswith(f"{picture}: {labels[0]} ")
    assert not list(tmp_path.glob("*.part"))
    with pytest.raises(SystemExit, match=r"nowhere.*config\.json is missing"):
        export_onnx.main(["--model", str(tmp_path / "nowhere")])


def test_safetensors_round_trip_is_bit_for_bit(folder, tmp_path, images):
    need_safetensors()
    from safetensors import safe_open

    out = tmp_path / "qualm.safetensors"
    export_safetensors.main(["--model", str(folder), "--out", str(out)])
    before, config = load_model(folder)
    after, config_after = export_safetensors.unpack(out.read_bytes())
    assert after.keys() == before.keys() and config_after == config
    for name, array in before.items():
        assert after[name].dtype == array.dtype and after[name].shape == array.shape
        assert after[name].tobytes() == array.tobytes(), name
    # a folder made from the file is the same model
    assert save_model(tmp_path / "again", after, config_after) == config["model_sha256"]
    X = as_input(images[:20], config["input_range"])
    assert np.array_equal(model.load(tmp_path / "again").probabilities(X), model.load(folder).probabilities(X))
    with safe_open(out, "np") as file:
        said = file.metadata()
    assert said["model_sha256"] == config["model_sha256"] and said["license"] == "MIT"
    assert "MNIST" in said["training_data"]
    assert ("training batch" in said["training_data"]) == bool(config["synthetic"] or config["negatives"])
    made = export_safetensors.metadata(config | {"synthetic": 0.14, "negatives": 0.08})["training_data"]
    assert "14 % are digits drawn" in made and "8 % are generated images that are not digits" in made
    assert float(said["temperature"]) == config["readout"]["temperature"]
    assert said["architecture"] == "-".join(map(str, [784, *config["hidden"], *["gate"] * config["gate"], 10]))


def test_safetensors_formula_is_enough(small_model, images):
    """The logits again from the file alone, by the formula in its metadata."""
    need_safetensors()
    from safetensors.numpy import load

    folder = small_model("gate")
    w, x = load(export_safetensors.pack(folder)), images[:9].reshape(9, 784) / 255
    for i in (1, 2):
        x = np.maximum(x @ w[f"hidden{i}_W"] + w[f"hidden{i}_b"], 0)
    x = x / (1 + np.exp(-(x @ w["gate_Wg"] + w["gate_bg"])))
    saved = model.load(folder)
    logits = saved.network.logits(as_input(images[:9]))
    assert np.allclose(x @ w["output_W"] + w["output_b"], logits, atol=1e-4)
    temperature = float(export_safetensors.metadata(saved.saved)["temperature"])
    assert np.allclose(softmax(logits / temperature).sum(axis=1), 1, atol=1e-5) and np.ptp(logits) > 1


def test_safetensors_damage_is_named(small_model, tmp_path):
    need_safetensors()
    from safetensors.numpy import save

    folder = shutil.copytree(small_model("gate"), tmp_path / "model")
    data = bytearray(export_safetensors.pack(folder))
    data[-1] ^= 1
    with pytest.raises(ModelError, match="was changed"):
        export_safetensors.unpack(bytes(data))
    for foreign in (b"", b"not a model at all", save({"a": np.zeros(2)}), bytes(data[:-5])):
        with pytest.raises(ModelError, match="export it again"):
            export_safetensors.unpack(foreign, "qualm.safetensors")
    arrays, config = load_model(folder)
    save_model(folder, arrays, {name: value for name, value in config.items() if name != "architecture"})
    with pytest.raises(SystemExit, match="architecture"):
        export_safetensors.main(["--model", str(folder), "--out", str(tmp_path / "x")])
    with pytest.raises(SystemExit, match="is missing"):
        export_safetensors.main(["--model", str(tmp_path / "nowhere"), "--out", str(tmp_path / "x")])
    assert not (tmp_path / "x").exists()
