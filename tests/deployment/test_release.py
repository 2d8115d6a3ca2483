"""Memory that is no longer used goes back to the system."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from deployment.upload import reading
from deployment.upload.archive import Picture

# Each of twelve threads keeps a small thing and frees a large one below it, as threads that answer do.
WORK = """
import threading
import numpy as np
from analytics.memory import resident_megabytes
from deployment.release import one_arena, trim
one_arena()
kept = []
def work():
    parts = [np.ones(100_000, np.uint8) for _ in range(200)]
    kept.append(parts[-1])
for _ in range(12):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
before = resident_megabytes()
trim()
print(before - resident_megabytes())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is another")
def test_what_was_freed_below_something_kept_goes_back():
    told = subprocess.run([sys.executable, "-c", WORK], check=True, capture_output=True, text=True,
                          cwd=Path(__file__).parents[2])
    assert float(told.stdout) > 10, "MB"


def test_an_upload_that_was_read_is_followed_by_a_trim(monkeypatch):
    trims = []
    monkeypatch.setattr(reading, "trim", lambda: trims.append(True))
    uploaded = reading.Reading([Picture(name, lambda: b"no picture") for name in "ab"], [])
    uploaded.step(Nobody(), 10)
    assert uploaded.done == 2 and trims == [True]


class Nobody:
    def predict_batch(self, pictures, names, skip_errors):
        return [names[0]]
