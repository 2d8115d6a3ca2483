"""The audit's numbers against small cases worked by hand, and its files against the weights they belong to."""

import numpy as np
import pytest
from PIL import Image

from analytics.audit import __main__ as command
from analytics.audit import run, writers
from analytics.audit.arrays import headline
from analytics.audit.arrays import test_arrays as measured_on
from core.digits.config import Config
from core.digits.data import as_input, load_mnist, read_checked
from core.digits.task import load_parts
from core.metrics import confusion_matrix, wilson_interval
from deployment.deploy_mnist import SHIPPED, MNISTDeployer
from deployment.pages.audit import evidence
from deployment.pages.audit import stored as reader


class NearestMean:
    """A deployer as the audit needs it: each digit's mean image as weights, and some gate."""

    def __init__(self, X, y, name="a"):
        self.W = np.stack([X[y == digit].mean(0).ravel() for digit in range(10)], axis=1)
        self.sha256 = name * 64
        self.history = {"epoch": [1, 2], "loss": [0.5, 0.25], "val_accuracy": [0.8, 0.9], "val_loss": [0.6, 0.4]}
        self.gate_class_mean = np.linspace(0, 1, 120).reshape(10, 12)
        self.metrics = {"val_accuracy": 0.9}

    def weights(self):
        return {"output.W": self.W}

    def predict_arrays(self, X):
        logits = 0.3 * (X.reshape(len(X), -1) @ self.W - (self.W**2).sum(0) / 2)
        powers = np.exp(logits - logits.max(1, keepdims=True))
        return powers / powers.sum(1, keepdims=True)

    def hidden_activations(self, X):
        return [X.reshape(len(X), -1) @ self.W]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """t-SNE's threads wait by spinning: on a busy machine they would make these small maps last half a minute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")  # read once, when scikit-learn is first imported
        import sklearn.decomposition  # noqa: F401
        yield


@pytest.fixture(scope="module")
def data():
    X = read_checked("t10k-images-idx3-ubyte")[:1200].astype(np.float32) / 255
    return X, read_checked("t10k-labels-idx1-ubyte")[:1200]


@pytest.fixture(scope="module")
def deployer(data):
    return NearestMean(*data)


@pytest.fixture(scope="module")
def arrays(deployer, data):
    measured = measured_on(deployer, *data, map_images=150, resamples=60)
    return evidence.model_arrays(deployer) | measured


def test_figures_agree_with_the_deployer(arrays, deployer, data):
    X, y = data
    right = deployer.predict_arrays(X).argmax(1) == y
    accuracy, low, high = arrays["headline_accuracy"]
    assert accuracy == right.mean() and low < accuracy < high
    errors, fewest, most = arrays["headline_errors"]
    assert errors == (~right).sum() and fewest < errors < most
    matrix = confusion_matrix(arrays["y"], arrays["probs"].argmax(1))
    assert matrix.sum() == len(y) and np.trace(matrix) == right.sum()
    assert len(evidence.mistakes(arrays["probs"], y)) == errors
    for name in reader.HEADLINE:
        value, low, high = arrays[f"headline_{name}"]
        assert low <= value <= high


def test_headline_by_hand():
    probs = np.tile([0.1 / 9] * 10, (4, 1))
    probs[np.arange(4), [0, 1, 2, 3]] = 0.9
    figures = headline(probs, np.array([0, 1, 2, 9]), resamples=20, rng=np.random.default_rng(0))
    assert figures["errors"][0] == 1 and figures["accuracy"][0] == 0.75
    assert figures["log_loss"][0] == pytest.approx(-(3 * np.log(0.9) + np.log(0.1 / 9)) / 4)
    assert figures["auroc"][0] == 0.5  # all equally sure
    rest = 0.1 / 9
    right, wrong = 0.1**2 + 9 * rest**2, 0.9**2 + (1 - rest) ** 2 + 8 * rest**2
    assert figures["brier"][0] == pytest.approx((3 * right + wrong) / 4)
    assert figures["aurc"][0] == pytest.approx((0 + 0 + 0 + 1 / 4) / 4)  # the fourth in order is the wrong one


def test_without_errors_auroc_is_undefined_and_says_so():
    probs = np.eye(10)
    figures = headline(probs, np.arange(10), resamples=5, rng=np.random.default_rng(0))
    assert np.isnan(figures["auroc"]).all() and figures["errors"][0] == 0


def test_histograms_count_every_weight(arrays, deployer):
    assert arrays["weight_counts"].sum() == deployer.W.size
    assert arrays["weight_edges"][0, -1] == pytest.approx(np.abs(deployer.W).max())
    assert evidence.history(arrays)["loss"].tolist() == [0.5, 0.25]


def test_saved_files_carry_the_hash_and_a_failure_keeps_the_old_ones(arrays, data, deployer, tmp_path, monkeypatch):
    run.save(arrays, data[0], tmp_path)
    names = {"learning", "confusion", "map", "hits", "errors", "weights"}
    assert {p.name for p in tmp_path.iterdir()} == {f"{name}.png" for name in names} | {"audit.npz"}
    for picture in tmp_path.glob("*.png"):
        with Image.open(picture) as image:
            assert reader.made_for(arrays) in image.text["Description"]
    loaded = reader.load_audit(tmp_path)
    assert loaded.keys() == arrays.keys() and all(np.array_equal(loaded[k], arrays[k]) for k in arrays)
    assert reader.made_for(loaded) == deployer.sha256 != NearestMean(*data, name="b").sha256

    def full_disk(*_):
        raise OSError("no space left")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(OSError, match="no space"):
        run.save(arrays, data[0], tmp_path)
    assert reader.load_audit(tmp_path).keys() == arrays.keys()


def test_a_folder_without_a_model_ends_in_one_sentence(tmp_path):
    with pytest.raises(SystemExit, match=r"^audit: .+"):
        command.main(["--model", str(tmp_path)])


def test_the_whole_audit_of_a_model_agrees_with_itself(tmp_path, monkeypatch):
    everything = load_mnist()
    few = {name: part[:1000] if name.endswith("test") else part for name, part in everything.items()}
    parts = load_parts(Config())
    short = {name: parts[name].part(np.arange(300)) for name in ("validation", "calibration")}
    monkeypatch.setattr(run, "load_mnist", lambda: few)
    monkeypatch.setattr(run, "load_parts", lambda config: short)
    arrays, document = run.audit(SHIPPED, tmp_path, map_images=100, resamples=4, corrupted=0, others=10)
    deployer = MNISTDeployer()
    errors = int((deployer.predict_arrays(few["X_test"]).argmax(1) != few["y_test"]).sum())
    once = int((deployer.model.unaugmented_probabilities(as_input(few["X_test"])).argmax(1) != few["y_test"]).sum())
    assert reader.load_audit(tmp_path)["map_xy"].shape == (100, 2) and (tmp_path / "errors.png").exists()
    assert reader.load_document(tmp_path, reader.made_for(arrays)) == document
    assert document["headline"]["errors"]["value"] == errors
    assert document["gate"][0]["errors"] == once, "gates are compared at the first look"
    assert document["doubt"]["selective"][0]["errors"] == errors and document["robustness"] is None
    assert sum(row["of_all"]["hits"] for row in document["doubt"]["promises"]) == document["n"] == 1000
    assert {row["kind"] for row in document["doubt"]["out_of_distribution"]} > {"test digits", "noise", "scribbles"}
    assert reader.load_document(tmp_path, "f" * 64) == {}
    text = run.report_text(arrays, document)
    assert "their writers are unknown here" in text and f"makes {document['export']['errors']} errors" in text
    assert document["export"]["errors"] == once and document["design_effect"]["n"] == 600


def test_the_design_effect_is_known_where_images_of_a_writer_are_alike_or_not():
    """Copies of one value a writer say as much as one; independent values as much as they are; by hand, 1 + (m - 1)
    rho of a writer's m images with the correlation rho."""
    rng = np.random.default_rng(0)
    names = np.repeat(np.arange(400), 25)
    assert writers.design_effect(np.repeat(rng.standard_normal(400), 25), names) == pytest.approx(25, rel=0.01)
    assert writers.design_effect(rng.standard_normal(10_000), names) == pytest.approx(1, abs=0.2)
    shared = np.sqrt(0.2) * np.repeat(rng.standard_normal(400), 25) + np.sqrt(0.8) * rng.standard_normal(10_000)
    expected = 1 + 24 * 0.2
    assert writers.design_effect(shared, names) == pytest.approx(expected, rel=0.15)
    low, high = writers.design_interval(shared, names)
    assert low < expected < high < 2 * low


def test_the_design_effect_widens_an_interval():
    figures = np.array([0.995, 0.993, 0.9963])
    low, high = writers.widened("accuracy", figures, 10_000, 4.0)
    assert (low, high) == pytest.approx(wilson_interval(2487.5, 2500))
    assert writers.widened("accuracy", figures, 10_000, 0.5) == pytest.approx(wilson_interval(9950, 10_000))
    assert writers.widened("brier", np.array([2.0, 1.0, 4.0]), 10_000, 4.0) == pytest.approx((0, 6))


def test_shipped_audit_belongs_to_shipped_weights():
    deployer = MNISTDeployer()
    saved = reader.load_audit(reader.SHIPPED_IMAGES)
    assert saved is not None and reader.made_for(saved) == deployer.sha256, "remake it: make audit"
    X, y = read_checked("t10k-images-idx3-ubyte")[:500], read_checked("t10k-labels-idx1-ubyte")
    assert np.array_equal(saved["y"], y)
    stated = deployer.metrics["test"]
    assert saved["headline_accuracy"][0] == pytest.approx(stated["accuracy"], abs=1.5e-4)  # other BLAS, other ties
    assert saved["headline_log_loss"][0] == pytest.approx(stated["log_loss"], abs=1e-4)
    assert saved["headline_ece"][0] == pytest.approx(stated["ece"], abs=1e-3)
    probs = deployer.predict_arrays(X.astype(np.float32) / 255)
    np.testing.assert_allclose(saved["probs"][:500], probs, atol=1e-4)
    assert reader.load_document(reader.SHIPPED_IMAGES, deployer.sha256)["n"] == 10_000
    size = sum((reader.SHIPPED_IMAGES / f"audit.{kind}").stat().st_size for kind in ("npz", "json"))
    assert size < 3e6
    for name in run.draw(saved, np.zeros((10_000, 28, 28))):
        picture = reader.SHIPPED_IMAGES / f"{name}.png"
        with Image.open(picture) as image:
            assert deployer.sha256 in image.text.get("Description", ""), picture.name
