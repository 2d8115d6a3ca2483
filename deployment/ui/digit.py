"""Prediction -> HTML for the tab "Draw or upload". Pure functions without Streamlit."""

import html
import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.formats import percent
from deployment.reader import wording
from deployment.reader.prediction import Prediction
from deployment.ui.html import card, grey_uri, png_uri
from deployment.ui.palette import BLUE, CIVIDIS, EMOTION_COLOURS, ORANGE, PALE, cividis, loss_gain

GUESSES = ("confused", "curious")  # emotions whose digit is shown small
MOST_NOVELTY = 10  # larger values are shown as "more than 10"; a scribble reaches 10 ** 8


def seen(image: NDArray, name: str) -> str:
    """The network's input: the image (28, 28) in [0, 1], enlarged."""
    return f"""<div class="q" data-testid="seen"><p class="q-label">What the network sees</p><figure>
<img class="q-pixels q-sees" src="{grey_uri(image)}" alt="{html.escape(name)} as the network sees it: 28 by 28 pixels">
<figcaption class="q-quiet">28 × 28 pixels: {html.escape(name)}, cut out, scaled, centred</figcaption></figure></div>"""


def answer(prediction: Prediction, name: str, strokes: int, live: bool = False) -> str:
    """The digit, large, or small if it is a guess; the emotion and a sentence.

    `data-name` and `data-strokes` identify the input and its state; `data-live` is "yes" while the pen is down.
    """
    digit, emotion = prediction.digit, prediction.emotion
    guess = emotion in GUESSES
    return f"""<div class="q q-answer{" q-guess" if guess else ""}" data-testid="answer"
 data-digit="{digit}" data-emotion="{emotion}" data-name="{html.escape(name)}" data-strokes="{strokes}"
 data-live="{"yes" if live else "no"}">
<span class="q-hidden">{opening(prediction)}</span><div class="q-digit" aria-hidden="true">{digit}</div>
<div><p><span class="q-emotion" style="background:{EMOTION_COLOURS[emotion]}">{emotion}</span></p>
<p><b>{html.escape(wording.sentence(prediction))}.</b></p></div></div>"""


def spoken(prediction: Prediction) -> str:
    """The answer in one line, for screen readers."""
    return f"{opening(prediction)}, {prediction.emotion}. {wording.sentence(prediction)}."


def opening(prediction: Prediction) -> str:
    """The answer for screen readers: "The network reads an 8"."""
    return f"{'A guess:' if prediction.emotion in GUESSES else 'The network reads'} {wording.a(prediction.digit)}"


def meaning(prediction: Prediction) -> str:
    """The definition of the emotion, and the novelty of the picture."""
    novelty = prediction.novelty
    familiarity = "familiar" if novelty <= 1 else "unfamiliar"
    value = f"{novelty:.2f}" if novelty <= MOST_NOVELTY else f"more than {MOST_NOVELTY}"
    return f"""<div class="q" data-testid="meaning"><p class="q-quiet">{wording.MEANING[prediction.emotion]}</p>
<p class="q-quiet">Looks {familiarity} ({value}; above 1 is unfamiliar)</p></div>"""


def bars(prediction: Prediction) -> str:
    """The ten probabilities as a table with bars; the bar of the answer has the colour of the emotion."""
    shares = {str(digit): share for digit, share in enumerate(prediction.probabilities)}
    table = share_table(shares, str(prediction.digit), prediction.emotion, "Probability of each digit")
    return f'<div class="q" data-testid="bars">{table}</div>'


def share_table(shares: Mapping[str, float], answer: str, emotion: str, caption: str) -> str:
    """Probabilities as a table with bars; the bar of the answer has the colour of the emotion."""
    rows = []
    for text, share in shares.items():
        best = text == answer
        colour = f"background:{EMOTION_COLOURS[emotion]};" if best else ""
        bar = f'<div class="q-track"><span class="q-fill" style="{colour}width:{100 * share:.2f}%"></span></div>'
        rows.append(
            f'<tr{" class=q-best" if best else ""}><th scope="row">{html.escape(text)}</th>'
            f'<td aria-hidden="true">{bar}</td><td>{html.escape(percent(share))}</td></tr>'
        )
    return f"""<table class="q-bars">
<caption class="q-hidden">{caption}</caption>{"".join(rows)}</table>"""


def cells(colours: NDArray) -> NDArray[np.uint8]:
    """Colours (h, 3) of h units -> RGBA picture (rows, columns, 4), about twice as wide as high."""
    columns = 2 ** math.ceil(math.log2(max(1.0, math.sqrt(2 * len(colours)))))
    rows = math.ceil(len(colours) / columns)
    grid = np.zeros((rows * columns, 4), np.uint8)
    grid[: len(colours), :3] = colours
    grid[: len(colours), 3] = 255
    return grid.reshape(rows, columns, 4)


def gate(values: NDArray, mean: NDArray, average: bool = True) -> str:
    """Gate values (h,) in (0, 1), with `average` their training mean (h,), and the difference, one cell per unit.

    The units are ordered by the training mean, so that deviations stand out.
    """
    order = np.argsort(mean)
    difference = (values - mean)[order]
    reach = max(0.05, float(np.abs(difference).max()))
    scale = ("shut: 0", "open: 1", CIVIDIS)
    gap = (f"{-reach:+.2f} more shut", f"more open {reach:+.2f}", [BLUE, PALE, ORANGE])
    opened, usual = int((values > 0.5).sum()), int((mean > 0.5).sum())
    change = f"mean change {np.abs(difference).mean():.3f}"
    pictures = [
        ("The gate for this digit", cividis(values[order]), scale,
         f"{opened:,} of {len(values):,} units more than half open"),
        ("Average over the training digits", cividis(mean[order]), scale, f"{usual:,} more than half open"),
        ("This digit minus the average", loss_gain(difference / reach), gap, change),
    ]
    figures = "".join(_gate_figure(*picture) for picture in (pictures if average else pictures[::2]))
    return f'<div class="q q-row" data-testid="gate">{figures}</div>'


def _gate_figure(title: str, colours: NDArray, scale: tuple, note: str) -> str:
    low, high, steps = scale
    return f"""<figure><p class="q-label">{title}</p>
<img class="q-pixels" src="{png_uri(cells(colours))}" alt="{title}, one cell per gate unit: {note}">
<div class="q-scale" style="background:linear-gradient(90deg,{",".join(steps)})"></div>
<div class="q-ends"><span>{low}</span><span>{high}</span></div>
<figcaption class="q-quiet">{note}</figcaption></figure>"""


def comparison(answers: dict[str, NDArray]) -> str:
    """The answers (10,) with the gate `live`, at its training `mean`, fully `open` and `shuffled`, as four cards."""
    titles = {
        "live": ("With the gate", "the answer above"),
        "mean": ("Gate held at its training mean", "the gate does not depend on this digit"),
        "open": ("Gate fully open", "every unit at 1; this also rescales the logits and shifts the confidence"),
        "shuffled": ("Same gate values, shuffled", "shows whether it matters which unit opens; mean of 20 shuffles"),
    }
    shown = []
    for name, (title, note) in titles.items():
        digit = int(np.argmax(answers[name]))
        value = f"<strong>{digit}</strong> &nbsp;{html.escape(percent(answers[name][digit]))}"
        shown.append(card(title, value, note, f' data-gate="{name}"'))
    return f'<div class="q q-row" data-testid="comparison">{"".join(shown)}</div>'
