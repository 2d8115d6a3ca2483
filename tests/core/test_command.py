"""Commands that cannot do their work end in one sentence and with exit code 2."""

import errno

import pytest

from core.command import Refusal, refusing


@pytest.mark.parametrize("error, sentence", [
    (ValueError("x.csv, line 3: no label."), "train: x.csv, line 3: no label."),
    (FloatingPointError("the loss became nan"), "train: the loss became nan"),
    (OSError(errno.ENOSPC, "No space left on device", "runs/a"), "train: there is no space left to write (runs/a)"),
    (OSError(errno.EFBIG, "File too large"), "train: there is no space left to write: File too large"),
    (PermissionError(errno.EACCES, "Permission denied", "runs"), "permission to write or read was denied (runs)"),
    (OSError(errno.EROFS, "Read-only file system", "runs"), "choose another folder"),
    (NotADirectoryError(errno.ENOTDIR, "Not a directory", "a/b"), "train: Not a directory (a/b)."),
    (MemoryError(), "train: there is not enough memory"),
    (ModuleNotFoundError("No module", name="tqdm"), "train: tqdm is missing; install it with"),
])
def test_what_goes_wrong_is_one_sentence_and_exit_code_2(error, sentence, capsys):
    with pytest.raises(Refusal) as caught, refusing("train"):
        raise error
    assert caught.value.code == 2
    printed = capsys.readouterr().err
    assert sentence in printed and printed.count("\n") == 1


def test_what_nobody_foresaw_is_not_hidden():
    with pytest.raises(ZeroDivisionError), refusing("train"):
        raise ZeroDivisionError
