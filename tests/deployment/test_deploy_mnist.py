"""The command line that reads pictures: what it prints, and what it says of files that it cannot read."""

import csv
import io

import pytest
from app import EXAMPLES
from PIL import Image

from deployment.deploy_mnist import main


def test_names_keep_their_case_and_a_folder_is_called_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scans").mkdir()
    (tmp_path / "notes.png").write_bytes(b"no picture")
    assert main(["missing.png", "notes.png", "scans"]) == 1
    missing, notes, folder = capsys.readouterr().err.splitlines()
    assert missing == "“missing.png” cannot be opened: check the path."
    assert notes == "“notes.png” is not a picture that can be read: save it as PNG or JPEG."
    assert folder.startswith("“scans” is a folder") and "scans/*.png" in folder
    assert "python -m analytics.archive scans --out" in folder


@pytest.mark.parametrize("options, column, expected", [([], "answer", "7"), (["--number"], "text", "7")])
def test_a_table_of_pictures(options, column, expected, tmp_path, capsys):
    pages = [Image.open(EXAMPLES / f"{name}.png").convert("L") for name in ("seven", "year")]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    files = [str(EXAMPLES / "seven.png"), str(tmp_path / "pages.tif"), str(tmp_path)]
    assert main([*options, "--csv", *files]) == 1
    said = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [row["file"] for row in rows] == files and [row[column] for row in rows] == [expected, expected, ""]
    assert "is a folder" in rows[2]["error"]
    assert said.err == f"“{files[1]}” has several pages: only the first was read.\n"


def test_the_help_says_in_which_order_a_box_is(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "(top, left, bottom, right)" in capsys.readouterr().out
