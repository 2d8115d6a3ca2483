"""What a read archive holds, in a page and a picture: counts, doubts, and the pictures in most doubt."""

import heapq
import io
from collections import Counter

import numpy as np
from PIL import Image, ImageDraw

from analytics.archive.read import load
from analytics.realworld.contact_sheet import thumbnail
from core.files import write_atomic
from core.formats import percent
from core.uncertainty.readout import EMOTIONS
from deployment.reader.picture.load import InputError

DOUBTED, COLUMNS, SIDE, LABEL = 60, 10, 96, 16  # pictures on the sheet, and pixels
REASONS, LENGTH = 10, 100  # reasons of failure that are listed, and characters of each


def summarise(store):
    """Counts over all parts, one in memory at a time: a dict, with the places of the least confident pictures."""
    found = {"pictures": 0, "unreadable": 0, "answers": Counter(), "emotions": Counter(), "errors": Counter(),
             "expected_wrong": 0.0, "doubted": []}
    for part in store.parts:
        rows = store.read(part)
        for place, (error, confidence, emotion) in enumerate(
                zip(rows["error"], rows["confidence"], rows["emotion"], strict=True), part * store.size):
            found["pictures"] += 1
            if error:
                found["unreadable"] += 1
                found["errors"][error[:LENGTH]] += 1
                continue
            answer = rows["text" if store.numbers else "digit"][place - part * store.size]
            found["answers"][len(answer.replace("\n", "")) if store.numbers else answer] += 1
            found["emotions"][emotion] += 1
            found["expected_wrong"] += 1 - confidence
            heapq.heappush(found["doubted"], (-confidence, -place, str(answer)))
            if len(found["doubted"]) > DOUBTED:
                heapq.heappop(found["doubted"])
    found["doubted"] = sorted((-confidence, -place, answer) for confidence, place, answer in found["doubted"])
    return found


def page(found, numbers):
    """The summary as Markdown."""
    read = found["pictures"] - found["unreadable"]
    lines = ["# Readings", "", f"{found['pictures']:,} pictures, {found['unreadable']:,} of them unreadable. If the "
             f"stated confidences hold, about {found['expected_wrong']:,.0f} of the {read:,} answers are wrong; "
             "`doubt.png` shows those in most doubt.", "", f"| {'signs' if numbers else 'digit'} | pictures |",
             "|---|---|"]
    lines += [f"| {answer} | {count:,} |" for answer, count in sorted(found["answers"].items())]
    lines += ["", "| emotion | pictures | share |", "|---|---|---|"]
    for emotion in EMOTIONS:
        count = found["emotions"][emotion]
        lines.append(f"| {emotion} | {count:,} | {percent(count / read, 1) if count else '0 %'} |")
    if found["errors"]:
        lines += ["", "| why unreadable | pictures |", "|---|---|"]
        lines += [f"| {reason.replace('|', ' ')} | {count:,} |"
                  for reason, count in found["errors"].most_common(REASONS)]
    return "\n".join(lines) + "\n"


def sheet(store, doubted):
    """A PIL image of the pictures in most doubt, each with its answer and confidence above."""
    width, height = SIDE + 4, SIDE + LABEL + 4
    picture = Image.new("RGB", (COLUMNS * width, max(1, -(-len(doubted) // COLUMNS)) * height), "#333333")
    pen = ImageDraw.Draw(picture)
    for number, (confidence, place, answer) in enumerate(doubted):
        x, y = number % COLUMNS * width, number // COLUMNS * height
        pen.text((x + 2, y + 2), f"{answer.splitlines()[0] if answer else ''}  {percent(confidence, 0)}"[:16])
        loaded = next(load([store.items[place]]))
        if not isinstance(loaded, InputError):
            picture.paste(thumbnail(np.ascontiguousarray(loaded) if isinstance(loaded, np.ndarray) else loaded, SIDE),
                          (x, y + LABEL))
    return picture


def write(store):
    """Write summary.md and doubt.png into the store's folder; returns the summary as Markdown."""
    found, buffer = summarise(store), io.BytesIO()
    sheet(store, found["doubted"]).save(buffer, "PNG")
    write_atomic(store.folder / "doubt.png", buffer.getvalue())
    text = page(found, store.numbers)
    write_atomic(store.folder / "summary.md", text)
    return text
