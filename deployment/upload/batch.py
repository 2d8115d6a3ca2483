"""Many pictures of a person's own: ZIP files opened with care, and an audit where names like 7_a.png tell the digit.

No Streamlit here. Nothing is ever written to disk, so paths inside a ZIP cannot lead anywhere.
"""

import csv
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from core.metrics import confusion_matrix, expected_calibration_error, wilson_interval
from deployment.preprocess import InputError

MOST_FILES = 500
MOST_BYTES = 20 * 2**20  # unpacked
ENDINGS = (".png", ".jpg", ".jpeg")
COLUMNS = ("file", "answer", "confidence", "feeling", "runner_up", "novelty", "could_be", "true", "error")


def unpack(name: str, data: bytes) -> tuple[list[tuple[str, bytes]], list[str]]:
    """The pictures in a ZIP file as (name, bytes), by the last part of their names, and sentences on what was left out.

    A ZIP of more than MOST_FILES files or MOST_BYTES unpacked is refused whole, as is one that is damaged or locked:
    then there are no pictures and one sentence. Sizes are checked against what truly comes out, not what is declared.
    """
    pictures, others, total = [], [], 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = [file for file in archive.infolist() if not file.is_dir() and not _is_litter(file.filename)]
            if len(files) > MOST_FILES:
                return [], [f"“{name}” holds {len(files):,} files; at most {MOST_FILES} are read: make smaller ZIPs."]
            for file in files:
                short = PurePosixPath(file.filename.replace("\\", "/")).name
                if not short.lower().endswith(ENDINGS):
                    others.append(short)
                    continue
                if file.flag_bits & 1:
                    return [], [f"“{name}” is locked with a password; make one without."]
                with archive.open(file) as packed:
                    content = packed.read(MOST_BYTES - total + 1)
                total += len(content)
                if total > MOST_BYTES:
                    return [], [f"“{name}” unpacks to more than {MOST_BYTES // 2**20} MB; make smaller ZIPs."]
                pictures.append((short, content))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        return [], [f"“{name}” cannot be opened as a ZIP ({error or 'it is cut short'}); pack it again."]
    sentences = []
    if others:
        more = f" and {len(others) - 3:,} more" if len(others) > 3 else ""
        sentences.append(f"Left out of “{name}”, as only PNG and JPG are read: {', '.join(others[:3])}{more}.")
    if not pictures:
        sentences.append(f"“{name}” holds no PNG or JPG; put pictures of one digit each into it.")
    return pictures, sentences


def _is_litter(path: str) -> bool:
    """What operating systems put into ZIP files unasked."""
    return path.startswith("__MACOSX/") or PurePosixPath(path).name.startswith(".")


def gather(files: list[tuple[str, bytes]]) -> tuple[list[tuple[str, bytes]], list[str]]:
    """Uploaded (name, bytes) with ZIP files replaced by the pictures in them, at most MOST_FILES, and sentences."""
    found, sentences = [], []
    for name, data in files:
        more, said = unpack(name, data) if name.lower().endswith(".zip") else ([(name, data)], [])
        found += more
        sentences += said
    if len(found) > MOST_FILES:
        sentences.append(f"These are {len(found):,} pictures; the first {MOST_FILES} are read.")
    return found[:MOST_FILES], sentences


def label_of(name: str) -> int | None:
    """The digit that a file name tells: 7 for "7_anything.png", else None."""
    told = re.match(r"([0-9])_", name)
    return int(told[1]) if told else None


@dataclass(frozen=True)
class OwnAudit:
    """How well the labelled pictures were read. An unreadable one counts as misread, and in no other figure."""

    n: int  # labelled pictures
    hits: int
    interval: tuple[float, float]  # Wilson, 95 %, of hits / n
    unreadable: int
    confusion: np.ndarray  # (10, 10) counts of the readable; row = label, column = answer
    ece: float  # calibration error, over `bins` bins of equal size
    ece_by_chance: float  # what it would stay below 95 times in 100 if every stated probability were true
    bins: int
    feelings: dict[str, tuple[int, int]]  # feeling -> (pictures, of them read rightly)
    errors: list[int]  # places in the list of pictures of those misread, the surest first


def audit(names: list[str], results: list) -> OwnAudit | None:
    """Audit of results (Prediction or InputError) whose names tell a digit; None where none was readable.

    Pictures whose names tell no digit are passed over.
    """
    labels = [label_of(name) for name in names]
    labelled = [i for i, label in enumerate(labels) if label is not None]
    read = [i for i in labelled if not isinstance(results[i], InputError)]
    if not read:
        return None
    y = np.array([labels[i] for i in read])
    probs = np.array([results[i].probabilities for i in read], dtype=np.float64)
    right = probs.argmax(axis=1) == y
    hits = int(right.sum())
    bins = int(np.clip(len(read) // 20, 1, 15))  # fewer than twenty in a bin would measure little but chance
    rng, total = np.random.default_rng(0), probs.cumsum(axis=1)
    by_chance = [expected_calibration_error(probs, (rng.random((len(probs), 1)) * total[:, -1:] > total).sum(axis=1),
                                            bins) for _ in range(200)]
    felt = np.array([results[i].emotion for i in read])
    surest = sorted(np.flatnonzero(~right), key=lambda k: -probs[k].max())
    return OwnAudit(
        n=len(labelled), hits=hits, interval=wilson_interval(hits, len(labelled)), unreadable=len(labelled) - len(read),
        confusion=confusion_matrix(y, probs.argmax(axis=1)), ece=expected_calibration_error(probs, y, bins),
        ece_by_chance=float(np.quantile(by_chance, 0.95)), bins=bins,
        feelings={str(word): (int((felt == word).sum()), int(right[felt == word].sum())) for word in np.unique(felt)},
        errors=[read[k] for k in surest],
    )


def to_csv(names: list[str], results: list) -> str:
    """One line a picture; `true` is the digit its name tells; `could_be` holds the answer and its rivals, digits of a
    calibrated probability of 5 % and more; one that could not be read has its reason at the end."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for name, result in zip(names, results, strict=True):
        label = label_of(name)
        line = {"file": name, "true": "" if label is None else label}
        if isinstance(result, InputError):
            line["error"] = str(result)
        else:
            line |= {"answer": result.digit, "confidence": round(result.confidence, 6), "feeling": result.emotion,
                     "runner_up": result.runner_up, "novelty": round(result.novelty, 6),
                     "could_be": " ".join(map(str, [result.digit, *result.rivals]))}
        writer.writerow(line)
    return text.getvalue()
