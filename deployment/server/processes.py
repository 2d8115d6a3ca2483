"""Processes that are kept running: several of the app, and nginx before them."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from deployment.server.front import configuration

APP = Path(__file__).parents[1] / "app.py"
PATIENCE = 60.0  # seconds for a process to come up
GRACE = 5.0  # seconds to end of its own accord
SOON = 5.0  # seconds: a process that lasts no longer is started anew after a pause, twice as long each time
PAUSE = 30.0  # seconds, the longest


class App:
    """One process of the app on a port of its own, started anew whenever it ends."""

    def __init__(self, names, secret):
        self.port, self._names, self._secret = free_port(), names, secret
        self._pause = 0.0  # seconds before it was last started anew
        self.start()

    def start(self):
        command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.address", "127.0.0.1",
                   "--server.port", str(self.port)]
        for name in self._names:  # Streamlit would otherwise ask the network what this machine is called
            command += ["--server.corsAllowedOrigins", f"http://{name}"]
        # uploads are guarded by a token that every process must know
        environment = {**os.environ, "STREAMLIT_SERVER_COOKIE_SECRET": self._secret}
        self._started, self._again = time.monotonic(), None  # and when to start it anew, once it has ended
        try:
            self._process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                                             stdout=subprocess.DEVNULL)  # its address is not the one to go to
        except OSError as error:  # the system starts no further process: `keep` tries again
            self._process = None
            print(f"The app on port {self.port} cannot be started: {error}", file=sys.stderr, flush=True)

    @property
    def answers(self):
        return healthy(self.port)

    def keep(self):
        """Start it anew if it has ended: at once, or after a pause where it did not last."""
        if self._process and self._process.poll() is None:
            return
        now = time.monotonic()
        if self._again is None:
            self._pause = min(PAUSE, max(1.0, 2 * self._pause)) if now - self._started < SOON else 0.0
            self._again = now + self._pause
        if now >= self._again:
            self.start()

    def stop(self):
        if self._process:
            end(self._process)


class Front:
    """nginx, before the processes of the app."""

    def __init__(self, apps, listen, names, certificate=None):
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            raise RuntimeError("nginx is not installed: install it with your system's packages (apt install nginx).")
        self._apps, self._listen, self._names, self._certificate = apps, listen, names, certificate
        self._folder = tempfile.TemporaryDirectory(prefix="qualm-")
        os.chmod(self._folder.name, 0o711)  # started by root, nginx works as somebody else
        self._command = [program, "-p", self._folder.name, "-c", "nginx.conf", "-e", "stderr"]
        self._write()
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)
        self._wait()

    def _wait(self):
        """Until it takes connections, or has ended."""
        host, _, port = self._listen.rpartition(":")
        while self.running:
            with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
                return
            time.sleep(0.02)

    def _write(self, down=None):
        text = configuration(self._listen, [app.port for app in self._apps], self._names, down, self._certificate)
        (Path(self._folder.name) / "nginx.conf").write_text(text)

    def hold_back(self, index: int | None):
        """Nobody is sent to this process until the next call; None: everybody is sent to all of them."""
        self._write(down=index)
        self._reload()

    def _reload(self):
        subprocess.run([*self._command, "-s", "reload"], check=False)  # should nginx have ended, main sees it
        time.sleep(0.5)  # its new workers take over a moment later

    @property
    def running(self):
        return self._process.poll() is None

    def stop(self):
        end(self._process)
        self._folder.cleanup()


def come_up(apps: list[App]) -> None:
    """Wait until all answer, or for a while. Raises RuntimeError if then none does."""
    deadline = time.monotonic() + PATIENCE
    while not all(answers := [app.answers for app in apps]):
        if time.monotonic() > deadline:
            if not any(answers):
                raise RuntimeError("No process of the app answers; its last words stand above.")
            print(f"{answers.count(False)} of {len(apps)} processes do not answer; they are tried again.", flush=True)
            return
        for app in apps:
            app.keep()
        time.sleep(0.05)


def restart(apps: list[App], front: Front) -> Iterator[None]:
    """Restart one process after another; people on it are passed on to the others.

    Yields while it waits, so that the caller can watch all of them meanwhile. Where one does not come back, the rest
    keep running as they are.
    """
    for index, app in enumerate(apps):
        name, deadline = f"Process {index + 1} of {len(apps)}", time.monotonic() + PATIENCE
        front.hold_back(index)
        app.stop()
        app.start()
        while not app.answers and time.monotonic() < deadline:
            yield
        came = app.answers
        print(f"{name} was restarted." if came else
              f"{name} does not come back: it is tried again, and the others are not restarted.", flush=True)
        if not came:
            break
    front.hold_back(None)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def healthy(port):
    """Whether an app on this port of this machine answers."""
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health",
                                                              timeout=1) as answer:
        return answer.status == 200
    return False


def end(process):
    """End a process, by force if it takes too long."""
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
