"""What the container file says, done in an empty folder with an empty environment. No image is built, which takes a
container engine: Debian's packages and the user of the image are not tried."""

import json
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from deployment.server.processes import end, free_port

ROOT = Path(__file__).parents[3]


def steps(word):
    """What follows this word in the container file, line by line."""
    lines = (ROOT / "deployment" / "server" / "Containerfile").read_text().splitlines()
    return [line.removeprefix(word).strip() for line in lines if line.startswith(word + " ")]


@pytest.mark.slow
def test_the_commands_of_the_container_file_serve_the_app(tmp_path):
    for *sources, target in map(str.split, steps("COPY")):
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, tmp_path / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, tmp_path / target)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "python"], check=True)
    environment = {"PATH": f"{tmp_path}/python/bin:/usr/sbin:/usr/bin:/bin", "HOME": str(tmp_path)}
    (install,) = (command for command in steps("RUN") if command.startswith("pip "))
    subprocess.run(install.split(), cwd=tmp_path, env=environment, check=True)
    assert any("nginx" in command for command in steps("RUN"))

    (command,) = map(json.loads, steps("ENTRYPOINT"))
    port = free_port()
    server = subprocess.Popen([*command, "--port", str(port)], cwd=tmp_path, env=environment)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5) as answer:
                    assert answer.read() == b"ok"
                    break
            except OSError:
                assert time.monotonic() < deadline and server.poll() is None
                time.sleep(0.1)
    finally:
        end(server)
