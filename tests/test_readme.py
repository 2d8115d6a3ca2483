"""What README tells one to type works as it stands, in a copy of the project."""

import contextlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from app import EXAMPLES
from blocks import blocks
from PIL import Image

from deployment.server.processes import end, free_port, healthy

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LEFT_OUT = (".git", ".venv", "runs", "__pycache__", ".pytest_cache", ".ruff_cache", "*.egg-info")


LINES = [line.split("#")[0].strip() for block in blocks(README, "sh") for line in block.splitlines()]


def shortened(line):
    """The line, with what makes a long one short."""
    if line.startswith("python core/train.py") and "--resume" not in line and "--promote" not in line:
        return f"{line} --epochs 1 --set hidden=16"
    return line + {"pytest": " --collect-only tests/core/nn"}.get(line, " --help" if "studies.run" in line else "")


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """The project as it is, with two scans in it, and none of what was set up or trained."""
    made = tmp_path_factory.mktemp("clone") / "qualm"
    shutil.copytree(ROOT, made, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (made / "scans").mkdir()
    for name in ("seven", "two"):
        shutil.copy(EXAMPLES / f"{name}.png", made / "scans")
    Image.open(EXAMPLES / "paper.png").convert("L").save(made / "photo.jpg")
    Image.open(EXAMPLES / "page.png").convert("L").save(made / "page.jpg")
    shutil.copy(EXAMPLES / "sheet.jpg", made)
    return made


def run(command, folder):
    """As in a shell where the environment is active; PYTHONPATH as it was not installed from this folder."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(folder)}
    return subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=900)


def test_what_it_names_is_there():
    modules = re.findall(r"python -m ([\w.]+)", README)
    scripts = re.findall(r"python (core/[\w/]+\.py)", README)
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert len(modules) > 6 and len(scripts) > 4 and len(links) > 15
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []
    assert [name for name in (*scripts, *links) if not (ROOT / name).exists()] == []
    assert ". .venv/bin/activate" in README.split("## ")[1], "said once, at the top"


def test_its_targets_of_make_are_there():
    targets = {line.split()[1] for line in LINES if line.startswith("make ")}
    assert {"run", "test", "serve"} <= targets
    assert targets <= set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.slow
def test_its_shell_lines_work_in_a_clone(clone, opened):
    ran = 0
    for line in LINES:
        if line.startswith(("make ", "python3 -m venv", "pip install", "uvx ", "pipx ")):  # set up, by a package index
            named = re.findall(r"-r (\S+)", line)
            assert all((clone / name).exists() for name in named)
        elif line.startswith("streamlit run"):
            with serving(f"{line} --server.headless true --server.port", clone):
                pass
        elif line == "python -m deployment.api":
            port = opened.enter_context(serving("deployment.api --port", clone, "/health"))
        elif line.startswith("curl "):  # of the server in the line before
            done = run(f"{line} --fail --noproxy '*'".replace("8600", str(port)), clone)
            assert done.returncode == 0 and "confidence" in done.stdout, (line, done.stderr, done.stdout)
        else:
            done = run(shortened(line), clone)
            refused = "--promote" in line or "--resume" in line  # a run of one epoch is no better, and it has ended
            assert "Traceback" not in done.stderr and (done.returncode == 0 or refused), (line, done.stderr[-2000:])
            assert not done.returncode or len(done.stderr.strip().splitlines()[-1]) > 20, "a sentence"
        ran += 1
    assert ran == len(LINES) > 12
    assert len(list((clone / "runs").glob("*/config.json"))) == 3 and (clone / "readings" / "summary.md").exists()


@pytest.fixture
def opened():
    """What stays open until the test ends."""
    with contextlib.ExitStack() as stack:
        yield stack


@contextlib.contextmanager
def serving(words, folder, health="/_stcore/health"):
    """Run a module of Python that serves, on a free port, which it yields. words: the module and its arguments."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", *words.split(), str(port)], cwd=folder, stdout=subprocess.DEVNULL,
                               env={**os.environ, "PYTHONPATH": str(folder)})
    try:
        deadline = time.monotonic() + 120
        while not healthy(port, health):
            assert process.poll() is None and time.monotonic() < deadline, words
            time.sleep(0.1)
        yield port
    finally:
        end(process)


@pytest.mark.slow
def test_its_python_and_its_command_read_pictures(clone):
    code = "\n".join(blocks(README, "python"))
    code += "print(reading.digit, repr(number.text), len(number.digits[0].box))"
    said = run(f"python -c {shlex.quote(code)}", clone)
    assert said.stdout == "3 '1869\\n250' 4\n", said.stderr[-2000:]
    assert run("python -m deployment.deploy_mnist photo.jpg", clone).stdout.startswith("photo.jpg: 3 ")
