"""Count the steps by which a process changes files, and kill the process or raise an error at one of them.

A step is a write, a flush to disk, a rename, a deletion or a new folder. A killed write is partly done.
"""

import builtins
import errno
import io
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

KINDS = {"fsync": "flush", "rename": "rename", "replace": "rename", "unlink": "deletion", "remove": "deletion",
         "rmdir": "deletion", "mkdir": "new folder"}
FAILURES = (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO)


class Steps:
    """Patches the file functions of a process; call `install` in a child process, as nothing is restored.

    at: the number of the step, from 0, at which the process is killed (with `error`: fails with this errno), or None.
    share: the part of that write that is done.
    """

    def __init__(self, at: int | None = None, share: float = 0.5, error: int | None = None):
        self.at, self.share, self.error = at, share, error
        self.kinds: list[str] = []

    def step(self, kind: str, begin: Callable[[float], object] | None = None) -> None:
        self.kinds.append(kind)
        if len(self.kinds) - 1 != self.at:
            return
        if begin:
            begin(self.share)
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        steps, plain = self, io.open

        class Written(io.FileIO):
            def write(self, data: Any) -> int:
                view, put = memoryview(data).cast("B"), super().write
                steps.step("write", lambda share: put(view[: int(len(view) * share)]))
                done = 0
                while done < len(view):
                    done += put(view[done:])
                return done

        def opened(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
            if isinstance(file, int) or not set(mode) & set("wax+"):
                return plain(file, mode, *args, **kwargs)
            raw = Written(file, mode.replace("b", "").replace("t", ""))
            return raw if "b" in mode else io.TextIOWrapper(raw, kwargs.get("encoding"), write_through=True)

        builtins.open = io.open = opened
        for name, kind in KINDS.items():
            setattr(os, name, self._counted(getattr(os, name), kind))

    def _counted(self, function: Callable, kind: str) -> Callable:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.step(kind)
            return function(*args, **kwargs)

        return counted


def in_child(work: Callable[[], object], prepare: Callable[[], object] = lambda: None) -> tuple[int, str]:
    """Run prepare() and work() in a forked process: (exit code, or minus the number of the signal; standard error)."""
    reading, writing = os.pipe()  # not a file, as the child may limit the size of files
    process = os.fork()
    if not process:
        code = 70
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(writing, 2)
            os.close(reading)
            sys.stdout, sys.stderr = (os.fdopen(os.dup(n), "w", buffering=1) for n in (1, 2))
            prepare()
            work()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as errors:
        text = errors.read().decode(errors="replace")
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), text
