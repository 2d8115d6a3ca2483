"""Trainings side by side: each on a core of its own, whichever place has become free; a failure is told."""

import json
import os
import shutil
import sys

import pytest

from analytics.studies import processes
from core.blas import VARIABLES


def says(path, seconds=0.0):
    """A command that waits and then writes its cores and its threads of BLAS to a file."""
    code = (f"import json, os, time; time.sleep({seconds}); cores = sorted(os.sched_getaffinity(0)); "
            f"json.dump([cores, [os.environ[n] for n in {VARIABLES!r}]], open({str(path)!r}, 'w'))")
    return [sys.executable, "-c", code]


@pytest.mark.skipif(not shutil.which("taskset") or len(os.sched_getaffinity(0)) < 2, reason="needs taskset and 2 cores")
def test_who_comes_next_takes_the_core_that_is_free(tmp_path):
    """The second ends while the first still runs: the third is to join neither."""
    done, files = [], [tmp_path / name for name in "012"]
    processes.run_all([says(file, 1.5 if file is files[0] else 0) for file in files], 2, lambda: done.append(1))
    first, second, third = (json.loads(file.read_text()) for file in files)
    assert len(first[0]) == len(third[0]) == 1 and first[0] != third[0] == second[0] and len(done) == 3
    assert set(first[1]) == {"1"}


def test_one_at_a_time_has_the_whole_machine():
    assert processes.pinned(0, 1) == []


def test_all_are_run_and_a_failure_is_a_sentence(tmp_path):
    processes.run_all([], 2)
    with pytest.raises(ValueError, match="Call again to go on"):
        processes.run_all([[sys.executable, "-c", "raise SystemExit(3)"]], 1)
