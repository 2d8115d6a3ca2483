"""Files that are whole or not there: one by one, several as one, under locks, and where something stops in between."""

import contextlib
import errno
import os
import stat
import threading

import pytest

from core import files
from core.files import BusyError, locked, places, recover, remove_parts, replace_together, write_atomic


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


def test_writers_of_one_file_do_not_share_a_temporary_name(tmp_path, monkeypatch):
    """Another writer comes in between writing and renaming: both find their file, and the last rename counts."""
    path, replace, inner = tmp_path / "a.txt", os.replace, []

    def interrupted(source, target):
        if not inner:
            inner.append(source)
            write_atomic(path, "other")
            assert path.read_text() == "other" and source.read_text() == "mine"
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    write_atomic(path, "mine")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"] and path.read_text() == "mine"


def test_what_killed_processes_left_of_a_file_is_removed_and_nothing_else(tmp_path):
    for name in ("a[1].txt", "a[1].txt.7-beef.part", "a[1].txt.8-cafe.part", "a1.txt.9-beef.part", ".part"):
        (tmp_path / name).write_text("")
    remove_parts(tmp_path / "a[1].txt")
    assert sorted(p.name for p in tmp_path.iterdir()) == [".part", "a1.txt.9-beef.part", "a[1].txt"]


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
    recover(folder)
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


class Msvcrt:
    """Stands for Windows' module: the lock of one byte, refused as there, by an error. Not tested on Windows itself."""

    LK_NBLCK, LK_UNLCK = 2, 0

    def __init__(self, fcntl):
        self.fcntl = fcntl

    def locking(self, handle, mode, size):
        assert size == 1 and not stat.S_ISDIR(os.fstat(handle).st_mode), "Windows opens no folder"
        os.write(handle, b"")  # opened for writing, as Windows asks
        kind = self.fcntl.LOCK_UN if mode == self.LK_UNLCK else self.fcntl.LOCK_EX | self.fcntl.LOCK_NB
        try:
            self.fcntl.flock(handle, kind)
        except BlockingIOError:
            raise PermissionError(errno.EACCES, "Permission denied") from None


@pytest.fixture(params=["here", "as on Windows"])
def system(request, monkeypatch):
    if request.param == "as on Windows":
        monkeypatch.setattr(files, "msvcrt", Msvcrt(files.fcntl))
        monkeypatch.setattr(files, "fcntl", None)


@pytest.mark.parametrize("name", [".", "file.lock"], ids=["folder", "file"])
def test_only_one_holds_a_lock_and_the_other_waits_or_is_told(tmp_path, system, name):
    order, held, path = [], threading.Event(), tmp_path / name

    def other():
        held.wait(20)
        with locked(path):
            order.append("other")

    thread = threading.Thread(target=other)
    thread.start()
    with locked(path):
        held.set()
        with pytest.raises(BusyError, match="at work in"), locked(path, wait=False):
            pass
        order.append("first")
    thread.join(20)
    assert order == ["first", "other"]
    with locked(path, wait=False):
        pass


def test_files_are_replaced_together_as_on_windows(tmp_path, system):
    folder = tmp_path / "model"
    replace_together(folder, {"a": "1", "b": "1"})
    replace_together(folder, {"a": "2"}, remove=["b"])
    recover(folder)
    assert read(folder, "a", "b") == ["2", None]
    assert {p.name for p in folder.iterdir()} <= {"a", files.FOLDER_LOCK}


def test_readers_and_writers_at_once_never_meet_a_mixture(tmp_path):
    """Two writers and a reader, some hundred times; files are moved while the reader reads."""
    replace_together(tmp_path, {"a": "0", "b": "0"})
    done, mixtures = threading.Event(), []

    def write(offset):
        for i in range(40):
            replace_together(tmp_path, {"a": f"{offset + i}", "b": f"{offset + i}"})

    def poll():
        while not done.is_set():
            before, other, after = read(tmp_path, "a", "b", "a")
            if before == after and before != other:
                mixtures.append((before, other))

    reader, writers = threading.Thread(target=poll), [threading.Thread(target=write, args=(n,)) for n in (100, 200)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join(60)
    done.set()
    reader.join(60)
    assert not mixtures and not {p.name for p in tmp_path.iterdir()} & {".part", ".next"}
