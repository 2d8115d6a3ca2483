"""NumberReading -> HTML and plain values for the page. Pure functions without Streamlit."""

import html

from core.formats import percent
from deployment.reader import wording
from deployment.reader.prediction import UNKNOWN, Box, NumberReading, Place
from deployment.ui.digit import share_table
from deployment.ui.html import png_uri
from deployment.ui.palette import EMOTION_COLOURS

LARGE = 3  # lines; a number of more lines is shown in smaller letters


def answer(reading: NumberReading, name: str, strokes: int, live: bool = False) -> str:
    """The number line by line, doubtful places underlined; its emotion and the confidence in the whole.

    `data-name`, `data-strokes`, `data-live`: as of deployment.ui.digit.answer.
    """
    lines, place = [], 0
    for text in reading.text.split("\n"):
        signs = []
        for sign in text:
            if sign == " ":
                signs.append(" ")
                continue
            doubt = place in reading.alternatives or sign == UNKNOWN
            title = html.escape(doubts(reading, place))
            signs.append(f'<span class="q-doubt" title="{title}">{sign}</span>' if doubt else sign)
            place += 1
        lines.append(f'<div class="q-signs">{"".join(signs)}</div>')
    longest = max(len(text) for text in reading.text.split("\n"))
    many = " q-page" if len(lines) > LARGE else ""
    emotion = reading.emotion
    return f"""<div class="q q-answer q-number{many}" data-testid="number" data-text="{html.escape(reading.text)}"
 data-emotion="{emotion}" data-name="{html.escape(name)}" data-strokes="{strokes}"
 data-live="{"yes" if live else "no"}"><span class="q-hidden">The network reads </span>
<div class="q-lines" style="--signs:{longest}">{"".join(lines)}</div>
<div><p><span class="q-emotion" style="background:{EMOTION_COLOURS[emotion]}">{emotion}</span></p>
<p><b>{html.escape(wording.whole(reading))}.</b></p>{summed(reading)}</div></div>"""


def summed(reading: NumberReading) -> str:
    """Whether the written sums are right, as HTML; empty without one."""
    words = wording.summed(reading)
    return f'<p data-testid="check">{words}.</p>' if words else ""


def spoken(reading: NumberReading) -> str:
    """The answer in one line, for screen readers."""
    return f"The network reads {' '.join(reading.text)}, {reading.emotion}. {wording.whole(reading)}."


def doubts(reading: NumberReading, place: int) -> str:
    """A place with its alternatives and probability: "place 3: a 6 or a 0, 52.1 %"."""
    sign = reading.digits[place]
    if sign.text == UNKNOWN:
        return f"place {place + 1}: no digit or sign that the network knows"
    likely = reading.alternatives.get(place, [sign.text])
    return f"place {place + 1}: {wording.joined(list(map(wording.called, likely)))}, {percent(sign.chance)}"


def of_sign(place: Place) -> str:
    """What the lattice says of a place that is a sign, as a table with bars, and what the network for digits, which
    knows no signs, would read."""
    sign = wording.capital(wording.called(place.text))
    table = share_table(place.shares, place.text, place.emotion, "Probability of what stands at this place")
    return f"""<div class="q" data-testid="sign"><p class="q-quiet">{sign}, by its shape, its size and its place on the
line. The network for digits knows no signs: it would read {wording.a(place.digit)}.</p>{table}</div>"""


def boxes(reading: NumberReading, chosen: int) -> dict:
    """Data for assets/number.js: the picture and a box for each place, in per cent of it."""
    drawn = [_on_page(reading, place.box) | {
        "colour": EMOTION_COLOURS[place.emotion], "text": place.text,
        "label": f"{doubts(reading, i)}, {place.emotion}"} for i, place in enumerate(reading.digits)]
    others = "; dashed boxes are not part of the number" if reading.left_over else ""
    return {"uri": png_uri(reading.page), "boxes": drawn, "chosen": chosen,
            "left_over": [_on_page(reading, box) for box in reading.left_over],
            "alt": f"The picture, with a box around each digit and sign, coloured by emotion{others}"}


def _on_page(reading: NumberReading, box: Box) -> dict[str, float]:
    """A box in pixels of the source -> per cent of the page shown."""
    height, width = (n * reading.scale / 100 for n in reading.page.shape)
    top, left, bottom, right = box
    return {"top": top / height, "left": left / width, "height": (bottom - top) / height,
            "width": (right - left) / width}
