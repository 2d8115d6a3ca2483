"""Atomic file writes: one file, or several as one transaction.

A transaction writes and flushes its files into FOLDER/.part and renames this to FOLDER/.next, which commits it. The
files are then moved to FOLDER one by one. A reader takes NAME from .next if it is there, else from FOLDER (`places`),
so it sees either all former files or all new ones, even if the writer is killed. The next writer, or `recover`,
completes a transaction that was committed by a killed process.

On Windows, where folders cannot be locked, a file in the folder is locked instead. This code is tested with a mock of
msvcrt only.
"""

import contextlib
import glob
import importlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

# exactly one of the two is available, by platform
fcntl: Any = None if os.name == "nt" else importlib.import_module("fcntl")
msvcrt: Any = importlib.import_module("msvcrt") if os.name == "nt" else None

PART, NEXT, MANIFEST = ".part", ".next", "manifest.json"
FOLDER_LOCK = ".lock"  # locked in place of its folder on Windows
TRAINING_LOCK = ".training.lock"  # in a run's folder, held while the run is trained


class BusyError(ValueError):
    """Another process has locked a folder. The message names the folder."""


@contextlib.contextmanager
def aside(path: str | Path) -> Iterator[Path]:
    """A unique temporary file next to `path`, renamed to `path` at the end of the block, and removed after an error.

    Other processes see the old file or the new one, never a part.
    """
    path = Path(path)
    part = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}{PART}")
    try:
        yield part
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_atomic(path: str | Path, data: bytes | str) -> None:
    """Write bytes or text to a temporary file and rename it to `path`."""
    with aside(path) as part:
        part.write_bytes(data.encode() if isinstance(data, str) else data)


def remove_parts(path: str | Path) -> None:
    """Remove the temporary files of killed processes next to `path`. The caller must hold the lock of its writers."""
    path = Path(path)
    for part in path.parent.glob(f"{glob.escape(path.name)}.*{PART}"):
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(path: str | Path, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a folder, or of a file, which is created if missing. The lock ends with the process.

    For a file that gets renamed, lock its folder instead. Raises BusyError if the lock is held and `wait` is False.
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
        if not fcntl:  # on Windows, closing releases a lock with a delay
            with contextlib.suppress(OSError):
                msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
        os.close(handle)


def _lock(handle: int, wait: bool) -> bool:
    """Lock an open file; closing the handle releases the lock. Returns whether it succeeded."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_on_windows(handle: int, wait: bool) -> bool:
    """As _lock, on the first byte, which need not exist. Polls, as msvcrt waits for at most ten seconds."""
    while True:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            return True
        except PermissionError:
            if not wait:
                return False
            time.sleep(0.02)


def replace_together(folder: str | Path, files: Mapping[str, bytes | str], remove: Iterable[str] = ()) -> None:
    """Write files {name: bytes or text} to a folder in one transaction, in their order; the manifest should be last.

    remove: names of files to delete. Raises OSError if the files cannot be written; nothing has changed then.
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


def _recover(folder: Path) -> None:
    """Complete a committed transaction and remove an uncommitted one. The caller must hold the lock."""
    shutil.rmtree(folder / PART, ignore_errors=True)
    waiting = folder / NEXT
    try:
        manifest = json.loads((waiting / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        shutil.rmtree(waiting, ignore_errors=True)  # all its files were moved already
        return
    for name in manifest["files"]:
        with contextlib.suppress(FileNotFoundError):  # moved already by a process that was killed
            os.replace(waiting / name, folder / name)
    for name in manifest["remove"]:
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(waiting)


def recover(folder: str | Path) -> None:
    """Complete a transaction of a killed process, unless the folder is locked or read-only."""
    if (Path(folder) / NEXT).exists():
        with contextlib.suppress(BusyError, OSError), locked(folder, wait=False):
            _recover(Path(folder))


def places(folder: str | Path, name: str) -> tuple[Path, Path]:
    """The paths to try for a file of a folder, the valid one first."""
    return Path(folder) / NEXT / name, Path(folder) / name
