"""The command `qualm`: its help, what it hands over to each command and to Streamlit, and what it refuses."""

import importlib
import tomllib
from pathlib import Path

import pytest
from app import APP, EXAMPLES

import qualm
from deployment import console as command

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def environment_as_it_was(monkeypatch):
    """One thread of BLAS is for the command's process, not for that of the tests."""
    monkeypatch.setattr(command, "use_one_thread", lambda: None)


def ended(argv):
    with pytest.raises(SystemExit) as end:
        command.main(argv)
    return end.value.code


def test_help_names_every_command_and_each_has_its_own(capsys):
    assert ended(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"  qualm {name} " in said for name in command.COMMANDS)
    for name in command.COMMANDS:
        assert ended([name, "--help"]) == 0
        assert capsys.readouterr().out.startswith(f"usage: qualm {name} ")


def test_version(capsys):
    assert ended(["--version"]) == 0
    assert capsys.readouterr().out == f"qualm {qualm.__version__}\n"


def test_what_it_does_not_know_is_answered_with_what_to_type(capsys):
    assert ended(["reed", "x.png"]) == 2
    assert "there is no command 'reed'; choose from read, train" in capsys.readouterr().err
    picture = str(EXAMPLES / "seven.png")
    assert ended([picture]) == 2
    assert f"to read a picture: qualm read {picture}" in capsys.readouterr().err


def test_read_reads_and_says_what_it_cannot_read(capsys):
    assert command.main(["read", str(EXAMPLES / "seven.png")]) == 0
    assert "seven.png: 7 " in capsys.readouterr().out
    assert command.main(["read", "missing.png"]) == 1
    assert capsys.readouterr().err == "“missing.png” cannot be opened: check the path.\n"
    assert ended(["read", "a.png", "--model", "nowhere"]) == 2
    assert capsys.readouterr().err.startswith("read: nowhere/config.json is missing")


@pytest.mark.parametrize("display", [":0", ""])
def test_without_a_command_streamlit_gets_the_app_and_the_options(monkeypatch, display):
    ran = []
    monkeypatch.setattr("streamlit.web.cli.main", lambda args, prog_name: ran.append(args))
    monkeypatch.setattr(command.sys, "platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", display)
    assert command.main([]) == 0 and command.main(["--server.port", "8600"]) == 0
    opened = ["--server.headless", "false"] if display else []
    assert ran == [["run", str(APP), *opened], ["run", str(APP), *opened, "--server.port", "8600"]]


def test_without_its_packages_it_names_the_extra(monkeypatch, capsys):
    monkeypatch.setattr("core.command.find_spec", lambda name: None)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for argv, package, extra in [([], "streamlit", "app"), (["serve"], "streamlit", "app"),
                                 (["serve", "--api"], "fastapi", "api"), *(
            ([name], each.package, each.extra) for name, each in command.COMMANDS.items() if each.package)]:
        assert ended(argv) == 2
        said = capsys.readouterr().err
        assert f'needs {package}, which is not installed: pip install "qualm-reader[{extra}]"' in said
        assert any(requirement.startswith(f"{package}>=") for requirement in extras[extra])


def test_every_command_has_a_main_that_takes_its_name():
    for each in command.COMMANDS.values():
        assert "prog" in importlib.import_module(each.module).main.__annotations__
