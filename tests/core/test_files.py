"""Files that are whole or not there: one by one, several as one, under locks, and where something stops in between."""

import contextlib
import errno
import os
import threading

import pytest

from core import files
from core.files import BusyError, locked, places, replace_together, settle, write_atomic


def read(folder, *names):
    """What a reader sees of these names now, None for what is not there."""
    return [_read(folder, name) for name in names]


def _read(folder, name):
    for path in places(folder, name):
        with contextlib.suppress(FileNotFoundError):
            return path.read_text()
    return None


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    write_atomic(path, "first")
    write_atomic(path, b"second")
    assert path.read_bytes() == b"second"

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError):
        write_atomic(path, "third")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"] and path.read_bytes() == b"second"


def test_several_files_are_replaced_as_one(tmp_path):
    replace_together(tmp_path / "new" / "folder", {"a": "1", "b": b"2"})
    folder = tmp_path / "new" / "folder"
    replace_together(folder, {"b": "3", "c": "4"}, remove=["a", "b", "never there"])
    assert sorted(p.name for p in folder.iterdir()) == ["b", "c"] and read(folder, "b", "c") == ["3", "4"]


class Stopped(BaseException):
    """Stands for a process that ends here: nothing after it is done, not even the tidying up."""


def stop_at(monkeypatch, step):
    """Let the step with this number, of all writes, flushes and renames, be the last thing that happens."""
    count = [0]

    def counted(function):
        def stepped(*args, **kwargs):
            count[0] += 1
            if count[0] > step:
                raise Stopped
            return function(*args, **kwargs)
        return stepped

    for name in ("rename", "replace", "fsync", "unlink", "rmdir", "mkdir"):
        monkeypatch.setattr(os, name, counted(getattr(os, name)))
    monkeypatch.setattr(files.shutil, "rmtree", counted(files.shutil.rmtree))


@pytest.mark.parametrize("step", range(20))
def test_wherever_it_stops_a_reader_sees_the_former_files_or_the_new(tmp_path, step):
    folder = tmp_path / "model"
    replace_together(folder, {"a": "1", "b": "1", "gone": "1"})
    new = {"a": "2", "b": "2", "more": "2"}
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, step)
        with contextlib.suppress(Stopped):
            replace_together(folder, new, remove=["gone"])
    seen = read(folder, "a", "b")
    assert seen in (["1", "1"], ["2", "2"]) and (step or seen == ["1", "1"]) and (step < 19 or seen == ["2", "2"])
    settle(folder)
    assert read(folder, "a", "b") == seen, "finishing changes nothing that one saw"
    assert read(folder, "gone", "more") == (["1", None] if seen[0] == "1" else [None, "2"])
    replace_together(folder, {"a": "3", "b": "3"})
    assert read(folder, "a", "b") == ["3", "3"] and not {p.name for p in folder.iterdir()} & {".part", ".next"}


def test_what_cannot_be_written_changes_nothing_and_leaves_nothing(tmp_path, monkeypatch):
    replace_together(tmp_path, {"a": "1", "b": "1"})
    flushed = []

    def full(handle):
        flushed.append(handle)
        if len(flushed) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_together(tmp_path, {"a": "2", "b": "2"})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"] and read(tmp_path, "a", "b") == ["1", "1"]


def test_only_one_holds_a_lock_and_the_other_waits_or_is_told(tmp_path):
    order, held = [], threading.Event()

    def other():
        held.wait(20)
        with locked(tmp_path):
            order.append("other")

    thread = threading.Thread(target=other)
    thread.start()
    with locked(tmp_path):
        held.set()
        with pytest.raises(BusyError, match="at work in"), locked(tmp_path, wait=False):
            pass
        order.append("first")
    thread.join(20)
    assert order == ["first", "other"]
    with locked(tmp_path, wait=False):
        pass


def test_readers_and_writers_at_once_never_meet_a_mixture(tmp_path):
    """Two writers and a reader, some hundred times; names move up while the reader looks."""
    replace_together(tmp_path, {"a": "0", "b": "0"})
    done, mixtures = threading.Event(), []

    def write(offset):
        for i in range(40):
            replace_together(tmp_path, {"a": f"{offset + i}", "b": f"{offset + i}"})

    def look():
        while not done.is_set():
            before, other, after = read(tmp_path, "a", "b", "a")
            if before == after and before != other:
                mixtures.append((before, other))

    reader, writers = threading.Thread(target=look), [threading.Thread(target=write, args=(n,)) for n in (100, 200)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join(60)
    done.set()
    reader.join(60)
    assert not mixtures and not {p.name for p in tmp_path.iterdir()} & {".part", ".next"}
