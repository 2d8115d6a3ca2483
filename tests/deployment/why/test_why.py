"""Reasons, moods and a person's own pictures, as far as they go without a browser."""

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from deployment.preprocess.picture import InputError
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from core.digits.config import Config
from core.digits.data import load_mnist, load_split
from core.digits.task import Images
from core.explain import neighbours as bank
from core.explain.neighbours import Bank
from core.models import model
from core.nn.network import build_network
from core.storage import ModelError
from core.uncertainty.mood import mood
from deployment import deploy_mnist
from deployment.deploy_mnist import MNISTDeployer
from deployment.draw import html as pictures
from deployment.upload import batch
from deployment.upload import html as batch_pictures
from deployment.why import html as why_pictures

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "deployment" / "assets" / "examples"


@pytest.fixture(scope="module")
def deployer():
    return MNISTDeployer()


@pytest.fixture(scope="module")
def seen(deployer):
    return deployer.predict(EXAMPLES / "four_or_nine.png")


def page(at: AppTest) -> str:
    assert not at.exception
    return "".join(element.proto.body for element in at.get("html"))


def start() -> AppTest:
    return AppTest.from_file(str(ROOT / "deployment" / "app.py"), default_timeout=60).run()


# The mood


def test_mood_at_its_ends_and_between():
    assert mood(np.full(10, 0.1)) == pytest.approx((-1, 1, -1))
    assert mood(np.eye(10)[3]) == pytest.approx((1, -1, 1))
    tie = np.eye(10)[3] / 2 + np.eye(10)[8] / 2
    assert mood(tie) == pytest.approx((2 * 0.4 / 0.9 - 1, 2 * np.log(2) / np.log(10) - 1, -1))


def test_moods_of_many_are_those_of_each():
    probs = np.random.default_rng(0).dirichlet(np.full(10, 0.3), 50)
    together = np.column_stack(mood(probs))
    assert np.allclose(together, [mood(row) for row in probs]) and np.abs(together).max() <= 1
    surer = 0.5 * probs + 0.5 * np.eye(10)[probs.argmax(1)]
    pleasure, _, dominance = np.subtract(mood(surer), mood(probs))
    assert (pleasure > 0).all() and (dominance > 0).all()


@pytest.mark.parametrize("probs", [np.zeros(10), np.full(10, np.nan), [1.0], [1.5, -0.5], 0.5])
def test_what_is_no_distribution_has_no_mood(probs):
    with pytest.raises(ValueError, match="probs"):
        mood(probs)


def test_mood_in_words():
    assert "Mood: pleased, calm, in control" in pictures.in_what_mood(np.eye(10)[3])
    assert "Mood: uneasy, stirred, torn" in pictures.in_what_mood(np.full(10, 0.1))


# The answer card


def test_conformal_set_as_a_sentence(seen):
    said = pictures.could_be(replace(seen, could_be={0.01: [4, 8, 9]}))
    assert "It can be a 4, an 8 or a 9; the right digit is left out at most 1 time in 100." in said
    assert "writers" in said
    assert pictures.could_be(replace(seen, could_be={0.01: [4]})) == ""
    assert pictures.could_be(replace(seen, could_be={0.01: []})) == ""


# Why


def test_ink_of_both_digits_adds_up_to_the_lead(deployer, seen):
    values = deployer.explain(seen.image, seen.digit, seen.runner_up)
    logits = deployer.network.logits(deployer._input(np.stack([seen.image, np.zeros((28, 28))])))
    lead = logits[:, seen.digit] - logits[:, seen.runner_up]
    assert values.sum() == pytest.approx(lead[0] - lead[1], abs=0.5)
    shown = why_pictures.ink(seen.image, values, seen.digit, seen.runner_up, "integrated_gradients")
    nats = [float(x) for x in re.findall(r"together ([\d.]+) nats</fig", shown)]
    assert nats[0] - nats[1] == pytest.approx(values.sum(), abs=0.11)


@pytest.mark.parametrize("method", why_pictures.METHODS)
def test_every_method_has_a_picture_and_a_line(deployer, seen, method):
    values = deployer.explain(seen.image, seen.digit, seen.runner_up, method)
    assert values.shape == (28, 28) and np.isfinite(values).all() and values.any()
    shown = why_pictures.ink(seen.image, values, seen.digit, seen.runner_up, method)
    assert shown.count("<img") == shown.count('alt="') == 2 and why_pictures.METHODS[method][1] in shown


def test_colours_lie_over_the_ink():
    image, values = np.zeros((28, 28)), np.zeros((28, 28))
    image[5, 5] = image[6, 6] = image[7, 7] = 1
    values[6, 6], values[7, 7] = 1, -1
    pixels = why_pictures.over_ink(image, values)
    assert np.ptp(pixels[5, 5]) == 0 and pixels[5, 5, 0] < pixels[0, 0, 0]
    assert pixels[6, 6].tolist() == [0xE6, 0x9F, 0x00] and pixels[7, 7].tolist() == [0x00, 0x72, 0xB2]


def test_the_changed_picture_is_read_as_the_other_digit(deployer, seen):
    after, found = deployer.smallest_change(seen.image, seen.runner_up)
    assert found.succeeded and deployer.predict_arrays(after[None])[0].argmax() == seen.runner_up
    assert np.abs(after - seen.image).sum() == pytest.approx(found.ink, rel=1e-3)
    shown = why_pictures.change(seen.image, after, found)
    assert f"would make it a {seen.runner_up}" in shown and shown.count("<img") == 3
    assert "No small change was found" in why_pictures.change(seen.image, after, found._replace(succeeded=False))


def test_the_shipped_bank_knows_training_digits_again(deployer):
    """It belongs to the shipped weights, and an image in it is its own nearest neighbour."""
    images = load_mnist()["X_train"]
    for place in (0, 1234, 5999):
        number, label = int(deployer.bank.indices[place]), int(deployer.bank.labels[place])
        reading = SimpleNamespace(hidden=[h[0] for h in deployer.hidden_activations(images[number][None])])
        indices, likeness, labels = deployer.neighbours(reading)
        assert indices[0] == number and likeness[0] > 0.999 and labels[0] == label
        assert (np.diff(likeness) <= 0).all()
        assert set(deployer.neighbours(reading, 3, digit=(label + 1) % 10)[2]) == {(label + 1) % 10}


def test_a_model_without_a_bank_says_how_to_make_it(deployer, tmp_path, monkeypatch):
    shipped = [file for file in deployer.model_dir.glob("*.*") if file.name != bank.FILE]
    for file in shipped:
        (tmp_path / file.name).symlink_to(file)
    monkeypatch.setattr(deploy_mnist, "available_models", lambda: {"without": tmp_path})
    at = start()
    (block,) = re.findall(r'data-testid="why-neighbours">.*?</section>', page(at))
    assert f"python -m core.explain.neighbours {tmp_path}" in block and "<img" not in block
    assert 'data-testid="why-change"' in page(at), "the rest is there"
    (tmp_path / bank.FILE).symlink_to(deployer.model_dir / bank.FILE)
    at.button(key="example_paper").click().run()
    assert "core.explain.neighbours" not in page(at), "a bank made meanwhile is noticed"


def test_a_bank_is_saved_with_the_weights_and_promoted(deployer, tmp_path):
    config, split, mnist = Config(hidden=(8,)), load_split()["train"], load_mnist()
    network = build_network(config).initialise(np.random.default_rng(0))
    train = Images(mnist["X_train"][split], mnist["y_train"][split])
    model.save_bank(tmp_path, network, config, train, "hash")
    saved = Bank.load(tmp_path / bank.FILE, "hash")
    assert len(saved.labels) == 6000 and (tmp_path / bank.FILE).stat().st_size < 3e6
    assert np.array_equal(mnist["y_train"][saved.indices], saved.labels) and np.isin(saved.indices, split).all()
    with pytest.raises(ModelError, match="other weights"):
        Bank.load(tmp_path / bank.FILE, "another")
    model.save_bank(tmp_path, network, config, Images(train.X[::-1], train.y[::-1]), "hash")
    assert not (tmp_path / bank.FILE).exists(), "of other images there is none"

    run, final = tmp_path / "run", tmp_path / "final"
    run.mkdir()
    for file in deployer.model_dir.glob("*.*"):
        (run / file.name).symlink_to(file)
    for name in ("model_card.md", "model_card.json"):
        if not (run / name).exists():
            (run / name).write_text("")
    model.promote(run, final)
    assert MNISTDeployer(final).bank.labels.shape == (6000,)
    (run / bank.FILE).unlink()
    model.promote(run, final)
    assert not (final / bank.FILE).exists() and MNISTDeployer(final).predict(EXAMPLES / "seven.png").digit == 7


def test_layers_are_named_and_the_last_is_gated(deployer, seen):
    means = deployer.layer_means()
    known = deployer.layers(seen.image, means)
    assert len(known) == len(deployer.config["hidden"]) + deployer.network.has_gate
    shown = why_pictures.layers([*known[:-1], known[-1] | {"gated": True}])
    assert re.findall(r'scope="row">([^<]*)<', shown)[-1] == "After the gate"
    assert re.findall(r"<td><b>(\d)</b>", shown) == [str(layer["digit"]) for layer in known]


def test_the_first_tab_explains_and_remembers_that_it_shall_not():
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
    at = start()
    image = Image.new("RGBA", (280, 280))
    ImageDraw.Draw(image).line([(100, 60), (90, 140), (190, 140), (190, 60), (190, 230)], fill="white", width=20)
    url = pictures.png_uri(np.asarray(image))
    at.session_state["canvas"] = {"drawing": {"raw": {"objects": [{"type": "Path"}]}, "data": url}}
    at.session_state["source"] = "drawing"
    at.run()
    assert 'class="q-stale"' in page(at) and '<div class="q-why" data-testid="why" data-digit="7"' in page(at)
    assert at.session_state["last_prediction"].digit == 4


# A person's own pictures


def zipped(files: dict[str, bytes], method=zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_zip_gives_its_pictures_by_their_last_names():
    content = {"a/7_x.png": b"1", "../../3_y.JPG": b"22", "c\\4_z.jpeg": b"4", "notes.txt": b"", "empty/": b"",
               "__MACOSX/7_x.png": b"", "a/.hidden.png": b"", "more.zip": b""}
    found, sentences = batch.gather([("5_one.png", b"5"), ("mine.zip", zipped(content))])
    assert found == [("5_one.png", b"5"), ("7_x.png", b"1"), ("3_y.JPG", b"22"), ("4_z.jpeg", b"4")]
    assert sentences == ["Left out of “mine.zip”, as only PNG and JPG are read: notes.txt, more.zip."]


def locked() -> bytes:
    raw = bytearray(zipped({"1_a.png": b"x"}))
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        raw[raw.index(mark) + at] |= 1
    return bytes(raw)


def lying() -> bytes:
    """Declares one byte where 21 MB come out."""
    raw = bytearray(zipped({"1_a.png": bytes(21 * 2**20)}))
    for mark, at in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        start = raw.index(mark) + at
        raw[start : start + 4] = (1).to_bytes(4, "little")
    return bytes(raw)


@pytest.mark.parametrize("data, reason", [
    (b"no zip at all", "cannot be opened"),
    (zipped({"1_a.png": np.random.default_rng(0).bytes(999)})[:-200], "cannot be opened"),
    (zipped({f"1_{i}.png": b"" for i in range(501)}), "501 files"),
    (zipped({f"1_{i}.png": bytes(11 * 2**20) for i in range(2)}), "more than 20 MB"),
    (lying(), "cannot be opened"),
    (locked(), "password"),
    (zipped({"a.txt": b"x"}), "holds no PNG or JPG"),
])
def test_a_zip_is_refused_in_a_sentence(data, reason):
    found, sentences = batch.unpack("mine.zip", data)
    assert found == [] and reason in sentences[-1] and "mine.zip" in sentences[-1]


def test_labels_come_from_names():
    told = [batch.label_of(name) for name in ("7_x.png", "0_.jpg", "72_x.png", "x_7.png", "7.png", "٣_x.png")]
    assert told == [7, 0, None, None, None, None]


@pytest.fixture(scope="module")
def own(deployer):
    """(names, results): 60 test digits, the first four named wrongly, one file without a label, one unreadable."""
    mnist = load_mnist()
    names = [f"{label}_{i}.png" for i, label in enumerate(mnist["y_test"][:60])]
    names[:4] = "1_<wrong>.png", "9_wrong.png", "6_wrong.png", "8_wrong.png"  # they are a 7, a 2, a 1 and a 0
    results = deployer.predict_batch(list(mnist["X_test"][:60]))
    return ([*names, "some.png", "3_bad.png"],
            [*results, results[0], InputError("“3_bad.png” is not a picture that can be read.")])


def test_audit_of_labelled_pictures(own):
    names, results = own
    audit = batch.audit(names, results)
    right = sum(result.digit == batch.label_of(name) for name, result in zip(names[:60], results[:60], strict=True))
    assert (audit.n, audit.hits, audit.unreadable) == (61, right, 1)
    assert audit.interval[0] < right / 61 < audit.interval[1]
    assert audit.confusion.sum() == 60 and audit.confusion[1, 7] >= 1 and np.trace(audit.confusion) == right
    assert sum(n for n, _ in audit.feelings.values()) == 60 and sum(k for _, k in audit.feelings.values()) == right
    assert {0, 1} <= set(audit.errors) and audit.bins == 3
    sure = [results[i].confidence for i in audit.errors]
    assert sure == sorted(sure, reverse=True)
    assert audit.ece > audit.ece_by_chance, "four wrong labels in sixty are no chance"
    assert batch.audit(["a.png", "3_bad.png"], [results[0], results[-1]]) is None


def test_audit_as_table_and_as_a_page_of_its_own(own):
    names, results = own
    audit = batch.audit(names, results)
    lines = batch.to_csv(names, results).splitlines()
    assert len(lines) == 63 and lines[0] == ",".join(batch.COLUMNS)
    assert lines[1].startswith("1_<wrong>.png,7,")
    assert lines[-1].startswith("3_bad.png,,") and "not a picture" in lines[-1]
    shown = batch_pictures.page(audit, names, results, "Model & weights")
    assert not re.search(r'(src|href)="(?!data:)', shown) and "<script" not in shown, "it needs no other file"
    assert "1_&lt;wrong&gt;.png" in shown and "<wrong>" not in shown and "Model &amp; weights" in shown
    assert f"{audit.hits} of 61" in shown and "1 unreadable" in shown
    assert shown.count('class="q-tile"') == 61 + len(audit.errors)


def test_an_uploaded_zip_with_labels_is_audited():
    at = start()
    files = {f"{digit}_{name}.png": (EXAMPLES / f"{name}.png").read_bytes()
             for name, digit in (("seven", 7), ("two", 2), ("paper", 8))}
    at.file_uploader(key="files").set_value([("mine.zip", zipped(files), "application/zip")]).run()
    assert "2 of 3" in page(at) and 'data-testid="own-confusion"' in page(at)
    assert re.search(r'data-testid="own-tiles">.*8 → <b>3</b>', page(at))
    assert [button.label for button in at.get("download_button")] == ["Download as CSV", "Download the audit to print"]
    at.file_uploader(key="files").set_value([("bad.zip", b"no", "application/zip")]).run()
    assert "cannot be opened as a ZIP" in page(at) and "no picture to read" in page(at)
