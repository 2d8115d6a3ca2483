"""Parallel studies: the table stays complete, finished runs are not repeated, a failure loses only its run."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import cloudpickle
import dask
import pytest
from killing import kill_once

from analytics.studies import run as command
from analytics.studies import sweep
from analytics.studies.run import chosen, run_all
from analytics.studies.runs import Table, code_version
from core.command import Refusal

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import tests


@dataclass(frozen=True)
class Powers:
    """A study with fast runs that can be made slow or failing."""

    name: str = "powers"
    seconds: float = 0.0
    fails: int = -1
    modules = ("core.formats",)

    def run(self, regime, arm, seed):
        time.sleep(self.seconds)
        if seed == self.fails:
            raise ValueError("no such power")
        return {"power": float(int(regime)) ** seed, "pid": os.getpid()}


CELLS = [("2", "a", seed) for seed in range(6)]
POWERS = [2.0**seed for seed in range(6)]


def row(**changes):
    return {"study": "s", "regime": "r", "arm": "a", "seed": 0, "version": "v", "value": 1.5, **changes}


def test_a_table_keeps_rows_by_their_keys(tmp_path):
    table = Table(tmp_path / "deep" / "table.parquet")
    for made in (row(seed=1), row(), row(value=2.5), row(arm="b", bits=b"\0\1"), row(version="w")):
        table.add(made)
    again = Table(table.path)
    assert again.of("s", "v") == [row(value=2.5), row(seed=1), row(arm="b", bits=b"\0\1")]
    assert len(again.of("s")) == 4 and again.of("other") == []
    assert ("s", "r", "a", 1, "v") in again and ("s", "r", "a", 2, "v") not in again


def test_a_table_keeps_what_another_client_adds(tmp_path):
    one, other = (Table(tmp_path / "table.parquet") for _ in range(2))
    one.add(row())
    other.add(row(seed=1))
    one.add(row(seed=2))
    assert [made["seed"] for made in Table(one.path).of("s")] == [0, 1, 2]


def test_two_processes_write_one_table_and_no_row_is_lost(tmp_path):
    """Both add rows concurrently; the temporary file of a killed process is removed."""
    path, each = tmp_path / "table.parquet", 25
    (tmp_path / "table.parquet.1-beef.part").write_bytes(b"of a killed process")
    code = ("import sys\nfrom analytics.studies.runs import Table\nprint(flush=True)\ninput()\n"
            f"for seed in range({each}):\n    Table({str(path)!r}).add("
            "dict(study='s', regime='r', arm=sys.argv[1], seed=seed, version='v'))")
    running = [subprocess.Popen([sys.executable, "-c", code, arm], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
               for arm in "ab"]
    for process in running:
        process.stdout.readline()
    for process in running:
        process.stdin.write(b"\n")
        process.stdin.flush()
    for process in running:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert [(made["arm"], made["seed"]) for made in Table(path).of("s")] == [
        (arm, seed) for arm in "ab" for seed in range(each)]
    assert [p.name for p in tmp_path.iterdir() if p.name != ".lock"] == ["table.parquet"]


def test_workers_keep_the_memory_that_they_use_again_and_no_profile(client):
    assert set(client.run(os.environ.get, "MALLOC_TRIM_THRESHOLD_").values()) == {None}
    assert set(client.run(dask.config.get, "distributed.worker.profile.enabled").values()) == {False}


def test_equal_tables_are_equal_files(tmp_path):
    for name, seeds in (("a", (0, 1, 2)), ("b", (2, 0, 1))):
        table = Table(tmp_path / name)
        for seed in seeds:
            table.add(row(seed=seed))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_file_that_is_no_table_is_named_and_unchanged(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "words").write_text("words")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other")
    for name, message in (("words", "cannot be read as Parquet"), ("other", "no table of runs")):
        with pytest.raises(ValueError, match=message):
            Table(tmp_path / name)
    assert (tmp_path / "words").read_text() == "words"


def test_the_code_version_ignores_comments_and_docstrings(tmp_path, monkeypatch):
    package = tmp_path / "some_study"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    versions = []
    for text in ('"""One."""\ndef f(x):\n    """Doc."""\n    return x + 1  # why\n', "def f(x): return x + 1\n",
                 "def f(x):\n    return x + 2\n"):
        (package / "work.py").write_text(text)
        versions.append(code_version(["some_study"]))
    assert versions[0] == versions[1] != versions[2] and len(versions[0]) == 12


def test_finished_runs_are_stored_and_failures_reported(client, tmp_path):
    table = Table(tmp_path / "table.parquet")
    failed = run_all(Powers(fails=3), CELLS, table, client)
    assert failed == ["2, a, 3: no such power"]
    before = {made["seed"]: made["seconds"] for made in table.of("powers")}
    assert sorted(before) == [0, 1, 2, 4, 5]
    assert run_all(Powers(), CELLS, Table(table.path), client) == []
    rows = Table(table.path).of("powers")
    assert [made["power"] for made in rows] == POWERS
    assert all(made["seconds"] == before[made["seed"]] for made in rows if made["seed"] in before)
    assert {made["version"] for made in rows} == {code_version(["core.formats"])}


def test_a_killed_worker_loses_only_its_run(client, tmp_path):
    killed = []

    def kill_one(finished):
        for future in finished:
            if not killed:
                killed.append(future.result()["pid"])
                os.kill(killed[0], signal.SIGKILL)
            yield future

    table = Table(tmp_path / "table.parquet")
    assert run_all(Powers(seconds=0.3), CELLS, table, client, lambda done, total: kill_one(done)) == []
    rows = Table(table.path).of("powers")
    assert [made["power"] for made in rows] == POWERS and len({made["pid"] for made in rows} - set(killed)) >= 1


def test_cells_are_chosen_by_name():
    cells = [("r", "a", 0), ("r", "b", 0), ("q", "a", 1)]
    assert chosen(cells, []) == cells and chosen(cells, ["q"]) == cells[2:] and chosen(cells, ["b", "q"]) == cells[1:]
    with pytest.raises(ValueError, match=r"called c; there are a, b, q, r"):
        chosen(cells, ["c"])


def test_a_sweep_has_an_arm_for_every_combination():
    grid = sweep.swept("sprint", [["lr", "1e-3", "2e-3"], ["hidden", "256,256", "512"]])
    assert list(grid.configs) == ["lr=1e-3 hidden=256,256", "lr=1e-3 hidden=512", "lr=2e-3 hidden=256,256",
                                   "lr=2e-3 hidden=512"]
    config = grid.configs["lr=2e-3 hidden=256,256"]
    assert (config.lr, config.hidden, config.preset) == (2e-3, (256, 256), "sprint")
    assert len(grid.cells(3)) == 12 and sweep.swept("sprint", []).cells() == [("sprint", "as it is", 0)]


@pytest.mark.parametrize("arguments, message", [
    (["sprint", "--sweep", "speed", "1"], "no setting 'speed'"),
    (["sprint", "--sweep", "lr", "fast"], "'fast' is not a"),
    (["sprint", "--sweep", "lr"], "names no value"), (["sprint", "--sweep", "lr", "-1"], "lr must be in"),
    (["sprint", "--sweep", "lr", "1", "--sweep", "lr", "2"], "given twice"),
    (["gate", "--seeds", "3"], "fixed by the protocol"), (["gate", "--only", "nobody"], "no cell is called nobody")])
def test_the_command_refuses_in_a_sentence(arguments, message, tmp_path, capsys):
    with pytest.raises(Refusal):
        command.main([*arguments, "--table", str(tmp_path / "table.parquet")])
    assert message in capsys.readouterr().err and not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_killed_client_continues_to_the_same_table(tmp_path):
    """A sweep that is killed after its first run and called again has the same rows as an undisturbed one."""
    def call(name):
        return [sys.executable, "-m", command.__name__, "plain-ann", "--sweep", "hidden", "8", "16", "--sweep",
                "epochs", "1", "--seeds", "2", "--workers", "1", "--table", str(tmp_path / name)]

    kill_once(call("killed"), (tmp_path / "killed").exists)
    before = Table(tmp_path / "killed").of("plain-ann")
    for name in ("killed", "whole"):
        assert subprocess.run(call(name), timeout=240, capture_output=True).returncode == 0
    killed, whole = (Table(tmp_path / name).of("plain-ann") for name in ("killed", "whole"))
    assert 0 < len(before) < len(whole) == 4 and all(made in killed for made in before)
    for made, expected in zip(killed, whole, strict=True):
        assert {**made, "seconds": 0} == {**expected, "seconds": 0}
    assert "| hidden=16 epochs=1 | 2 |" in sweep.swept("plain-ann", [["hidden", "8", "16"], ["epochs", "1"]]).summary(
        Table(tmp_path / "whole"))
