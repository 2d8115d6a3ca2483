"""What the reader refuses: other languages, gibberish, digits; and what it refuses wrongly."""

import numpy as np

from analytics.studies.liminal.language import LEARNED, gibberish, refused
from analytics.studies.liminal.plain import plain
from core.storage import read_json, write_json
from core.text.reader import FINAL_LIMINAL, TextReader

REFUSALS = FINAL_LIMINAL / "refusals.json"
SENTENCES = 100  # of a language, drawn once


def measure(folder, emobank, reader=None):
    """Shares refused, written to refusals.json. folder: of unpacked Debian packages, see plain.py."""
    reader, rng = reader or TextReader(), np.random.default_rng(1)
    found, texts = {}, plain(folder)
    learned = {language.partition("_")[0] for source, language in texts if source in LEARNED}
    for (source, language), every in sorted(texts.items()):
        if source in LEARNED or len(every) < SENTENCES:
            continue
        chosen = [every[i] for i in rng.permutation(len(every))[:SENTENCES]]
        found[f"{language}, {source}"] = {"refused": refused(reader, chosen), "n": SENTENCES,
                                          "learned": language.partition("_")[0].partition("-")[0] in learned}
    digits = [" ".join(map(str, rng.integers(0, 10 ** rng.integers(1, 8), rng.integers(1, 6)))) for _ in range(200)]
    found["gibberish"] = {"refused": refused(reader, gibberish(1000, seed=7)), "n": 1000}
    found["digits only"] = {"refused": refused(reader, digits), "n": 200}
    test = [emobank.texts[i] for i in emobank.rows("test")]
    found["EmoBank's test sentences"] = {"refused": refused(reader, test), "n": len(test)}
    write_json(REFUSALS, found)


def lines():
    """The part of the report."""
    if not REFUSALS.exists():
        return []
    found = read_json(REFUSALS)
    text = ["## Refused", "", "Sentences of the documentation in Debian packages, none of them learned from; a "
            "language marked * was not learned from at all. Sentences with English function words are left out: "
            "translations are not complete.", "", "| what | refused | n |\n|---|---|---:|"]
    for name, one in found.items():
        star = "" if one.get("learned", True) or name.startswith("en,") else " *"
        text.append(f"| {name}{star} | {100 * one['refused']:.1f} % | {one['n']:,} |")
    others = [one["refused"] for name, one in found.items() if ", " in name and not name.startswith("en,")]
    return [*text, "", f"Of {len(others)} samples of other languages {100 * np.mean(others):.1f} % of the sentences "
            f"are refused, of the worst {100 * min(others):.1f} %.", ""]
