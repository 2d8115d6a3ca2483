"""Summarise a finished archive: a page of counts and a contact sheet of the least confident pictures."""

import heapq
import io
from collections import Counter
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from analytics.archive.read import load
from analytics.archive.store import Store
from analytics.realworld.contact_sheet import thumbnail
from core.files import write_atomic
from core.formats import percent
from core.uncertainty.readout import EMOTIONS
from deployment.reader.picture.opening import InputError

DOUBTED, COLUMNS = 60, 10  # pictures on the contact sheet, and in a row of it
SIDE, LABEL = 96, 16  # pixels: side of a picture, height of its label
REASONS, REASON_CHARACTERS = 10, 100  # error messages listed, and the length of each


def summarise(store: Store) -> dict:
    """Counts over all parts and the least confident pictures [(confidence, index, answer)]; one part in memory."""
    counts = {"pictures": 0, "unreadable": 0, "answers": Counter(), "emotions": Counter(), "errors": Counter(),
              "expected_wrong": 0.0, "doubted": []}
    for part in store.parts:
        rows = store.read(part)
        for index, (error, confidence, emotion) in enumerate(
                zip(rows["error"], rows["confidence"], rows["emotion"], strict=True), part * store.size):
            counts["pictures"] += 1
            if error:
                counts["unreadable"] += 1
                counts["errors"][error[:REASON_CHARACTERS]] += 1
                continue
            answer = rows["text" if store.numbers else "digit"][index - part * store.size]
            counts["answers"][len(answer.replace("\n", "")) if store.numbers else answer] += 1
            counts["emotions"][emotion] += 1
            counts["expected_wrong"] += 1 - confidence
            heapq.heappush(counts["doubted"], (-confidence, -index, str(answer)))
            if len(counts["doubted"]) > DOUBTED:
                heapq.heappop(counts["doubted"])
    counts["doubted"] = sorted((-confidence, -index, answer) for confidence, index, answer in counts["doubted"])
    return counts


def page(counts: dict, numbers: bool) -> str:
    """The summary as Markdown."""
    read = counts["pictures"] - counts["unreadable"]
    lines = ["# Readings", "", f"{counts['pictures']:,} pictures, {counts['unreadable']:,} of them unreadable. If the "
             f"stated confidences hold, about {counts['expected_wrong']:,.0f} of the {read:,} answers are wrong; "
             "`doubt.png` shows the least confident.", "", f"| {'signs' if numbers else 'digit'} | pictures |",
             "|---|---|"]
    lines += [f"| {answer} | {count:,} |" for answer, count in sorted(counts["answers"].items())]
    lines += ["", "| emotion | pictures | share |", "|---|---|---|"]
    for emotion in EMOTIONS:
        count = counts["emotions"][emotion]
        lines.append(f"| {emotion} | {count:,} | {percent(count / read, 1) if count else '0 %'} |")
    if counts["errors"]:
        lines += ["", "| why unreadable | pictures |", "|---|---|"]
        lines += [f"| {reason.replace('|', ' ')} | {count:,} |"
                  for reason, count in counts["errors"].most_common(REASONS)]
    return "\n".join(lines) + "\n"


def sheet(store: Store, doubted: Sequence[tuple[float, int, str]]) -> Image.Image:
    """The contact sheet of (confidence, index, answer): each picture below its answer and confidence."""
    width, height = SIDE + 4, SIDE + LABEL + 4
    picture = Image.new("RGB", (COLUMNS * width, max(1, -(-len(doubted) // COLUMNS)) * height), "#333333")
    pen = ImageDraw.Draw(picture)
    for number, (confidence, index, answer) in enumerate(doubted):
        x, y = number % COLUMNS * width, number // COLUMNS * height
        pen.text((x + 2, y + 2), f"{answer.splitlines()[0] if answer else ''}  {percent(confidence, 0)}"[:16])
        loaded = next(load([store.items[index]]))
        if not isinstance(loaded, InputError):
            picture.paste(thumbnail(np.ascontiguousarray(loaded) if isinstance(loaded, np.ndarray) else loaded, SIDE),
                          (x, y + LABEL))
    return picture


def write(store: Store) -> str:
    """Write summary.md and doubt.png into the store's folder; returns the summary as Markdown."""
    counts, buffer = summarise(store), io.BytesIO()
    sheet(store, counts["doubted"]).save(buffer, "PNG")
    write_atomic(store.folder / "doubt.png", buffer.getvalue())
    text = page(counts, store.numbers)
    write_atomic(store.folder / "summary.md", text)
    return text
