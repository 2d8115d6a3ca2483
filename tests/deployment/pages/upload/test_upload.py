"""A person's own pictures: audits of labelled ones, tables and pages of them, and the page they are uploaded to."""

import csv
import io
import re

import numpy as np
import pyarrow.ipc
import pytest
from app import EXAMPLES, answer, page, start, zipped

from core.digits.data import load_mnist
from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.upload import digit_audit, html, number_audit
from deployment.pages.upload import page as upload
from deployment.reader.csv_tables import DIGIT_COLUMNS, digits_csv
from deployment.reader.labels import digit_label
from deployment.reader.picture.opening import InputError


@pytest.fixture(scope="module")
def deployer():
    return MNISTDeployer()


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
    audit = digit_audit.audit(names, results)
    right = sum(result.digit == digit_label(name) for name, result in zip(names[:60], results[:60], strict=True))
    assert (audit.n, audit.hits, audit.unreadable) == (61, right, 1)
    assert audit.interval[0] < right / 61 < audit.interval[1]
    assert audit.confusion.sum() == 60 and audit.confusion[1, 7] >= 1 and np.trace(audit.confusion) == right
    assert sum(n for n, _ in audit.emotions.values()) == 60 and sum(k for _, k in audit.emotions.values()) == right
    assert {0, 1} <= set(audit.errors) and audit.bins == 3
    sure = [results[i].confidence for i in audit.errors]
    assert sure == sorted(sure, reverse=True)
    assert audit.ece > audit.ece_by_chance, "four wrong labels in sixty are no chance"
    assert digit_audit.audit(["a.png", "3_bad.png"], [results[0], results[-1]]) is None


def test_audit_as_table_and_as_a_page_of_its_own(own):
    names, results = own
    audit = digit_audit.audit(names, results)
    lines = digits_csv(names, results).splitlines()
    assert len(lines) == 63 and lines[0] == ",".join(DIGIT_COLUMNS)
    assert lines[1].startswith("1_<wrong>.png,7,")
    assert lines[-1].startswith("3_bad.png,,") and "not a picture" in lines[-1]
    shown = html.page(audit, names, results, "Model & hash")
    assert not re.search(r'(src|href)="(?!data:)', shown) and "<script" not in shown, "it needs no other file"
    assert "1_&lt;wrong&gt;.png" in shown and "<wrong>" not in shown and "Model &amp; hash" in shown
    assert f"{audit.hits} of 61" in shown and "1 unreadable" in shown
    assert shown.count('class="q-tile"') == 61 + len(audit.errors)


def test_every_misread_number_has_a_tile(deployer):
    names = ["1999_a.png", "2026_a.png", "42_bad.png", "none.png"]
    year = deployer.read_number(EXAMPLES / "year.png")
    results = [year, year, InputError("“42_bad.png” is not a picture that can be read."), year]
    audit = number_audit.audit(names, results)
    assert len(audit.errors) == 2 == number_audit.wrong(names, results, audit.errors).count('class="q-tile"')
    assert "42 → <b>not read</b>" in number_audit.wrong(names, results, audit.errors)


def test_an_uploaded_zip_with_labels_is_audited():
    at = start()
    files = {f"{digit}_{name}.png": (EXAMPLES / f"{name}.png").read_bytes()
             for name, digit in (("seven", 7), ("two", 2), ("paper", 8))}
    at.file_uploader(key="files").set_value([("mine.zip", zipped(files), "application/zip")]).run()
    assert "2 of 3" in page(at) and 'data-testid="upload-confusion"' in page(at)
    assert re.search(r'data-testid="upload-tiles">.*8 → <b>3</b>', page(at))
    assert [button.label for button in at.get("download_button")] == ["Download as CSV", "Download the audit to print"]
    assert at.file_uploader(key="files").label.endswith("at most 20 MB, or a ZIP of them, at most 100 MB")
    written = pyarrow.ipc.open_stream(at.dataframe[0].proto.arrow_data.styler.display_values).read_pandas()
    assert set(written["Confidence"]) == {"> 99.9 %", "99.9 %"}, "as the answer writes it, not 100.0 %"


@pytest.mark.parametrize("name, content, reasons", [
    ("bad.zip", b"no", ["“bad.zip” cannot be opened as a ZIP"]),
    ("notes.pdf", b"%PDF-1.7", ["“notes.pdf” is a damaged PDF: save it again"]),
    ("notes.txt", b"text", ["“notes.txt” is not a picture that can be read"]),
    ("large.png", bytes(21 * 2**20), ["“large.png” has 21 MB", "at most 20 MB"]),
    ("many.zip", zipped({f"{i}.png": b"" for i in range(501)}), ["“many.zip” holds 501 pictures", "at most 500"]),
    ("wrong.zip", zipped({"a.png": b"1", "b.png": b"2"}), ["“a.png” is not a picture", "“b.png” is not a picture"]),
])
def test_a_refusal_takes_the_answers_place(name, content, reasons):
    at = start()
    assert answer(at)["digit"] == "7"
    at.file_uploader(key="files").set_value([(name, content, "")]).run()
    assert 'class="q q-answer' not in page(at) and all(reason in page(at) for reason in reasons)
    at.button(key="example_two").click().run()
    assert answer(at)["digit"] == "2", "and what comes next is read"


def test_what_could_not_be_read_is_told_beside_what_could():
    at = start()
    files = [("7_a.png", (EXAMPLES / "seven.png").read_bytes(), ""),
             ("2_a.png", (EXAMPLES / "two.png").read_bytes(), ""),
             *((f"{i}.png", b"x", "") for i in range(9)), ("bad.zip", b"no", "")]
    at.file_uploader(key="files").set_value(files).run()
    assert "cannot be opened as a ZIP" in page(at) and "4 more could not be read" in page(at)
    assert answer(at)["digit"] in "72"


def test_a_long_upload_is_read_in_steps_that_can_be_stopped(monkeypatch):
    monkeypatch.setattr(upload, "FIRST", 0.0)
    monkeypatch.setattr(upload, "LATER", 0.0)
    at = start()
    seven = (EXAMPLES / "seven.png").read_bytes()
    at.file_uploader(key="files").set_value([(f"7_{i}.png", seven, "") for i in range(4)]).run()
    assert "Reading 4 pictures: 0 done" in at.get("progress")[0].proto.text and 'class="q q-answer' not in page(at)
    monkeypatch.setattr(upload, "LATER", 60.0)
    at.button(key="stop_reading").click().run()
    assert "Nothing was read before the stop" in page(at)
    at.button(key="read_rest").click().run()
    assert answer(at)["digit"] == "7" and "4 of 4" in page(at)


def test_cells_that_a_spreadsheet_would_run_are_kept_texts(own):
    _, results = own
    names = ["=1+1.png", "+a.png", "-b.png", "@c.png", "7_=.png"]
    rows = list(csv.DictReader(io.StringIO(digits_csv(names, [*results[:4], InputError("-x.")]))))
    assert [row["file"] for row in rows] == ["'=1+1.png", "'+a.png", "'-b.png", "'@c.png", "7_=.png"]
    assert rows[4]["error"] == "'-x." and float(rows[0]["confidence"]) > 0
