"""Files that are whole or not there: one by one, and several as one.

Several files change together in two steps. They are written and flushed into FOLDER/.part, which is renamed to
FOLDER/.next: from then on, and not a moment before, they are the ones that count. Then they move up to their plain
names, one by one. Who reads takes NAME from .next where it is there, else from the folder (`places`), and so sees the
former files or the new, whatever became of the process that wrote them. The next one to write, or to load, finishes
what a killed one had decided.

Windows has no lock of a folder: there a folder is locked through a file in it. The code for Windows is not tested on
Windows, only with a stand-in for its locks.
"""

import contextlib
import glob
import json
import os
import secrets
import shutil
import time
from pathlib import Path

if os.name == "nt":
    import msvcrt

    fcntl = None
else:
    import fcntl

    msvcrt = None

PART, NEXT, MANIFEST = ".part", ".next", "manifest.json"
FOLDER_LOCK = ".lock"  # through which a folder is locked on Windows
TRAINING_LOCK = ".training.lock"  # in a run's folder, held while the run is trained


class BusyError(ValueError):
    """Another process is at work in a folder; the message names it."""


@contextlib.contextmanager
def aside(path):
    """A temporary name in the folder of `path`, of this call alone, to write to; at the end it is renamed to `path`.

    A reader, and another writer, sees the old file or the new one, never a part. After an error the temporary file is
    removed.
    """
    path = Path(path)
    part = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}{PART}")
    try:
        yield part
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_atomic(path, data):
    """Write bytes or text to a file aside and rename it into place."""
    with aside(path) as part:
        part.write_bytes(data.encode() if isinstance(data, str) else data)


def remove_parts(path):
    """Remove the temporary files that killed processes left beside `path`. The caller holds the lock under which all
    write to it."""
    path = Path(path)
    for part in path.parent.glob(f"{glob.escape(path.name)}.*{PART}"):
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(path, wait=True):
    """Hold the lock of a folder, or of a file, which is made where it is not there. It goes with the process.

    Lock no file that is renamed: lock its folder. Raises BusyError where the lock is held and not waited for.
    """
    folder = os.path.isdir(path)
    if folder and fcntl:
        handle = os.open(path, os.O_RDONLY)
    else:
        handle = os.open(Path(path) / FOLDER_LOCK if folder else path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not (_lock if fcntl else _lock_on_windows)(handle, wait):
            raise BusyError(f"another process is at work in {path}; wait for it, or stop it.")
        yield
    finally:
        if not fcntl:  # Windows gives back what is merely closed, but not at once
            with contextlib.suppress(OSError):
                msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
        os.close(handle)


def _lock(handle, wait):
    """Whether the lock could be taken; closing the handle gives it back."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_on_windows(handle, wait):
    """As _lock: of the first byte, which need not be there. msvcrt waits for ten seconds at most, so this asks again
    and again."""
    while True:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            return True
        except PermissionError:
            if not wait:
                return False
            time.sleep(0.02)


def replace_together(folder, files, remove=()):
    """Put files {name: bytes or text} into a folder as one, in their order, the one that vouches for the others last.

    remove: names that leave with the former files. Raises OSError where they cannot be written; nothing has changed
    then.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        _recover(folder)
        part = folder / PART
        try:
            part.mkdir()
            manifest = json.dumps({"files": [*files], "remove": sorted(set(remove) - files.keys())})
            for name, data in {**files, MANIFEST: manifest}.items():
                with open(part / name, "wb") as out:
                    out.write(data.encode() if isinstance(data, str) else data)
                    out.flush()
                    os.fsync(out.fileno())
            os.rename(part, folder / NEXT)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        _recover(folder)


def _recover(folder):
    """Move up what was decided, remove what was not. The caller holds the lock."""
    shutil.rmtree(folder / PART, ignore_errors=True)
    waiting = folder / NEXT
    try:
        manifest = json.loads((waiting / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        shutil.rmtree(waiting, ignore_errors=True)  # all has moved up but the folder itself
        return
    for name in manifest["files"]:
        with contextlib.suppress(FileNotFoundError):  # moved by a process that was killed then
            os.replace(waiting / name, folder / name)
    for name in manifest["remove"]:
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(waiting)


def recover(folder):
    """Finish what a killed process had decided in a folder, if it is nobody else's turn and the folder can be
    written."""
    if (Path(folder) / NEXT).exists():
        with contextlib.suppress(BusyError, OSError), locked(folder, wait=False):
            _recover(Path(folder))


def places(folder, name):
    """Where a file of a folder may lie, the one that counts first."""
    return Path(folder) / NEXT / name, Path(folder) / name
