"""The app, served on a free port, and the browser that opens it."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass

from core.shipped import ROOT
from deployment.server.processes import free_port, healthy

APP = ROOT / "deployment" / "app.py"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = [  # headless, without the browser's background requests
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def find_browser() -> str | None:
    """The path of a Chromium, from the variable CHROMIUM or the usual names; None if there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


@dataclass(frozen=True)
class Server:
    url: str
    process: int  # process id


@contextlib.contextmanager
def serve(seconds: float = 30) -> Iterator[Server]:
    """Run the app on a free port, outside the project directory; yields a Server once it is healthy.

    Raises RuntimeError with the server's log when it does not start in time.
    """
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port)]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        try:
            deadline = time.monotonic() + seconds
            while not healthy(port):
                if server.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise RuntimeError(f"the app did not start:\n{log.read()}")
                time.sleep(0.05)
            yield Server(f"http://127.0.0.1:{port}", server.pid)
        finally:
            server.terminate()
            server.wait(10)
