"""Parallel training: each process is pinned to a free core; failures and interrupts stop all processes."""

import json
import os
import shutil
import sys

import pytest

from analytics.studies import processes, reproduce
from analytics.studies.liminal import __main__ as liminal
from analytics.studies.liminal import ablation
from core.blas import VARIABLES


def report_cores(path, seconds=0.0):
    """A command that waits and then writes its cores and its number of BLAS threads to a file."""
    code = (f"import json, os, time; time.sleep({seconds}); cores = sorted(os.sched_getaffinity(0)); "
            f"json.dump([cores, [os.environ[n] for n in {VARIABLES!r}]], open({str(path)!r}, 'w'))")
    return [sys.executable, "-c", code]


@pytest.mark.skipif(not shutil.which("taskset") or len(os.sched_getaffinity(0)) < 2, reason="needs taskset and 2 cores")
def test_the_next_process_takes_the_free_core(tmp_path):
    """The second ends while the first still runs: the third takes the core of the second."""
    done, files = [], [tmp_path / name for name in "012"]
    processes.run_all([report_cores(file, 1.5 if file is files[0] else 0) for file in files], 2, lambda: done.append(1))
    first, second, third = (json.loads(file.read_text()) for file in files)
    assert len(first[0]) == len(third[0]) == 1 and first[0] != third[0] == second[0] and len(done) == 3
    assert set(first[1]) == {"1"}


def test_one_at_a_time_has_the_whole_machine():
    assert processes.pinned(0, 1) == []


def test_all_are_run_and_a_failure_is_a_sentence(tmp_path):
    processes.run_all([], 2)
    with pytest.raises(ValueError, match="Call again to continue"):
        processes.run_all([[sys.executable, "-c", "raise SystemExit(3)"]], 1)


IGNORE_SIGTERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
BEGINS = "import os, pathlib, time; pathlib.Path({!r}).write_text(str(os.getpid())); time.sleep(30)"
FAILS = "import pathlib, sys, time\nwhile not pathlib.Path({!r}).exists(): time.sleep(0.01)\nsys.exit(3)"


@pytest.mark.parametrize("before", ["", IGNORE_SIGTERM], ids=["terminates", "ignores SIGTERM"])
def test_when_one_fails_the_others_are_ended_and_waited_for(tmp_path, monkeypatch, before):
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.3)
    begun = str(tmp_path / "begun")
    commands = [[sys.executable, "-c", before + BEGINS.format(begun)], [sys.executable, "-c", FAILS.format(begun)]]
    with pytest.raises(ValueError, match="Call again to continue"):
        processes.run_all(commands, 2)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "begun").read_text()), 0)


def test_an_interrupt_ends_all(tmp_path, monkeypatch):
    begun = tmp_path / "begun"

    def sleep(seconds):
        if begun.exists() and begun.read_text():
            raise KeyboardInterrupt

    monkeypatch.setattr(processes.time, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        processes.run_all([[sys.executable, "-c", BEGINS.format(str(begun))]], 1)
    with pytest.raises(ProcessLookupError):
        os.kill(int(begun.read_text()), 0)


@pytest.mark.parametrize("main, words, result", [
    (reproduce.main, ["--job", "digit-app", "as stated", "0"],
     lambda: reproduce.result_path("digit-app", "as stated", 0)),
    (liminal.main, ["one", "--row", "K = 3"], lambda: ablation.files("K = 3", 0)[0])], ids=["reproduce", "liminal"])
def test_a_run_that_another_process_trains_is_not_trained_twice(tmp_path, monkeypatch, capsys, main, words, result):
    monkeypatch.setattr(reproduce, "RESULTS", tmp_path)
    monkeypatch.setattr(ablation, "RUNS", tmp_path)
    with processes.sole_training(result()), pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2 and "another process is at work in" in capsys.readouterr().err
