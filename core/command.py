"""Expected failures of commands: one sentence on standard error and exit code 2, without a traceback."""

import contextlib
import errno
import sys
from collections.abc import Iterator
from importlib.util import find_spec

from core.shipped import INSTALLED


class Refusal(SystemExit):
    """Exit of a command with code 2, after printing a sentence to standard error."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.code = 2
        print(sentence, file=sys.stderr)


def sentence_of(error: BaseException) -> str:
    """The message of an exception. For errors of the operating system, with the file and a remedy."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for this; choose something smaller."
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
        return f"there is no space left to write{where}: {error.strerror}; free some space and try again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"permission to write or read was denied{where}: {error.strerror}; choose another folder."
    return f"{error.strerror}{where}."


@contextlib.contextmanager
def refusing(name: str) -> Iterator[None]:
    """Turn expected exceptions in the block into a Refusal of the command `name`."""
    try:
        yield
    except ImportError as error:
        packages = '"qualm-reader[dev]"' if INSTALLED else "-r requirements-dev.txt"
        raise Refusal(f"{name}: {error.name} is missing; install it with: pip install {packages}") from None
    except (ValueError, OSError, FloatingPointError, MemoryError) as error:
        raise Refusal(f"{name}: {sentence_of(error)}") from None


def need(package: str | None, extra: str, what: str) -> None:
    """Raise Refusal if a package is not installed. extra: of pyproject.toml, which has it; what: needs it."""
    if package and find_spec(package) is None:
        raise Refusal(f'{what} needs {package}, which is not installed: pip install "qualm-reader[{extra}]". '
                      "Without it, `qualm read FILE` reads pictures.")
