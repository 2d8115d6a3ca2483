"""Refusal rates of the reader: other languages, gibberish, digits, and English (false refusals)."""

from pathlib import Path

import numpy as np

from analytics.studies.liminal.language import LEARNED, gibberish, refused
from analytics.studies.liminal.plain import plain
from core.storage import read_json, write_json
from core.text.data.emobank import Sentences
from core.text.reader import FINAL_LIMINAL, TextReader

REFUSALS = FINAL_LIMINAL / "refusals.json"
SENTENCES = 100  # sampled per language and source


def measure(folder: Path, emobank: Sentences, reader: TextReader | None = None) -> None:
    """Write refusal rates to refusals.json. folder: unpacked Debian packages, see plain.py."""
    reader, rng = reader or TextReader(), np.random.default_rng(1)
    rates, texts = {}, plain(folder)
    learned = {language.partition("_")[0] for source, language in texts if source in LEARNED}
    for (source, language), sentences in sorted(texts.items()):
        if source in LEARNED or len(sentences) < SENTENCES:
            continue
        chosen = [sentences[i] for i in rng.permutation(len(sentences))[:SENTENCES]]
        rates[f"{language}, {source}"] = {"refused": refused(reader, chosen), "n": SENTENCES,
                                          "learned": language.partition("_")[0].partition("-")[0] in learned}
    digits = [" ".join(map(str, rng.integers(0, 10 ** rng.integers(1, 8), rng.integers(1, 6)))) for _ in range(200)]
    rates["gibberish"] = {"refused": refused(reader, gibberish(1000, seed=7)), "n": 1000}
    rates["digits only"] = {"refused": refused(reader, digits), "n": 200}
    test = [emobank.texts[i] for i in emobank.rows("test")]
    rates["EmoBank's test sentences"] = {"refused": refused(reader, test), "n": len(test)}
    write_json(REFUSALS, rates)


def lines() -> list[str]:
    """The section of the report."""
    if not REFUSALS.exists():
        return []
    rates = read_json(REFUSALS)
    text = ["## Refused texts", "", "Sentences from documentation in Debian packages, none used for training; * marks "
            "languages without training data. Sentences with English function words are left out, as translations are "
            "incomplete.", "", "| text | refused | n |\n|---|---|---:|"]
    for name, row in rates.items():
        star = "" if row.get("learned", True) or name.startswith("en,") else " *"
        text.append(f"| {name}{star} | {100 * row['refused']:.1f} % | {row['n']:,} |")
    others = [row["refused"] for name, row in rates.items() if ", " in name and not name.startswith("en,")]
    return [*text, "", f"In {len(others)} samples of other languages {100 * np.mean(others):.1f} % of the sentences "
            f"are refused, in the worst {100 * min(others):.1f} %.", ""]
