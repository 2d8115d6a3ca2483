"""Tables read whole: rows and columns, numbers, print, dashes, and what is refused."""

import csv
import io
import json

import cv2
import numpy as np
import openpyxl
import pytest

from analytics.tables.sheets import GRIDS, table
from core.digits.task import load_parts
from deployment.deploy_mnist import MNISTDeployer, main
from deployment.reader.number.page import assessed
from deployment.reader.number.sheet import blobs, lines
from deployment.reader.picture.opening import InputError
from deployment.reader.table.confidence import DOUBTED, probability
from deployment.reader.table.export import to_csv, to_xlsx
from deployment.reader.table.read import _no_low_digits
from deployment.reader.table.reading import decimal, doubtful


@pytest.fixture(scope="module")
def deployer():
    return MNISTDeployer()


@pytest.fixture(scope="module")
def part(deployer):
    return load_parts(deployer.config)["validation"]


@pytest.fixture(scope="module")
def ruled(deployer, part):
    """(truth, reading) of a ruled table."""
    sheet = table(part, np.random.default_rng(3), (6, 4), "ruled")
    return sheet.rows, deployer.read_table(sheet.photograph, "the sheet")


@pytest.mark.parametrize("grid", GRIDS)
def test_rows_and_columns(deployer, part, grid):
    sheet = table(part, np.random.default_rng([8, GRIDS.index(grid)]), (8, 4), grid)
    reading = deployer.read_table(sheet.photograph)
    assert (len(reading.rows), {len(row) for row in reading.rows}) == (8, {4}) and reading.ruled == (
        grid in ("ruled", "drawn"))
    numbers = [(true, cell.text) for row, cells in zip(sheet.rows, reading.rows, strict=True)
               for true, cell in zip(row, cells, strict=True) if true[:1].isdigit()]
    assert np.mean([true == read for true, read in numbers]) >= 0.6


def test_kinds_of_cells(ruled):
    truth, reading = ruled
    kinds = {true: {cell.kind for row, cells in zip(truth, reading.rows, strict=True)
                    for right, cell in zip(row, cells, strict=True) if right == true} for true in ("", "-")}
    assert kinds[""] == {"empty"} and kinds["-"] <= {"dash"}
    assert not any(cell.sure for row, cells in zip(truth, reading.rows, strict=True)
                   for true, cell in zip(row, cells, strict=True) if not true[:1].isdigit())


def test_the_confidence_of_numbers_is_of_their_signals(ruled):
    rows = ruled[1].rows
    for i, cell in ((i, cell) for i, row in enumerate(rows) for cell in row):
        if cell.kind == "number":
            stated = probability(np.array([cell.signals]))[0]
            roman = set(cell.text) == {"1"} and i == 0
            assert cell.confidence == pytest.approx(min(stated, DOUBTED) if roman else stated)
        else:
            assert not cell.signals and not cell.confidence


def test_a_low_stroke_beside_a_digit_is_no_digit(deployer):
    ink = np.zeros((120, 160), np.float32)
    for left in (20, 95):  # two noughts, and a long comma between them
        cv2.ellipse(ink, (left + 20, 60), (18, 28), 0, 0, 360, 1.0, 6)
    cv2.line(ink, (80, 72), (76, 98), 1.0, 6)
    work = assessed(deployer, ink, ink > 0.5, lines(blobs(ink, ink > 0.5, points=True)))
    assert work is not None
    (line,), one = work, 10  # its first ten signs are digits
    low = next(i for i, segment in enumerate(line.segments) if segment.box[0] > 65)
    before = line.lattice.one.copy()
    _no_low_digits(line)
    after = line.lattice.one
    assert (after[low, :one] < before[low, :one] - 2).all() and (after[low, one:] == before[low, one:]).all()
    assert np.array_equal(np.delete(after, low, axis=0), np.delete(before, low, axis=0))


def test_copies_are_read_as_the_digit_is(deployer, part):
    images = part.X[:40].reshape(-1, 28, 28).astype(np.float32) / 255
    probs = deployer.assess_copies(images, 4)
    assert probs.shape == (40, 4, 10) and np.allclose(probs.sum(axis=2), 1, atol=1e-5)
    assert (probs.mean(axis=1).argmax(axis=1) == part.y[:40]).mean() >= 0.95


def test_boxes_lie_in_the_picture_in_order(ruled):
    _, reading = ruled
    height, width = reading.size
    for row in reading.rows:
        lefts = [cell.box[1] for cell in row]
        assert lefts == sorted(lefts)
        for top, left, bottom, right in (cell.box for cell in row):
            assert -5 <= top < bottom <= height + 5 and -5 <= left < right <= width + 5


def test_as_json_csv_and_spreadsheet(ruled):
    _, reading = ruled
    document = json.loads(json.dumps(reading.to_dict()))
    number = next(cell for row in document["rows"] for cell in row if cell["kind"] == "number")
    assert set(number) == {"kind", "text", "box", "confidence", "emotion", "sure", "alternatives"}
    rows = list(csv.reader(io.StringIO(to_csv(reading))))
    assert [len(row) for row in rows] == [len(row) for row in reading.rows]
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(reading))).active
    for i, cells in enumerate(reading.rows):
        for j, cell in enumerate(cells):
            written = rows[i][j].lstrip("'")
            assert written == cell.text.replace("\n", " / ")
            value = sheet.cell(i + 1, j + 1).value
            assert (value is None) == (not cell.text) and (not cell.text or str(value) == cell.text or
                                                           float(value) == float(cell.text))
            assert (sheet.cell(i + 1, j + 1).comment is not None) == (cell.kind == "number" and not cell.sure)
    assert len(doubtful(reading)) == sum(cell.kind == "number" and not cell.sure for row in reading.rows
                                         for cell in row)


@pytest.mark.parametrize("text, expected", [("7,5", "7.5"), ("-12,25", "-12.25"), ("1,234", "1,234"), ("12.5", "12.5"),
                                            ("0,1234", "0.1234"), ("1,2,3", "1,2,3")])
def test_a_decimal_comma_is_a_point(text, expected):
    assert decimal(text) == expected


@pytest.mark.parametrize("picture", [np.full((400, 600), 220, np.uint8), np.zeros((300, 300, 3), np.uint8)])
def test_a_picture_without_a_table_is_refused(deployer, picture):
    with pytest.raises(InputError, match="No table was found in my page"):
        deployer.read_table(picture, "my page")


def test_command_line(part, tmp_path, capsys):
    sheet = table(part, np.random.default_rng(3), (6, 4), "ruled")
    (tmp_path / "sheet.jpg").write_bytes(sheet.photograph)
    file, book = str(tmp_path / "sheet.jpg"), tmp_path / "sheet.xlsx"
    assert main(["--table", file, "--xlsx", str(book)]) == 0
    printed = capsys.readouterr()
    assert len(list(csv.reader(io.StringIO(printed.out)))) == 6 and book.read_bytes()[:2] == b"PK"
    assert all(line.startswith("row ") and "%" in line for line in printed.err.splitlines())
    assert main(["--table", "--json", file]) == 0
    assert len(json.loads(capsys.readouterr().out)["rows"]) == 6
    (tmp_path / "bad.jpg").write_bytes(b"no")
    assert main(["--table", str(tmp_path / "bad.jpg")]) == 1
    assert "not a picture" in capsys.readouterr().err
