"""Sentences in many languages, from the documentation in Debian packages, to measure what the reader refuses.

Packages unpacked into one folder: gimp-help-LANGUAGE, fortunes-LANGUAGE, debian-reference-LANGUAGE, manpages-LANGUAGE.
"""

import gzip
import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

TAG, CODE = re.compile(r"<[^>]+>"), re.compile(r"[<>=_\\/{}|@#$%^~`]|\d{3}|\b[A-Z]{2,}\b|--")
PARAGRAPH = re.compile(r"<p(?:\s[^>]*)?>(.*?)</p>", re.DOTALL)
END = re.compile(r"(?<=[.!?。？！])\s+|(?<=[。？！])")
LETTER = re.compile(r"[^\W\d_]")
ENGLISH = re.compile(r"\b(the|and|with|this|which|from)\b", re.IGNORECASE)  # untranslated parts of translations
SHORTEST, SHORTEST_CJK, LONGEST = 20, 8, 300  # characters of a sentence

Source = tuple[str, str]  # kind of package, language


def page_sentences(text: str) -> Iterator[str]:
    """The sentences of the paragraphs of an HTML page."""
    for paragraph in PARAGRAPH.findall(text):
        yield from END.split(" ".join(html.unescape(TAG.sub("", paragraph)).split()))


def manual_sentences(text: str) -> Iterator[str]:
    """The sentences of a manual page, without its requests."""
    lines = [re.sub(r"\\f.|\\-|\\&|\\[(*]..", "", line) for line in text.splitlines() if line[:1] not in ".'"]
    yield from END.split(" ".join(" ".join(lines).split()))


def cookie_sentences(text: str, end: re.Pattern[str] = END) -> Iterator[str]:
    """The sentences of a file of fortunes, split where `end` matches."""
    for cookie in text.split("\n%"):
        yield from end.split(" ".join(cookie.split()))


READ: dict[str, Callable[[str], Iterator[str]]] = {"gimp-help": page_sentences, "debian-reference": page_sentences,
                                                   "manpages": manual_sentences, "fortunes": cookie_sentences}


def sources(folder: Path) -> dict[Source, list[Path]]:
    """{(source, language): paths} of all packages in the folder."""
    paths = {}
    for path in sorted(Path(folder).glob("usr/share/gimp/*/help/*/*.html")):
        paths.setdefault(("gimp-help", path.parent.name.lower()), []).append(path)
    for path in sorted(Path(folder).glob("usr/share/games/fortunes/*/*")):
        if not path.suffix and path.is_file() and len(path.parent.name) == 2:
            paths.setdefault(("fortunes", path.parent.name.lower()), []).append(path)
    for path in sorted(Path(folder).rglob("debian-reference/*.html")):
        paths.setdefault(("debian-reference", path.suffixes[-2].strip(".").lower()), []).append(path)
    for path in sorted(Path(folder).glob("usr/share/man/*/man*/*.gz")):
        paths.setdefault(("manpages", path.parent.parent.name.lower()), []).append(path)
    return paths


def plain(folder: Path, most: int = 1500, seed: int = 0) -> dict[Source, list[str]]:
    """{(source, language): at most `most` sentences}, without code and without untranslated English sentences."""
    texts = {}
    for key, paths in sources(folder).items():
        rng, prose = np.random.default_rng(seed), {}
        for i in rng.permutation(len(paths)):
            data = paths[i].read_bytes() if key[0] != "manpages" else _unpacked(paths[i])
            text = data.decode("utf-8", errors="ignore")
            for sentence in READ[key[0]](text):
                if _is_prose(sentence):
                    prose[sentence] = None
            if len(prose) > 4 * most:
                break
        texts[key] = list(prose)
    english = {sentence for (_, language), sentences in texts.items() if language.startswith("en")
               for sentence in sentences}
    english |= {sentence for sentence, n in _count(texts).items() if n > 2}  # the same in three languages
    chosen = {}
    for key, sentences in texts.items():
        if not key[1].startswith("en"):
            sentences = [sentence for sentence in sentences if sentence not in english and not ENGLISH.search(sentence)]
        rng = np.random.default_rng(seed)
        chosen[key] = [sentences[i] for i in rng.permutation(len(sentences))[:most]]
    return chosen


def _unpacked(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError):
        return b""


def _count(texts: dict[Source, list[str]]) -> dict[str, int]:
    counts = {}
    for sentences in texts.values():
        for sentence in sentences:
            counts[sentence] = counts.get(sentence, 0) + 1
    return counts


def _is_prose(sentence: str) -> bool:
    shortest = SHORTEST_CJK if re.search(r"[\u3000-\u9fff\uac00-\ud7af]", sentence) else SHORTEST
    return (shortest <= len(sentence) <= LONGEST and not CODE.search(sentence)
            and len(LETTER.findall(sentence)) > 0.7 * len(sentence))
