"""Supervised processes: several of the app or of the server for programs, and nginx in front of them."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deployment.server.front import configuration

APP = Path(__file__).parents[1] / "app.py"
PATIENCE = 60.0  # seconds for a process to come up
GRACE = 5.0  # seconds for a process to end after SIGTERM
SOON = 5.0  # seconds; a process that ends sooner is restarted after a pause, which doubles each time
PAUSE = 30.0  # seconds, the longest pause


@dataclass(frozen=True)
class Service:
    """What the processes serve."""

    words: tuple[str, ...]  # of `python`; a port follows
    environment: dict[str, str]
    health: str  # address that answers with status 200 once it can be used
    api: bool = False


def app(names: Sequence[str], lab: str = "off") -> Service:
    """The app, for visitors with a browser. lab: see QUALM_LAB in deployment/lab/session.py."""
    words = ["-m", "streamlit", "run", str(APP), "--server.address", "127.0.0.1"]
    for name in names:  # otherwise Streamlit looks up the external address of this machine
        words += ["--server.corsAllowedOrigins", f"http://{name}"]
    # the token that protects uploads is signed with a secret shared by all processes
    secret = {"STREAMLIT_SERVER_COOKIE_SECRET": secrets.token_hex(32)}
    return Service((*words, "--server.port"), {**secret, "QUALM_LAB": lab}, "/_stcore/health")


def api(token: str) -> Service:
    """The server for programs. token: what each request must carry, empty for none."""
    return Service(("-m", "deployment.api", "--port"), {"QUALM_TOKEN": token}, "/health", api=True)


class Process:
    """One process of a service on a separate port, restarted when it ends."""

    def __init__(self, service: Service):
        self.port, self._service = free_port(), service
        self._pause = 0.0  # seconds before its last restart
        self.start()

    def start(self) -> None:
        """Start the process."""
        command = [sys.executable, *self._service.words, str(self.port)]
        self._started = time.monotonic()
        self._restart_at: float | None = None  # set when it has ended
        try:
            self._process = subprocess.Popen(command, env={**os.environ, **self._service.environment},
                                             stdin=subprocess.DEVNULL,
                                             stdout=subprocess.DEVNULL)  # it would print an address that is not public
        except OSError as error:  # no resources; `keep` tries again
            self._process = None
            print(f"The process on port {self.port} cannot be started: {error}", file=sys.stderr, flush=True)

    @property
    def answers(self) -> bool:
        """Whether the process answers."""
        return healthy(self.port, self._service.health)

    def keep(self) -> None:
        """Restart the process if it has ended: at once, or after a pause if it ended soon after its start."""
        if self._process and self._process.poll() is None:
            return
        now = time.monotonic()
        if self._restart_at is None:
            self._pause = min(PAUSE, max(1.0, 2 * self._pause)) if now - self._started < SOON else 0.0
            self._restart_at = now + self._pause
        if now >= self._restart_at:
            self.start()

    def stop(self) -> None:
        """End the process."""
        if self._process:
            end(self._process)


class Front:
    """nginx in front of the processes. api: whether they are of the server for programs."""

    def __init__(self, processes: list[Process], listen: str, names: list[str],
                 certificate: tuple[Path, Path] | None = None, api: bool = False):
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            raise RuntimeError("nginx is not installed: install it with your system's packages (apt install nginx).")
        self._listen, self._names, self._certificate, self._api = listen, names, certificate, api
        self._ports = [process.port for process in processes]
        self._folder = tempfile.TemporaryDirectory(prefix="qualm-")
        os.chmod(self._folder.name, 0o711)  # if started by root, nginx workers run as another user
        self._command = [program, "-p", self._folder.name, "-c", "nginx.conf", "-e", "stderr"]
        self._write()
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)
        self._wait()

    def _wait(self) -> None:
        """Wait until it accepts connections or has ended."""
        host, _, port = self._listen.rpartition(":")
        while self.running:
            with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
                return
            time.sleep(0.02)

    def _write(self, down: int | None = None) -> None:
        text = configuration(self._listen, self._ports, self._names, down, self._certificate, self._api)
        (Path(self._folder.name) / "nginx.conf").write_text(text)

    def hold_back(self, index: int | None) -> None:
        """Send no visitors to this process until the next call; None: use all processes."""
        self._write(down=index)
        self._reload()

    def _reload(self) -> None:
        subprocess.run([*self._command, "-s", "reload"], check=False)  # main notices if nginx has ended
        time.sleep(0.5)  # its new workers take over a moment later

    @property
    def running(self) -> bool:
        """Whether nginx is running."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End nginx and delete its files."""
        end(self._process)
        self._folder.cleanup()


def come_up(processes: list[Process]) -> None:
    """Wait until all processes answer, at most PATIENCE. Raises RuntimeError if none answers then."""
    deadline = time.monotonic() + PATIENCE
    while not all(answers := [process.answers for process in processes]):
        if time.monotonic() > deadline:
            if not any(answers):
                raise RuntimeError("No process answers; see its messages above.")
            print(f"{answers.count(False)} of {len(answers)} processes do not answer; they are tried again.",
                  flush=True)
            return
        for process in processes:
            process.keep()
        time.sleep(0.05)


def restart(processes: list[Process], front: Front) -> Iterator[None]:
    """Restart one process after another; its visitors go to the others meanwhile.

    Yields while it waits, so that the caller can supervise all processes. If one does not come back, the others are
    not restarted.
    """
    for index, process in enumerate(processes):
        name, deadline = f"Process {index + 1} of {len(processes)}", time.monotonic() + PATIENCE
        front.hold_back(index)
        process.stop()
        process.start()
        while not process.answers and time.monotonic() < deadline:
            yield
        came = process.answers
        print(f"{name} was restarted." if came else
              f"{name} does not come back: it is tried again, and the others are not restarted.", flush=True)
        if not came:
            break
    front.hold_back(None)


def free_port() -> int:
    """A free TCP port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def healthy(port: int, path: str = "/_stcore/health") -> bool:
    """Whether an app on this port of this machine answers, or another service with the address of its health."""
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=1) as answer:
        return answer.status == 200
    return False


def end(process: subprocess.Popen) -> None:
    """Terminate a process; kill it after GRACE."""
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
