"""EmoBank: 10,062 English sentences rated for valence, arousal and dominance (Buechel & Hahn, EACL 2017; CC BY-SA 4.0).

PAD = (rating - 3) / 2 of the 1..5 ratings: pleasure (V), arousal (A), dominance (D), each in [-1, 1].
"""

import csv
import hashlib
import io
import re
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.files import write_atomic
from core.shipped import runs_folder

URL = "https://raw.githubusercontent.com/JULIELab/EmoBank/master/corpus/emobank.csv"
SHA256 = "1ade4a4a453e880c0f39d0536d2b355e8a716e0cf88236c64cdb4d438cf9605b"
DOWNLOAD_PATH = runs_folder() / "emobank.csv"
SPLITS = ("train", "dev", "test")


class TextDataError(ValueError):
    """A file of text data is missing or invalid. The message states the remedy."""


@dataclass(frozen=True)
class Sentences:
    """Rated sentences: texts (N strings), pad (N, 3) in [-1, 1], split (N,), before (N, 3), document (N,).

    document: the number of each sentence's document; before: the rows of the three preceding sentences of the document,
    nearest last, -1 where there are fewer.
    """

    texts: list[str]
    pad: NDArray[np.float32]
    split: NDArray[np.str_]
    before: NDArray[np.integer]
    document: NDArray[np.integer]

    def rows(self, split: str) -> NDArray[np.intp]:
        """The row numbers of "train", "dev" or "test"."""
        return np.flatnonzero(self.split == split)

    def halves(self, split: str, seed: int = 0) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The rows of a split in two parts of about equal size, with no document in both."""
        rows = self.rows(split)
        documents, members = np.unique(self.document[rows], return_inverse=True)
        sizes, parts = np.bincount(members), np.zeros(len(documents), int)
        filled = [0, 0]
        for i in np.random.default_rng(seed).permutation(len(documents)):
            parts[i] = int(filled[1] < filled[0])
            filled[parts[i]] += int(sizes[i])
        return rows[parts[members] == 0], rows[parts[members] == 1]


def to_pad(rating: ArrayLike) -> NDArray[np.floating]:
    return (np.asarray(rating) - 3) / 2


def load_emobank(path: str | Path | None = None, progress: Callable[[str], object] | None = None) -> Sentences:
    """Sentences from a CSV file of columns id, split, V, A, D, text; without a path, EmoBank, downloaded to runs/.

    Raises TextDataError if the file cannot be fetched or read. progress: called with a message.
    """
    if path is None:
        path = DOWNLOAD_PATH
        if not path.exists():
            if progress:
                progress(f"fetching EmoBank (CC BY-SA 4.0) from {URL}")
            try:
                with urllib.request.urlopen(URL, timeout=60) as reply:
                    data = reply.read()
            except OSError as error:
                raise TextDataError(f"EmoBank could not be fetched ({error}); download {URL} yourself and give it with "
                                    "--data FILE.") from None
            if hashlib.sha256(data).hexdigest() != SHA256:
                raise TextDataError(f"{URL} is not the expected version of EmoBank; give a copy of the file "
                                    f"with SHA-256 {SHA256} with --data FILE.")
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, data)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise TextDataError(f"{path} cannot be read ({error}); give EmoBank's emobank.csv with --data FILE.") from None
    return parse(text, path)


def parse(text: str, path: str | Path = "the file") -> Sentences:
    """Sentences from the text of such a CSV file. Raises TextDataError, which names the first invalid line."""
    texts, ratings, split, ids = [], [], [], []
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        missing = {"id", "split", *"VAD", "text"} - set(reader.fieldnames or ())
        if missing:
            raise ValueError(f"the heading lacks the columns {', '.join(sorted(missing))}")
        for row in reader:
            texts.append(_given(row, "text"))
            ids.append(_given(row, "id"))
            split.append(_given(row, "split", SPLITS))
            ratings.append([_rating(row, name) for name in "VAD"])
        if not texts:
            raise ValueError("there is no sentence")
    except (ValueError, csv.Error) as error:  # csv.Error is raised before its line is counted
        line = reader.line_num + 1 if isinstance(error, csv.Error) else max(1, reader.line_num)
        raise TextDataError(f"{path}, line {line}: {error}.") from None
    return Sentences(texts, to_pad(np.array(ratings, np.float32)), np.array(split), *documents(ids))


def _given(row: Mapping[str, str | None], name: str, choices: Sequence[str] | None = None) -> str:
    """The cell of a column. Raises ValueError if it is empty or not one of the choices."""
    cell = row[name]
    if not cell or (choices and cell not in choices):
        raise ValueError(f"{name} is {cell!r}" + (f", not one of {', '.join(choices)}" if choices else ""))
    return cell


def _rating(row: Mapping[str, str | None], name: str) -> float:
    """A rating from 1 to 5. Raises ValueError for any other."""
    try:
        rating = float(_given(row, name))
    except ValueError:
        rating = float("nan")
    if not 1 <= rating <= 5:
        raise ValueError(f"{name} is {str(row[name])[:20]!r}, no rating from 1 to 5")
    return rating


def documents(ids: Sequence[str]) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """`before` (N, 3) and `document` (N,) of Sentences, from ids DOCUMENT_START_END. Any other id is a document of one
    sentence."""
    members, before, document = {}, np.full((len(ids), 3), -1), np.arange(len(ids))
    for row, name in enumerate(ids):
        match = re.fullmatch(r"(.+)_(\d+)_(\d+)", name)
        if match:
            members.setdefault(match[1], []).append((int(match[2]), row))
    for rows in members.values():
        order = [row for _, row in sorted(rows)]
        document[order] = order[0]
        for i, row in enumerate(order):
            last = order[max(0, i - 3) : i]
            if last:
                before[row, -len(last) :] = last
    return before, document
