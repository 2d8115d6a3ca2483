"""The panel "Why": explanations add up, are drawn, and are shown at the right time."""

import re
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from app import EXAMPLES, draw, page, start
from PIL import Image, ImageDraw

from core.digits.data import load_mnist
from core.explain import neighbours
from deployment import deploy_mnist
from deployment.deploy_mnist import MNISTDeployer
from deployment.ui import reasons as html


@pytest.fixture(scope="module")
def deployer():
    return MNISTDeployer()


@pytest.fixture(scope="module")
def seen(deployer):
    return deployer.predict(EXAMPLES / "four_or_nine.png")


def test_ink_of_both_digits_adds_up_to_the_lead(deployer, seen):
    values = deployer.explain(seen.image, seen.digit, seen.runner_up)
    logits = deployer.network.logits(deployer._input(np.stack([seen.image, np.zeros((28, 28))])))
    lead = logits[:, seen.digit] - logits[:, seen.runner_up]
    assert values.sum() == pytest.approx(lead[0] - lead[1], abs=0.5)
    shown = html.ink(seen.image, values, seen.digit, seen.runner_up, "integrated_gradients")
    nats = [float(x) for x in re.findall(r"together ([\d.]+) nats</fig", shown)]
    assert nats[0] - nats[1] == pytest.approx(values.sum(), abs=0.11)


@pytest.mark.parametrize("method", html.METHODS)
def test_every_method_has_a_picture_and_a_line(deployer, seen, method):
    values = deployer.explain(seen.image, seen.digit, seen.runner_up, method)
    assert values.shape == (28, 28) and np.isfinite(values).all() and values.any()
    shown = html.ink(seen.image, values, seen.digit, seen.runner_up, method)
    assert shown.count("<img") == shown.count('alt="') == 2 and html.METHODS[method][1] in shown


def test_colours_lie_over_the_ink():
    image, values = np.zeros((28, 28)), np.zeros((28, 28))
    image[5, 5] = image[6, 6] = image[7, 7] = 1
    values[6, 6], values[7, 7] = 1, -1
    pixels = html.over_ink(image, values)
    assert np.ptp(pixels[5, 5]) == 0 and pixels[5, 5, 0] < pixels[0, 0, 0]
    assert pixels[6, 6].tolist() == [0xE6, 0x9F, 0x00] and pixels[7, 7].tolist() == [0x00, 0x72, 0xB2]


def test_the_changed_picture_is_read_as_the_other_digit(deployer, seen):
    after, change = deployer.smallest_change(seen.image, seen.runner_up)
    once = deployer.model.unaugmented_probabilities(deployer._input(after[None]))[0]
    assert change.succeeded and once.argmax() == seen.runner_up
    assert np.abs(after - seen.image).sum() == pytest.approx(change.ink, rel=1e-3)
    shown = html.change(seen.image, after, change)
    assert f"would make it a {seen.runner_up}" in shown and shown.count("<img") == 3
    assert "No small change makes it" in html.change(seen.image, after, change._replace(succeeded=False))


def test_the_shipped_index_knows_training_digits_again(deployer):
    """The index belongs to the shipped model: the nearest neighbour of an image in it is the image itself."""
    images = load_mnist()["X_train"]
    for place in (0, 1234, 5999):
        number, label = int(deployer.bank.indices[place]), int(deployer.bank.labels[place])
        reading = SimpleNamespace(hidden=[h[0] for h in deployer.hidden_activations(images[number][None])])
        indices, similarity, labels = deployer.neighbours(reading)
        assert indices[0] == number and similarity[0] > 0.999 and labels[0] == label
        assert (np.diff(similarity) <= 0).all()
        assert set(deployer.neighbours(reading, 3, digit=(label + 1) % 10)[2]) == {(label + 1) % 10}


def test_a_model_without_an_index_says_how_to_make_it(deployer, tmp_path, monkeypatch):
    shipped = [file for file in deployer.model_dir.glob("*.*") if file.name != neighbours.FILE]
    for file in shipped:
        shutil.copy(file, tmp_path)
    monkeypatch.setattr(deploy_mnist, "available_models", lambda: {"without": tmp_path})
    at = start()
    (block,) = re.findall(r'data-testid="why-neighbours">.*?</section>', page(at))
    assert f"core/train.py --refit {tmp_path.name}" in block and str(tmp_path) not in block and "<img" not in block
    assert 'data-testid="why-change"' in page(at), "the rest is there"
    shutil.copy(deployer.model_dir / neighbours.FILE, tmp_path)
    at.button(key="example_paper").click().run()
    assert "--refit" not in page(at), "an index made meanwhile is noticed"


def test_layers_are_named_and_the_last_is_gated(deployer, seen):
    means = deployer.layer_means()
    known = deployer.layers(seen.image, means)
    assert len(known) == len(deployer.config.hidden) + deployer.network.has_gate
    shown = html.layers([*known[:-1], known[-1] | {"gated": True}])
    assert re.findall(r'scope="row">([^<]*)<', shown)[-1] == "After the gate"
    assert re.findall(r"<td><b>(\d)</b>", shown) == [str(layer["digit"]) for layer in known]


def test_the_first_tab_explains_and_remembers_the_toggle():
    at = start()
    for part in ("ink", "change", "neighbours", "layers"):
        assert f'data-testid="why-{part}"' in page(at)
    assert at.session_state["last_prediction"].digit == 7
    at.segmented_control(key="why_method").set_value("occlusion").run()
    assert "Needed for the 7" in page(at)
    at.toggle(key="explain").set_value(False).run()
    at.button(key="example_two").click().run()
    assert 'data-testid="why"' not in page(at) and at.session_state["last_prediction"].digit == 2
    at.toggle(key="explain").set_value(True).run()
    assert "Needed for the 2" in page(at), "and the method is remembered too"


def test_reasons_for_a_drawing_wait_until_the_pen_rests():
    image = Image.new("L", (280, 280))
    ImageDraw.Draw(image).line([(100, 60), (90, 140), (190, 140), (190, 60), (190, 230)], fill="white", width=20)
    at = draw(start(), image)
    assert 'class="q-stale"' in page(at) and '<div class="q-why" data-testid="why" data-digit="7"' in page(at)
    assert at.session_state["last_prediction"].digit == 4


@pytest.mark.parametrize("name", ["seven", "four_or_nine"])
def test_the_live_gate_answers_as_the_prediction_does(deployer, name):
    """For a confident digit, and for a doubtful one, which is read with test-time augmentation under each gate."""
    prediction = deployer.predict(EXAMPLES / f"{name}.png")
    answers = deployer.gate_comparison(prediction.image)
    assert list(answers) == ["live", "mean", "open", "shuffled"]
    assert np.allclose(answers["live"], prediction.probabilities, atol=1e-5)
    assert all(abs(probs.sum() - 1) < 1e-4 for probs in answers.values())
