"""Readings as CSV: cells that a spreadsheet would run, alternatives, former column names."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from app import EXAMPLES

from deployment.deploy_mnist import MNISTDeployer
from deployment.reader import csv_tables as tables
from deployment.reader.labels import digit_label


@pytest.fixture(scope="module")
def read():
    return MNISTDeployer().predict(EXAMPLES / "four_or_nine.png")


def test_labels_come_from_names():
    names = ("7_x.png", "0_.jpg", "72_x.png", "x_7.png", "7.png", "٣_x.png")
    assert [digit_label(name) for name in names] == [7, 0, None, None, None, None]


def test_alternatives_begin_with_the_answer(read):
    """Digits of a calibrated probability of 5 % and more, the most likely first."""
    probs = np.full(10, 0.005)
    probs[[4, 9, 7]] = 0.71, 0.2, 0.055
    doubtful = replace(read, probabilities=probs, digit=4, confidence=0.71)
    row = next(csv.DictReader(io.StringIO(tables.digits_csv(["a.png"], [doubtful]))))
    assert row["alternatives"] == "4 9 7" and row["emotion"] == doubtful.emotion


def test_former_columns_are_written_with_a_warning(read):
    with pytest.warns(DeprecationWarning, match="'feeling' is now called 'emotion'"):
        text = tables.digits_csv(["a.png"], [read], ("file", "feeling"))
    assert text.splitlines() == ["file,feeling", f"a.png,{read.emotion}"]
    number = MNISTDeployer().read_number(EXAMPLES / "year.png")
    with pytest.warns(DeprecationWarning, match="'could_be' is now called 'alternatives'"):
        head, row = tables.numbers_csv(["a.png"], [number], ("text", "could_be")).splitlines()
    assert head == "text,could_be" and row.startswith(number.text)


def test_former_fields_warn(read):
    number = MNISTDeployer().read_number(EXAMPLES / "year.png")
    for owner, former, value in ((read, "could_be", read.prediction_sets), (read, "rivals", read.alternatives[1:]),
                                 (number, "feeling", number.emotion), (number, "could_be", number.alternatives)):
        with pytest.warns(DeprecationWarning, match=f"{former} is now called"):
            assert getattr(owner, former) == value


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_a_text(text):
    assert tables.cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["7_a.png", "a=1", "", "'=1"])
def test_other_cells_stay(text):
    assert tables.cell(text) == text
