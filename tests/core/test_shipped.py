"""Where files are looked for, in a checkout and in an installed copy."""

import importlib.util
import shutil
from pathlib import Path

import pytest

from core import shipped

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The module as it is in site-packages, beside the package of the data; the user's data are in "user"."""
    copy = tmp_path / "site-packages" / "core" / "shipped.py"
    copy.parent.mkdir(parents=True)
    shutil.copy(shipped.__file__, copy)
    (copy.parents[1] / "qualm_data" / "final_model").mkdir(parents=True)
    (copy.parents[1] / "qualm_data" / "final_model" / "config.json").touch()
    monkeypatch.setattr("platformdirs.user_data_path", lambda name, appauthor: tmp_path / "user" / name)
    spec = importlib.util.spec_from_file_location("shipped_copy", copy)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_checkout_has_everything_in_its_folders():
    assert not shipped.INSTALLED and shipped.TRAIN == "python core/train.py"
    for path in ("final_model/config.json", "data/split.npz", "images/audit.npz"):
        assert shipped.data(path) == ROOT / path and shipped.data(path).is_file()
    assert shipped.data("runs") == ROOT / "runs"


def test_an_installed_copy_has_them_in_its_package_and_the_rest_in_the_users_folder(installed, tmp_path):
    package = tmp_path / "site-packages" / "qualm_data"
    assert installed.INSTALLED and installed.TRAIN == "qualm train" and package == installed.SHIPPED
    assert installed.data("final_model/config.json") == package / "final_model" / "config.json"
    for left_out in ("runs", "data/train-images-idx3-ubyte.gz"):
        assert installed.data(left_out) == tmp_path / "user" / "qualm" / left_out
    assert not (tmp_path / "user").exists(), "asking makes no folder"
