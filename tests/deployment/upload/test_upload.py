"""A person's own pictures: ZIP files opened with care, audits of labelled ones, tables and pages of them."""

import csv
import io
import re
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from app import EXAMPLES, page, start

from core.digits.data import load_mnist
from deployment.deploy_mnist import MNISTDeployer
from deployment.preprocess import InputError
from deployment.upload import batch, html


@pytest.fixture(scope="module")
def deployer():
    return MNISTDeployer()


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
    shown = html.page(audit, names, results, "Model & hash")
    assert not re.search(r'(src|href)="(?!data:)', shown) and "<script" not in shown, "it needs no other file"
    assert "1_&lt;wrong&gt;.png" in shown and "<wrong>" not in shown and "Model &amp; hash" in shown
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


def test_the_column_could_be_names_the_answer_and_its_rivals():
    """Digits of a calibrated probability of 5 % and more, the likeliest first."""
    read = MNISTDeployer().predict(EXAMPLES / "four_or_nine.png")
    probs = np.full(10, 0.005)
    probs[[4, 9, 7]] = 0.71, 0.2, 0.055
    doubtful = replace(read, probabilities=probs, digit=4, confidence=0.71)
    row = next(csv.DictReader(io.StringIO(batch.to_csv(["a.png"], [doubtful]))))
    assert row["could_be"] == "4 9 7"
