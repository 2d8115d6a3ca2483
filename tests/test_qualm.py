"""The module `qualm`: what it reads is what MNISTDeployer reads, its import is quick, and the model is loaded once."""

import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from app import EXAMPLES
from PIL import Image

import qualm
from analytics.export.estimator import QualmClassifier
from deployment import deploy_mnist

ROOT = Path(__file__).resolve().parents[1]


def test_read_is_predict_of_the_shipped_model():
    picture = np.asarray(Image.open(EXAMPLES / "seven.png").convert("L"))
    ours, theirs = qualm.read(picture), deploy_mnist.MNISTDeployer().predict(picture)
    assert ours.to_dict() == theirs.to_dict() and ours.digit == 7
    with pytest.raises(ValueError, match="The note is not a picture"):
        qualm.read(b"no picture", name="the note")


def test_arguments_reach_the_reader(monkeypatch):
    class Noting:
        def read_number(self, *args, **options):
            return args, options

        read_table = predict = read_number

    monkeypatch.setattr(qualm, "_load", Noting)
    assert qualm.read("a.png", kind="canvas") == (("a.png", "the picture", "canvas"), {})
    assert qualm.read_number("a.png", "a", signs=False, dates="mdy") == (
        ("a.png", "a", None), {"signs": False, "dates": "mdy"})
    assert qualm.read_table("a.png", "a") == (("a.png", "a"), {})


def test_threads_share_one_model(monkeypatch):
    made = []

    def slow():
        time.sleep(0.05)
        made.append(object())
        return made[-1]

    monkeypatch.setattr(deploy_mnist, "MNISTDeployer", slow)
    qualm._load.cache_clear()
    try:
        with ThreadPoolExecutor(8) as threads:
            used = set(threads.map(lambda _: qualm._shipped(), range(8)))
        assert used == set(made) and len(made) == 1
    finally:
        qualm._load.cache_clear()


def test_the_import_loads_no_package_and_names_everything():
    code = ("import sys; before = set(sys.modules); import qualm; "
            "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names), "
            "*qualm.__all__)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == ["qualm", *qualm.__all__]
    assert set(qualm.__all__) < set(dir(qualm))
    assert qualm.MNISTDeployer is deploy_mnist.MNISTDeployer and qualm.QualmClassifier is QualmClassifier
    with pytest.raises(AttributeError, match="no attribute 'reed'"):
        _ = qualm.reed


def test_without_scikit_learn_it_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "analytics.export.estimator")
    for name in [name for name in sys.modules if name.split(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=r"qualm\.QualmClassifier needs scikit-learn.*qualm-reader\[export\]"):
        _ = qualm.QualmClassifier


def test_the_version_is_that_of_the_project():
    assert qualm.__version__ == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
