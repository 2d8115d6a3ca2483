"""The public module and the command of the same name, and what the wheel holds."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import qualm
from core.shipped import ROOT, shipped
from deployment.console import COMMANDS, main

EXAMPLES = ROOT / "deployment" / "assets" / "examples"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_module_reads_as_the_deployer_and_is_imported_quickly():
    picture = np.asarray(Image.open(EXAMPLES / "seven.png").convert("L"))
    ours, theirs = qualm.read(picture), qualm.MNISTDeployer().predict(picture)
    assert ours.digit == theirs.digit == 7 and np.array_equal(ours.probabilities, theirs.probabilities)
    assert qualm.read_number(EXAMPLES / "year.png").text == "2026"
    assert qualm.__version__ == PROJECT["project"]["version"]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = qualm.nothing
    code = "import sys, qualm; print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_the_command_names_its_commands_and_what_it_lacks(capsys, monkeypatch):
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"qualm {name}" in said for name in COMMANDS)
    assert main(["--version"]) == 0 and capsys.readouterr().out == f"qualm {qualm.__version__}\n"
    assert main(["raed", "x.png"]) == 2 and "there is no command raed" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "streamlit.web.cli", None)
    assert main([]) == 2 and 'pip install "qualm-reader[app]"' in capsys.readouterr().err


def test_the_command_reads_with_the_options_of_the_reader(capsys):
    assert main(["read", "--number", str(EXAMPLES / "year.png")]) == 0
    assert ": 2026 " in capsys.readouterr().out


def names(lines):
    return {re.split(r"[<>=\[ ]", line)[0]: line for line in lines}


@pytest.mark.parametrize("file, extras", [("requirements.txt", ["app"]), ("requirements-dev.txt", ["scale", "export"])])
def test_requirements_agree_with_the_project(file, extras):
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    here = names(line for line in lines if line and not line.startswith(("#", "-")))
    groups = [*([PROJECT["project"]["dependencies"]] if file == "requirements.txt" else []),
              *(PROJECT["project"]["optional-dependencies"][extra] for extra in extras)]
    for name, line in names(one for group in groups for one in group).items():
        if name in here:
            assert here[name] == line, f"{file} and pyproject.toml differ"
        else:
            assert file != "requirements.txt", f"{name} is missing in {file}"


def test_what_the_code_reads_is_in_the_wheel():
    mapped = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert all((ROOT / source).exists() and target == f"qualm_data/{source}" for source, target in mapped.items()
               if source != "core/__init__.py")
    asked = {ast.literal_eval(name) for path in (*ROOT.glob("core/**/*.py"), *ROOT.glob("deployment/**/*.py"))
             for name in re.findall(r"\bshipped\((\"[^\"]+\")\)", path.read_text(encoding="utf-8"))}
    assert asked == {"final_model", "data", "images"} and {source.split("/")[0] for source in mapped} >= asked


def test_in_an_installed_copy_files_come_from_the_data_package(tmp_path, monkeypatch):
    from core import shipped as module

    (tmp_path / "qualm_data").mkdir()
    (tmp_path / "qualm_data" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(module, "IN_CHECKOUT", False)
    assert shipped("data") == tmp_path / "qualm_data" / "data"
    assert module.runs_folder().name == "runs" and ROOT not in module.runs_folder().parents
    assert Path(module.runs_folder().parent).name == "qualm"
