"""The wheel in an empty environment outside the checkout: it reads, and the app that it brings reads a drawing."""

import json
import os
import subprocess
import sys
import time

import pytest
from browser import at_rest
from strokes import THREE, draw_by_mouse

from core.shipped import ROOT
from deployment.server.processes import end, free_port, healthy

pytestmark = pytest.mark.ci
EXAMPLES = ROOT / "deployment" / "assets" / "examples"
MOST_BYTES = 50_000_000


def run(*words, cwd, **environment):
    left_out = ("PYTHONPATH", "VIRTUAL_ENV")
    clean = {name: value for name, value in os.environ.items() if name not in left_out}
    return subprocess.run(list(map(str, words)), cwd=cwd, env=clean | environment, capture_output=True, text=True,
                          timeout=900)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    if built.returncode:
        pytest.skip(f"no package index, which building needs: {built.stderr[-300:]}")
    return next(folder.glob("qualm_reader-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The bin folder of an environment with the wheel and what its app needs, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    assert run(sys.executable, "-m", "venv", folder / "env", cwd=folder).returncode == 0
    done = run(folder / "env" / "bin" / "pip", "install", "--quiet", f"{wheel}[app]", cwd=folder)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder / "env" / "bin"


def test_it_is_small_enough(wheel):
    assert wheel.stat().st_size <= MOST_BYTES


def test_it_reads_a_picture_a_number_a_table_and_a_text(installed, tmp_path):
    digit = run(installed / "qualm", "read", "--json", EXAMPLES / "seven.png", cwd=tmp_path)
    assert json.loads(digit.stdout)["digit"] == 7, digit.stderr
    assert ": 2026 " in run(installed / "qualm", "read", "--number", EXAMPLES / "year.png", cwd=tmp_path).stdout
    table = run(installed / "qualm", "read", "--table", EXAMPLES / "sheet.jpg", cwd=tmp_path).stdout
    assert len(table.splitlines()) >= 9 and "860" in table
    code = ("import qualm, core.models.model as model; from core.text.reader import TextReader; "
            "print(qualm.read(r'%s').digit, model.RUNS, qualm.__file__, TextReader)" % (EXAMPLES / "seven.png"))
    said = run(installed / "python", "-c", code, cwd=tmp_path, XDG_DATA_HOME=str(tmp_path / "home")).stdout
    assert said.startswith("7 ") and str(tmp_path / "home") in said and str(ROOT) not in said


def test_its_app_reads_a_drawing(installed, browser, tmp_path):
    port = free_port()
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = subprocess.Popen([installed / "qualm", "--server.port", str(port)], cwd=tmp_path, env=clean,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    try:
        deadline = time.monotonic() + 60
        while not healthy(port):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        page.goto(f"http://127.0.0.1:{port}")
        page.wait_for_selector("[data-testid=answer][data-name='a clear 7']")
        at_rest(page)
        assert str(draw_by_mouse(page, THREE)) == "3"
        page.get_by_role("tab", name="Scientific audit").click()
        page.locator("[data-testid=test-images] img").first.wait_for()
    finally:
        page.close()
        end(process)


def test_uvx_reads_a_picture_from_a_path(wheel, tmp_path):
    made = run(sys.executable, "-m", "venv", tmp_path / "env", cwd=tmp_path)
    got = run(tmp_path / "env" / "bin" / "pip", "install", "--quiet", "uv", cwd=tmp_path)
    if made.returncode or got.returncode:
        pytest.skip(f"uv cannot be installed: {got.stderr[-300:]}")
    started = time.monotonic()
    source = f"qualm-reader @ {wheel.as_uri()}"
    read = run(tmp_path / "env" / "bin" / "uvx", "--python", sys.executable, "--from", source, "qualm", "read",
               EXAMPLES / "seven.png", cwd=tmp_path)
    assert ": 7 " in read.stdout, read.stderr[-2000:]
    print(f"uvx: {time.monotonic() - started:.0f} s to a read picture")
