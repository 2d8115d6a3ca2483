"""Plain sentences in many languages, from the documentation in Debian packages, to measure what the reader refuses.

Packages unpacked into one folder: gimp-help-LANGUAGE, fortunes-LANGUAGE, debian-reference-LANGUAGE, manpages-LANGUAGE.
"""

import gzip
import html
import re
from pathlib import Path

import numpy as np

TAG, CODE = re.compile(r"<[^>]+>"), re.compile(r"[<>=_\\/{}|@#$%^~`]|\d{3}|\b[A-Z]{2,}\b|--")
PARAGRAPH = re.compile(r"<p(?:\s[^>]*)?>(.*?)</p>", re.DOTALL)
END = re.compile(r"(?<=[.!?。？！])\s+|(?<=[。？！])")
LETTER = re.compile(r"[^\W\d_]")
REMAINS = re.compile(r"\b(the|and|with|this|which|from)\b", re.IGNORECASE)  # translations keep parts of the original
SHORTEST, LONGEST = 20, 300  # characters; fewer for scripts that need fewer


def page_sentences(text):
    """The sentences of the paragraphs of an HTML page."""
    for paragraph in PARAGRAPH.findall(text):
        yield from END.split(" ".join(html.unescape(TAG.sub("", paragraph)).split()))


def manual_sentences(text):
    """The sentences of a manual page's running text."""
    lines = [re.sub(r"\\f.|\\-|\\&|\\[(*]..", "", line) for line in text.splitlines() if line[:1] not in ".'"]
    yield from END.split(" ".join(" ".join(lines).split()))


def cookie_sentences(text, end=END):
    """The sentences of a file of fortunes, parted where `end` matches."""
    for cookie in text.split("\n%"):
        yield from end.split(" ".join(cookie.split()))


READ = {"gimp-help": page_sentences, "debian-reference": page_sentences, "manpages": manual_sentences,
        "fortunes": cookie_sentences}


def sources(folder):
    """{(source, language): paths} of all that stands in the folder."""
    found = {}
    for path in sorted(Path(folder).glob("usr/share/gimp/*/help/*/*.html")):
        found.setdefault(("gimp-help", path.parent.name.lower()), []).append(path)
    for path in sorted(Path(folder).glob("usr/share/games/fortunes/*/*")):
        if not path.suffix and path.is_file() and len(path.parent.name) == 2:
            found.setdefault(("fortunes", path.parent.name.lower()), []).append(path)
    for path in sorted(Path(folder).rglob("debian-reference/*.html")):
        found.setdefault(("debian-reference", path.suffixes[-2].strip(".").lower()), []).append(path)
    for path in sorted(Path(folder).glob("usr/share/man/*/man*/*.gz")):
        found.setdefault(("manpages", path.parent.parent.name.lower()), []).append(path)
    return found


def plain(folder, most=1500, seed=0):
    """{(source, language): sentences}; what also stands in a source's English pages was never translated and is left
    out, as is what looks like code."""
    texts = {}
    for key, paths in sources(folder).items():
        rng, kept = np.random.default_rng(seed), {}
        for i in rng.permutation(len(paths)):
            data = paths[i].read_bytes() if key[0] != "manpages" else _unpacked(paths[i])
            text = data.decode("utf-8", errors="ignore")
            for sentence in READ[key[0]](text):
                if _is_prose(sentence):
                    kept[sentence] = None
            if len(kept) > 4 * most:
                break
        texts[key] = list(kept)
    english = {sentence for (_, language), found in texts.items() if language.startswith("en") for sentence in found}
    english |= {sentence for sentence, n in _count(texts).items() if n > 2}  # the same in three languages
    chosen = {}
    for key, found in texts.items():
        own = found if key[1].startswith("en") else [sentence for sentence in found
                                                     if sentence not in english and not REMAINS.search(sentence)]
        rng = np.random.default_rng(seed)
        chosen[key] = [own[i] for i in rng.permutation(len(own))[:most]]
    return chosen


def _unpacked(path):
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError):
        return b""


def _count(texts):
    counts = {}
    for found in texts.values():
        for sentence in found:
            counts[sentence] = counts.get(sentence, 0) + 1
    return counts


def _is_prose(sentence):
    least = SHORTEST if sentence.isascii() or not re.search(r"[\u3000-\u9fff\uac00-\ud7af]", sentence) else 8
    return (least <= len(sentence) <= LONGEST and not CODE.search(sentence)
            and len(LETTER.findall(sentence)) > 0.7 * len(sentence))
