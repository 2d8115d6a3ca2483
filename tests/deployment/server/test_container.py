"""What the container file says, done in an empty folder: its commands in an empty environment, and every tab of the
app in its layout, without rights to write and without a network. No image is built, which takes a container engine:
Debian's packages and the user of the image are not tried."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import no_network
import pytest
from browser import at_rest
from outside import outside
from tabs import show_every_tab

from core.digits.data import DATA_DIR
from deployment.server.processes import end, free_port

ROOT = Path(__file__).parents[3]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
# A user without rights who may read everything, as Python itself may lie in somebody's home.
NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *(
    f"--{kind}=-all,+dac_read_search" for kind in ("inh-caps", "ambient-caps", "bounding-set"))]
NEEDS_DATA = "needs the MNIST files in data/; run python -m core.digits.data"
READ_DATA = {"Draw or upload", "Scientific audit"}  # tabs that show images of data/


def steps(word):
    """What follows this word in the container file, line by line."""
    lines = (ROOT / "deployment" / "server" / "Containerfile").read_text().splitlines()
    return [line.removeprefix(word).strip() for line in lines if line.startswith(word + " ")]


def lay_out(folder):
    """Copy into a folder what the container file copies."""
    for *sources, target in map(str.split, steps("COPY")):
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, folder / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, folder / target)


def wait_for(url, server):
    """Until the app behind this address answers."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:
                assert answer.read() == b"ok"
                return
        except OSError:
            assert time.monotonic() < deadline and server.poll() is None
            time.sleep(0.1)


def entrypoint():
    (command,) = map(json.loads, steps("ENTRYPOINT"))
    return command


def test_the_image_holds_what_the_app_reads():
    """The figures and pictures of every tab come from these folders beside the code."""
    copied = {source for *sources, _ in map(str.split, steps("COPY")) for source in sources}
    assert {"core", "deployment", DATA_DIR.name, "final_model", "images"} <= copied


@pytest.mark.ci
def test_the_commands_of_the_container_file_serve_the_app(tmp_path):
    lay_out(tmp_path)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "python"], check=True)
    environment = outside(PATH=f"{tmp_path}/python/bin:/usr/sbin:/usr/bin:/bin", HOME=str(tmp_path))
    (install,) = (command for command in steps("RUN") if command.startswith("pip "))
    subprocess.run(install.split(), cwd=tmp_path, env=environment, check=True)
    assert any("nginx" in command for command in steps("RUN"))

    port = free_port()
    server = subprocess.Popen([*entrypoint(), "--port", str(port)], cwd=tmp_path, env=environment)
    try:
        wait_for(f"http://127.0.0.1:{port}", server)
    finally:
        end(server)


@pytest.fixture(scope="module")
def layout():
    """The container's folder "app", which nobody may write to, and beside it a "home" of the user "nobody"."""
    if os.name != "posix" or os.geteuid() or subprocess.run([*NOBODY, "true"], check=False).returncode:
        pytest.skip("only root can start a process as another user, with setpriv of Linux")
    if NGINX is None:
        pytest.skip("no nginx: install it with the system's packages")
    with tempfile.TemporaryDirectory(prefix="qualm-container-") as folder:  # pytest's own is closed to other users
        folder, user = Path(folder), pwd.getpwnam("nobody")
        folder.chmod(0o755)
        (folder / "app").mkdir()
        lay_out(folder / "app")
        for path in (folder / "app", *(folder / "app").rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        (folder / "hook").mkdir()
        shutil.copy(no_network.__file__, folder / "hook" / "sitecustomize.py")
        (folder / "home").mkdir()
        (folder / "network.log").touch()
        for path in (folder / "home", folder / "network.log"):
            os.chown(path, user.pw_uid, user.pw_gid)
        yield folder


@pytest.mark.ci
@pytest.mark.parametrize("data", ["with data", "without data"])
def test_every_tab_is_whole_without_rights_and_network(layout, browser, data):
    if data == "without data":
        shutil.rmtree(layout / "app" / "data", ignore_errors=True)
    noted, written = layout / "network.log", layout / "server.log"
    noted.write_text("")
    environment = outside(HOME=str(layout / "home"), NETWORK_LOG=str(noted), PYTHONDONTWRITEBYTECODE="1",
                          PYTHONPATH=f"{layout / 'hook'}:{layout / 'app'}")
    how = {"cwd": layout / "app", "env": environment}
    ask = "import urllib.request; urllib.request.urlopen('http://192.0.2.1', timeout=1)"
    asked = subprocess.run([*NOBODY, sys.executable, "-c", ask], capture_output=True, **how)
    assert b"no network here" in asked.stderr and "192.0.2.1" in noted.read_text(), "what is asked is refused and noted"
    noted.write_text("")

    port, errors = free_port(), []
    url = f"http://127.0.0.1:{port}"
    command = [*NOBODY, sys.executable, *entrypoint()[1:], "--port", str(port)]
    with written.open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, **how)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    try:
        wait_for(url, server)
        page.set_default_timeout(60_000)
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        page.wait_for_selector("[data-testid=answer]")
        at_rest(page)
        told = show_every_tab(page, NEEDS_DATA)
        assert told == (READ_DATA if data == "without data" else set()), "in words where pictures would stand"
        assert errors == []
    finally:
        page.close()
        end(server)
    assert "Traceback" not in written.read_text()
    assert noted.read_text().split() == ["started"] * 3, "the command and two processes of the app, and no request"
    assert (layout / "app" / "data").exists() == (data == "with data"), "nothing was downloaded"
