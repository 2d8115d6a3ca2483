"""The reading of a number -> HTML and plain values for the page. Pure functions; they know no Streamlit."""

import html

from core.words import percent
from deployment.number.reading import UNKNOWN
from deployment.ui import words
from deployment.ui.csv_text import csv_text
from deployment.ui.html import png_uri
from deployment.ui.palette import FEELING_COLOURS

COLUMNS = ("line", "place", "text", "chance", "feeling", "could_be", "top", "left", "bottom", "right")
LARGE = 3  # lines that are shown in the largest letters


def answer(reading, name: str, strokes: int, live: bool = False) -> str:
    """The number, large, line by line, what is doubtful underlined; its feeling and how sure it is as a whole.

    `data-name`, `data-strokes`, `data-live`: as of deployment.draw.html.answer.
    """
    lines, place = [], 0
    for text in reading.text.split("\n"):
        signs = []
        for sign in text:
            doubt = place in reading.could_be or sign == UNKNOWN
            title = html.escape(doubts(reading, place))
            signs.append(f'<span class="q-doubt" title="{title}">{sign}</span>' if doubt else sign)
            place += 1
        lines.append(f'<div class="q-signs">{"".join(signs)}</div>')
    longest = max(len(text) for text in reading.text.split("\n"))
    many = " q-page" if len(lines) > LARGE else ""
    feeling = reading.feeling
    return f"""<div class="q q-answer q-number{many}" data-testid="number" data-text="{html.escape(reading.text)}"
 data-feeling="{feeling}" data-name="{html.escape(name)}" data-strokes="{strokes}"
 data-live="{"yes" if live else "no"}"><span class="q-hidden">The network reads </span>
<div class="q-lines" style="--signs:{longest}">{"".join(lines)}</div>
<div><p><span class="q-feeling" style="background:{FEELING_COLOURS[feeling]}">{feeling}</span></p>
<p><b>{html.escape(words.whole(reading))}.</b></p></div></div>"""


def spoken(reading) -> str:
    """The answer in one line, for screen readers."""
    return f"The network reads {' '.join(reading.text)}, {reading.feeling}. {words.whole(reading)}."


def doubts(reading, place: int) -> str:
    """What a place is or could be, in words: "place 3: a 6 or a 0"."""
    here = reading.digits[place]
    if here.text == UNKNOWN:
        return f"place {place + 1}: no digit that the network knows"
    could_be = reading.could_be.get(place, [here.digit])
    return f"place {place + 1}: {words.joined([words.a(digit) for digit in could_be])}, {percent(here.chance)}"


def boxes(reading, chosen: int) -> dict:
    """What assets/number.js draws: the picture and a box for each place, in per cent of it."""
    drawn = [_on_page(reading, place.box) | {
        "colour": FEELING_COLOURS[place.emotion], "text": place.text,
        "label": f"{doubts(reading, number)}, {place.emotion}"} for number, place in enumerate(reading.digits)]
    others = "; dashed boxes are not part of the number" if reading.left_over else ""
    return {"uri": png_uri(reading.page), "boxes": drawn, "chosen": chosen,
            "left_over": [_on_page(reading, box) for box in reading.left_over],
            "alt": f"The picture, with a box around each digit, coloured by emotion{others}"}


def _on_page(reading, box: tuple) -> dict:
    """A box (top, left, bottom, right) in the source's pixels, in per cent of the page shown."""
    height, width = (n * reading.scale / 100 for n in reading.page.shape)
    top, left, bottom, right = box
    return {"top": top / height, "left": left / width, "height": (bottom - top) / height,
            "width": (right - left) / width}


def to_csv(reading) -> str:
    """A line a place: what it reads, how sure, what it could be, and its box in pixels of the picture; then a line for
    each box of ink that is left over."""
    return csv_text(COLUMNS, [
        {"line": place.line + 1, "place": number + 1, "text": place.text, "chance": round(place.chance, 6),
         "feeling": place.emotion, "could_be": " ".join(map(str, reading.could_be.get(number, []))),
         **dict(zip(COLUMNS[-4:], place.box, strict=True))}
        for number, place in enumerate(reading.digits)] + [
        {"text": "left over", **dict(zip(COLUMNS[-4:], box, strict=True))} for box in reading.left_over])
