"""Readings as the deployer's own; a worker and the client killed in the middle lose nothing that had ended."""

import csv
import io
import os
import signal
import subprocess
import sys
import threading
import time

import cloudpickle
import numpy as np
import pyarrow.parquet as pq
import pytest
from killing import kill_once
from PIL import Image

from analytics.archive import __main__ as command
from analytics.archive import summary, work
from analytics.archive.read import read_part
from analytics.archive.sources import find
from analytics.archive.store import Store
from core.command import Refusal
from deployment.deploy_mnist import MNISTDeployer

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers know no tests
PART = 2


@pytest.fixture(scope="module")
def reader():
    return MNISTDeployer()


@pytest.fixture(scope="module")
def undisturbed(folder, reader):
    """The rows of the folder's pictures, read here, one after the other."""
    return read_part(find([folder]), None, False)[0]


def told(store):
    """All rows of a finished store."""
    return [row for part in store.parts for row in pq.read_table(store.path(part)).to_pylist()]


def same(found, expected):
    assert [row["path"] for row in found] == [row["path"] for row in expected]
    for name in ("digit", "emotion", "alternatives", "error"):
        assert [row[name] for row in found] == [row.get(name) for row in expected]
    for name in ("confidence", "novelty"):
        assert [row[name] for row in found] == pytest.approx([row[name] for row in expected], abs=1e-6, rel=1e-6)


def test_rows_say_what_the_deployer_says(folder, reader, undisturbed):
    paths = sorted(folder.glob("*.png"))
    for row, answer, path in zip(undisturbed, reader.predict_batch(paths), paths, strict=True):
        assert row["path"] == str(path) and row["digit"] == answer.digit and row["error"] is None
        assert row["confidence"] == pytest.approx(answer.confidence, abs=1e-6) and row["emotion"] == answer.emotion
        assert row["alternatives"].split()[0] == str(answer.digit)


def test_workers_read_it_all_and_a_second_call_reads_nothing(folder, reader, undisturbed, client, tmp_path):
    store, done = Store(tmp_path, find([folder]), PART, False, reader.sha256), []
    work.read_all(client, store, None, reader.sha256, done.append)
    same(told(store), undisturbed)
    assert sum(done) == len(undisturbed) and store.missing() == []
    work.read_all(client, store, None, reader.sha256, done.append, read=None)  # would fail where it is asked
    store.path(1).unlink()
    work.read_all(client, store, None, reader.sha256, done.append)
    assert done[-1] == PART
    same(told(store), undisturbed)


def slow_part(items, model, numbers):
    time.sleep(0.3)
    return read_part(items, model, numbers)


def test_a_worker_killed_in_the_middle_is_replaced(folder, reader, undisturbed, client, tmp_path):
    store, killed = Store(tmp_path, find([folder]), PART, False, reader.sha256), []

    def kill(_):
        if not killed:
            killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    work.read_all(client, store, None, reader.sha256, kill, slow_part)
    same(told(store), undisturbed)
    assert killed[0] not in client.run(os.getpid).values()


def deadly_part(items, model, numbers):
    """A picture over which its process dies, whoever reads it."""
    if any(item.name.endswith("05.png") for item in items):
        os._exit(1)
    return read_part(items, model, numbers)


@pytest.mark.slow
def test_a_picture_that_kills_its_reader_is_a_row(folder, reader, undisturbed, client, tmp_path):
    store = Store(tmp_path, find([folder]), 4, False, reader.sha256)
    work.read_all(client, store, None, reader.sha256, read=deadly_part)
    found = told(store)
    assert "ended the worker" in found[5]["error"] and found[5]["digit"] is None
    same(found[:5] + found[6:], undisturbed[:5] + undisturbed[6:])


def test_a_worker_with_another_model_is_refused(folder, client, tmp_path):
    store = Store(tmp_path, find([folder]), PART, False, "another")
    with pytest.raises(ValueError, match="another model"):
        work.read_all(client, store, None, "another")


@pytest.mark.slow
def test_a_client_killed_in_the_middle_goes_on(folder, undisturbed, tmp_path):
    """The command, killed as soon as a part is there: the parts that had ended are not read again."""
    call = [sys.executable, "-m", command.__package__, str(folder), "--out", str(tmp_path / "out"), "--part", "1"]
    kill_once([*call, "--workers", "1"], lambda: list((tmp_path / "out").glob("part-*.parquet")))
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("part-*.parquet")}
    again = subprocess.run([*call, "--workers", "2"], capture_output=True, text=True, timeout=240)
    assert again.returncode == 0, again.stderr
    assert 0 < len(kept) < len(undisturbed)
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    same([row for path in sorted((tmp_path / "out").glob("part-*.parquet")) for row in pq.read_table(path).to_pylist()],
         undisturbed)


def test_what_cannot_be_read_is_a_row_and_is_counted(folder, digits, reader, tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "broken.png").write_bytes(b"no picture")
    Image.new("L", (40, 40), 255).save(pictures / "empty.png")
    Image.fromarray(255 - np.kron(digits[0], np.ones((4, 4), np.uint8))).save(pictures / "seven.png")
    store = Store(tmp_path / "out", find([pictures]), 10, False, reader.sha256)
    store.write(0, read_part(store.items, None, False)[0])
    text = summary.write(store)
    assert "3 pictures, 2 of them unreadable" in text and "| 7 | 1 |" in text and "No ink was detected" in text
    rows = told(store)
    assert "not a picture" in rows[0]["error"] and rows[2]["digit"] == 7
    with Image.open(store.folder / "doubt.png") as sheet:
        assert np.asarray(sheet.convert("L"))[20:90, 2:90].std() > 20  # the one that could be read


def test_whole_numbers(digits, reader, tmp_path):
    Image.fromarray(255 - np.concatenate(list(digits[:3]), axis=1)).resize((504, 168)).save(tmp_path / "number.png")
    (row,), _ = read_part(find([tmp_path / "number.png"]), None, True)
    (answer,) = reader.read_numbers([tmp_path / "number.png"])
    assert row["text"] == answer.text == "721" and row["confidence"] == pytest.approx(answer.confidence, abs=1e-6)
    store = Store(tmp_path / "out", find([tmp_path / "number.png"]), 10, True, reader.sha256)
    store.write(0, [row])
    assert "| 3 | 1 |" in summary.write(store)
    store.write(0, [row | {"text": "12\n34", "path": "=1+1.png"}])
    assert "\n'=1+1.png,12/34," in store.write_csv().read_text(encoding="utf-8")


def test_a_folder_of_other_readings_is_kept(folder, tmp_path):
    Store(tmp_path / "out", find([folder]), PART, False, "hash")
    for other in (("another hash", PART, False), ("hash", PART + 1, False), ("hash", PART, True)):
        with pytest.raises(ValueError, match="something else"):
            Store(tmp_path / "out", find([folder]), *other[1:], other[0])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    with pytest.raises(ValueError, match="not empty"):
        Store(tmp_path / "mine", find([folder]), PART, False, "hash")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_a_damaged_part_is_named(folder, tmp_path):
    store = Store(tmp_path, find([folder]), PART, False, "hash")
    store.path(0).write_bytes(b"no parquet")
    with pytest.raises(ValueError, match=r"part-000000.parquet is damaged"):
        store.read(0)


def test_the_command_reads_memory_in_its_own_process(folder, tmp_path, capsys):
    import fsspec

    memory = fsspec.filesystem("memory")
    for path in folder.glob("0[01].png"):
        memory.pipe(f"/some/{path.name}", path.read_bytes())
    command.main(["memory://some", "--out", str(tmp_path / "out"), "--workers", "1"])
    said = capsys.readouterr()
    assert "2 pictures, 0 of them unreadable" in said.out and threading.main_thread().is_alive()
    command.main(["memory://some", "--out", str(tmp_path / "out"), "--csv"])  # starts no cluster
    table = list(csv.DictReader(io.StringIO((tmp_path / "out" / "readings.csv").read_text(encoding="utf-8"))))
    assert [(row["path"][-6:], row["digit"], row["error"]) for row in table] == [
        ("00.png", "7", ""), ("01.png", "2", "")]
    assert float(table[0]["confidence"]) > 0.9 and sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "archive.json", "doubt.png", "part-000000.parquet", "readings.csv", "summary.md"]
    memory.rm("/some", recursive=True)


@pytest.mark.parametrize("arguments, says", [
    (["nowhere"], "does not exist"), (["{folder}", "--scheduler", "tcp://127.0.0.1:9"], "could not be reached"),
    (["{folder}", "--model", "nowhere"], "config.json is missing")])
def test_the_command_refuses_in_a_sentence(arguments, says, folder, tmp_path, capsys):
    with pytest.raises(Refusal):
        command.main([argument.format(folder=folder) for argument in arguments] + ["--out", str(tmp_path / "out")])
    assert says in capsys.readouterr().err
