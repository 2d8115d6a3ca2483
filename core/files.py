"""Files that are whole or not there: one by one, and several as one.

Several files change together in two steps. They are written and flushed into FOLDER/.part, which is renamed to
FOLDER/.next: from then on, and not a moment before, they are the ones that count. Then they move up to their plain
names, one by one. Who reads takes NAME from .next where it is there, else from the folder (`places`), and so sees the
former files or the new, whatever became of the process that wrote them. The next one to write, or to load, finishes
what a killed one had decided.
"""

import contextlib
import json
import os
import shutil
from pathlib import Path

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ImportError:  # Windows: one process at a time is up to the person
    flock = None

PART, NEXT, MANIFEST = ".part", ".next", "manifest.json"


class BusyError(ValueError):
    """Another process is at work in a folder; the message names it."""


def write_atomic(path, data):
    """Write bytes or text to a file aside and rename it into place: a reader sees the old or the new, never a part."""
    path = Path(path)
    part = path.with_name(path.name + PART)
    try:
        part.write_bytes(data.encode() if isinstance(data, str) else data)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def locked(path, wait=True):
    """Hold the lock of a file or folder, which goes with the process. Raises BusyError where it is held and not waited
    for."""
    handle = os.open(path, os.O_RDONLY)
    try:
        if flock:
            try:
                flock(handle, LOCK_EX if wait else LOCK_EX | LOCK_NB)
            except BlockingIOError:
                raise BusyError(f"another process is at work in {path}; wait for it, or stop it.") from None
        yield
    finally:
        os.close(handle)


def replace_together(folder, files, remove=()):
    """Put files {name: bytes or text} into a folder as one, in their order, the one that vouches for the others last.

    remove: names that leave with the former files. Raises OSError where they cannot be written; nothing has changed
    then.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        _settle(folder)
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
        _settle(folder)


def _settle(folder):
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


def settle(folder):
    """Finish what a killed process had decided in a folder, if it is nobody else's turn and the folder can be
    written."""
    if (Path(folder) / NEXT).exists():
        with contextlib.suppress(BusyError, OSError), locked(folder, wait=False):
            _settle(Path(folder))


def places(folder, name):
    """Where a file of a folder may lie, the one that counts first."""
    return Path(folder) / NEXT / name, Path(folder) / name
