"""How every command ends that cannot do its work: one sentence and exit code 2, never a traceback."""

import contextlib
import errno
import sys


class Refusal(SystemExit):
    """The end of a command, its sentence told on standard error."""

    def __init__(self, sentence):
        super().__init__(sentence)
        self.code = 2
        print(sentence, file=sys.stderr)


def sentence_of(error):
    """An exception in words: what was refused already speaks for itself, the system's errors name their file."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for this; choose something smaller."
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
        return f"there is no room left to write{where}: {error.strerror}; make room and try again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"that must not be written or read{where}: {error.strerror}; choose another folder."
    return f"{error.strerror}{where}."


@contextlib.contextmanager
def refusing(name):
    """What goes wrong inside ends the command `name` in one sentence."""
    try:
        yield
    except ImportError as error:
        raise Refusal(
            f"{name}: {error.name} is missing; install it with: pip install -r requirements-dev.txt"
        ) from None
    except (ValueError, OSError, FloatingPointError, MemoryError) as error:
        raise Refusal(f"{name}: {sentence_of(error)}") from None
