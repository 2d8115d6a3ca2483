"""The steps by which a process changes files: counted, and at one of them it is killed or fails.

A step is a write, a flush to the disk, a rename, a deletion or a new folder. A write that is killed has written a part.
"""

import builtins
import errno
import io
import os
import signal
import sys
import traceback

KINDS = {"fsync": "flush", "rename": "rename", "replace": "rename", "unlink": "deletion", "remove": "deletion",
         "rmdir": "deletion", "mkdir": "new folder"}
FAILURES = (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO)


class Steps:
    """`install` in a process of its own: nothing is ever put back.

    at: the number of the step, from 0, at which it is killed (or, with `error`, fails by this errno); None: never.
    share: how much of that write is written.
    """

    def __init__(self, at=None, share=0.5, error=None):
        self.at, self.share, self.error, self.kinds = at, share, error, []

    def step(self, kind, begin=None):
        self.kinds.append(kind)
        if len(self.kinds) - 1 != self.at:
            return
        if begin:
            begin(self.share)
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        os.kill(os.getpid(), signal.SIGKILL)

    def install(self):
        steps, plain = self, io.open

        class Written(io.FileIO):
            def write(self, data):
                view, put = memoryview(data).cast("B"), super().write
                steps.step("write", lambda share: put(view[: int(len(view) * share)]))
                done = 0
                while done < len(view):
                    done += put(view[done:])
                return done

        def opened(file, mode="r", *args, **kwargs):
            if isinstance(file, int) or not set(mode) & set("wax+"):
                return plain(file, mode, *args, **kwargs)
            raw = Written(file, mode.replace("b", "").replace("t", ""))
            return raw if "b" in mode else io.TextIOWrapper(raw, kwargs.get("encoding"), write_through=True)

        builtins.open = io.open = opened
        for name, kind in KINDS.items():
            setattr(os, name, self._counted(getattr(os, name), kind))

    def _counted(self, function, kind):
        def counted(*args, **kwargs):
            self.step(kind)
            return function(*args, **kwargs)

        return counted


def in_child(work, prepare=lambda: None):
    """Run work() in a forked process: (its exit code, minus the signal's number where one ended it; its errors as
    text). prepare() comes first, there."""
    reading, told = os.pipe()  # no file: those may be limited in size there
    process = os.fork()
    if not process:
        code = 70
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(told, 2)
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
    os.close(told)
    with os.fdopen(reading, "rb") as errors:
        text = errors.read().decode(errors="replace")
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), text
