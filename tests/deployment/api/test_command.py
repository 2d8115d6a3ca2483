"""The command that serves the readers over HTTP: tokens, addresses, what is missing, a process from start to end."""

import builtins
import contextlib
import io
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from app import EXAMPLES, ROOT
from PIL import Image

from deployment.api import command

LONG = "0123456789abcdef"


@pytest.fixture(autouse=True)
def _without_a_token(monkeypatch):
    monkeypatch.delenv(command.TOKEN, raising=False)


def refusal(capsys, *argv):
    """The one line with which the command does not start."""
    with pytest.raises(SystemExit) as ended:
        command.main(argv)
    assert ended.value.code == 2
    said = capsys.readouterr().err.strip()
    assert "Traceback" not in said
    return said.splitlines()[-1]


def test_other_machines_need_a_token(capsys):
    for host in ("0.0.0.0", "::", "192.0.2.1", "a.example"):
        assert "so a token is needed" in refusal(capsys, "--host", host)
    for host in ("127.0.0.1", "::1", "localhost"):
        command.check_host(host, "")
    command.check_host("0.0.0.0", LONG)


def test_a_token_is_of_a_file_or_of_the_environment_and_never_weak(tmp_path, monkeypatch, capsys):
    file = tmp_path / "token"
    for weak in ("", "short", "two words of letters", "n\u00f6t of ASCII letters".replace(" ", "")):
        file.write_text(weak)
        assert f"the token in {file} must have at least 16" in refusal(capsys, "--token-file", str(file))
    assert "No such file" in refusal(capsys, "--token-file", str(tmp_path / "none"))
    file.write_text(f"{LONG}\n")
    monkeypatch.setenv(command.TOKEN, LONG[::-1])
    assert command.token_of(file) == LONG and command.token_of(None) == LONG[::-1]
    monkeypatch.setenv(command.TOKEN, "short")
    assert "the variable QUALM_TOKEN must have" in refusal(capsys)


def test_what_is_missing_or_wrong_is_one_sentence(tmp_path, monkeypatch, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"127.0.0.1:{port} cannot be served (Address already in use)" in refusal(capsys, "--port", port)
    assert "at most 20" in refusal(capsys, "--most-mb", "21")
    assert str(tmp_path) in refusal(capsys, "--port", "0", "--model", str(tmp_path))
    imported = builtins.__import__

    def without(name, *rest):
        if name == "fastapi":
            raise ModuleNotFoundError(name, name=name)
        return imported(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert refusal(capsys) == 'api: fastapi is missing; install it with: pip install "qualm-reader[api]"'


@contextlib.contextmanager
def started(*code):
    """The process of the command, which runs code after it, and its address."""
    code = "\n".join(["from deployment.api.command import main", "code = main(['--port', '0'])", *code])
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        address = process.stdout.readline().split()[3].strip(";")
        assert address.startswith("http://127.0.0.1:")
        yield process, address
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def posted(address, data):
    """The body of the answer to a picture."""
    request = urllib.request.Request(address, data, {"Content-Type": "image/png"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=120) as answer:
        return answer.read()


@pytest.mark.ci  # a new process: two seconds
def test_a_process_answers_without_streamlit_and_ends_at_a_signal():
    with started("import os, sys", "print(code, 'streamlit' in sys.modules, os.environ['OPENBLAS_NUM_THREADS'])"
                 ) as (process, address):
        assert b'"digit":7' in posted(f"{address}/read", (EXAMPLES / "seven.png").read_bytes())
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[0].strip() == "0 False 1"


@pytest.mark.ci
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc, of Linux")
def test_memory_is_given_back_after_large_pictures():
    sheet = np.asarray(Image.open(EXAMPLES / "sheet.jpg").convert("RGB").resize((2600, 2000)))
    noise = np.random.default_rng(0).integers(180, 256, sheet.shape, np.uint8)
    file = io.BytesIO()
    Image.fromarray(np.minimum(sheet, noise)).save(file, "PNG", compress_level=1)
    assert 10 * 2**20 < len(file.getvalue()) < 20 * 2**20
    with started() as (process, address):
        def megabytes():
            status = Path(f"/proc/{process.pid}/status").read_text()
            return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

        posted(f"{address}/table", (EXAMPLES / "sheet.jpg").read_bytes())
        before = megabytes()
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda _: posted(f"{address}/table", file.getvalue()), range(4)))
        assert megabytes() < before + 100  # 200 more without `trim`
