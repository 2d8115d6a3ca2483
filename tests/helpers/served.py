"""The command that serves many, with nginx before two processes, run as its users run it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from deployment.server.processes import free_port


class Served:
    """`python -m deployment.server` on a free port, its output in the file `log` of a folder. options: of the command;
    process: what stands in the command lines of the processes that it starts, nginx aside."""

    def __init__(self, folder, *options, process="streamlit"):
        self.port, self.log, self._process = free_port(), folder / "log", process
        with self.log.open("w") as log:
            self.command = subprocess.Popen(
                [sys.executable, "-m", "deployment.server", "--port", str(self.port), *options], stdout=log,
                stderr=subprocess.STDOUT)
        self.wait_for("is served on")

    def wait_for(self, words, seconds=60):
        deadline = time.monotonic() + seconds
        while words not in self.log.read_text():
            assert time.monotonic() < deadline and self.command.poll() is None, self.log.read_text()
            time.sleep(0.05)

    def children(self):
        """The numbers of the processes."""
        numbers = Path(f"/proc/{self.command.pid}/task/{self.command.pid}/children").read_text().split()
        return [int(number) for number in numbers if self._process in Path(f"/proc/{number}/cmdline").read_text()]

    def restart(self):
        """Restart both processes, one after the other."""
        self.command.send_signal(signal.SIGHUP)
        self.wait_for("Process 2 of 2 was restarted")

    def end(self):
        self.command.terminate()
        assert self.command.wait(20) == 0
