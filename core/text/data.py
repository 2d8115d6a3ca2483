"""EmoBank: 10,062 English sentences rated for valence, arousal and dominance (Buechel & Hahn, EACL 2017; CC BY-SA 4.0).

PAD = (rating - 3) / 2 of the 1..5 ratings: pleasure (V), arousal (A), dominance (D), each in [-1, 1].
"""

import csv
import hashlib
import io
import re
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.files import write_atomic

URL = "https://raw.githubusercontent.com/JULIELab/EmoBank/master/corpus/emobank.csv"
SHA256 = "1ade4a4a453e880c0f39d0536d2b355e8a716e0cf88236c64cdb4d438cf9605b"
DOWNLOADED = Path(__file__).resolve().parents[2] / "runs" / "emobank.csv"
SPLITS = ("train", "dev", "test")


class TextDataError(ValueError):
    """EmoBank is missing or not as expected; the message says what to do."""


@dataclass(frozen=True)
class Sentences:
    """Rated sentences: texts (N strings), pad (N, 3) in [-1, 1], split (N,), before (N, 3) integers.

    before: the rows of up to three sentences that precede in the same document, newest last, -1 where there are fewer.
    """

    texts: list
    pad: np.ndarray
    split: np.ndarray
    before: np.ndarray

    def rows(self, split):
        """The row numbers of "train", "dev" or "test"."""
        return np.flatnonzero(self.split == split)


def to_pad(rating):
    return (np.asarray(rating) - 3) / 2


def load_emobank(path=None, progress=None):
    """Sentences from a CSV file of columns id, split, V, A, D, text; without a path, EmoBank itself.

    It is downloaded once, into runs/, and checked. Raises TextDataError when it cannot be fetched or read.
    """
    if path is None:
        path = DOWNLOADED
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
                raise TextDataError(f"what {URL} holds now is not the EmoBank these figures are for; give a copy of "
                                    f"the file with SHA-256 {SHA256} with --data FILE.")
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, data)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TextDataError(f"{path} cannot be read ({error}); give EmoBank's emobank.csv with --data FILE.") from None
    return parse(text, path)


def parse(text, path="the file"):
    """Sentences from the text of such a CSV file."""
    try:
        rows = list(csv.DictReader(io.StringIO(text)))
        ratings = np.array([[float(row[name]) for name in "VAD"] for row in rows], np.float32).reshape(-1, 3)
        texts, split, ids = ([row[name] for row in rows] for name in ("text", "split", "id"))
    except (KeyError, TypeError, ValueError) as error:
        raise TextDataError(f"{path} lacks the columns id, split, V, A, D, text, or a rating ({error}).") from None
    if not rows or not np.all((ratings >= 1) & (ratings <= 5)) or not set(split) <= set(SPLITS):
        raise TextDataError(f"{path} must hold ratings from 1 to 5 and the splits train, dev and test.")
    return Sentences(texts, to_pad(ratings), np.array(split), predecessors(ids))


def predecessors(ids):
    """(N, 3) rows before each sentence. An id is DOCUMENT_START_END; any other belongs to no document."""
    documents, before = {}, np.full((len(ids), 3), -1)
    for row, name in enumerate(ids):
        found = re.fullmatch(r"(.+)_(\d+)_(\d+)", name)
        if found:
            documents.setdefault(found[1], []).append((int(found[2]), row))
    for members in documents.values():
        order = [row for _, row in sorted(members)]
        for i, row in enumerate(order):
            last = order[max(0, i - 3) : i]
            if last:
                before[row, -len(last) :] = last
    return before
