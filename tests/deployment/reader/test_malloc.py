"""Memory that is no longer used goes back to the system."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from deployment.pages.upload import run
from deployment.reader.picture.archive import Picture

# In a process of its own, whose limits may change: parts of which every second is freed, below the others.
WORK = """
import numpy as np
from analytics.benchmark.rss import resident_megabytes
from deployment.reader.malloc import bound_arenas, trim
assert bound_arenas(), "the C library refuses the limits"
parts = [np.ones(1_000_000, np.uint8) for _ in range(60)]
del parts[::2]
before = resident_megabytes()
trim()
print(before - resident_megabytes())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is another")
def test_what_was_freed_between_what_is_kept_goes_back():
    told = subprocess.run([sys.executable, "-c", WORK], check=True, capture_output=True, text=True,
                          cwd=Path(__file__).parents[3])
    assert float(told.stdout) > 20, "MB of 30"


def test_an_upload_that_was_read_is_followed_by_a_trim(monkeypatch):
    trims = []
    monkeypatch.setattr(run, "trim", lambda: trims.append(True))
    uploaded = run.Run([Picture(name, lambda: b"no picture") for name in "ab"], [])
    uploaded.step(Nobody(), 10)
    assert uploaded.done == 2 and trims == [True]


class Nobody:
    def predict_batch(self, pictures, names, skip_errors):
        return [names[0]]
