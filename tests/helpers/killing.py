"""A command that is killed in the middle."""

import os
import signal
import subprocess
import time


def kill_once(call, begun, seconds=240):
    """Start a command and kill it, with the processes that it started, as soon as begun() is true."""
    process = subprocess.Popen(call, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + seconds
    while not begun():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
