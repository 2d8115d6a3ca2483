"""Numbers -> HTML for the live part of the page. Pure functions: they compute no prediction and know no Streamlit.

Plain HTML updates in place within milliseconds, is read aloud as text, and needs no chart library.
"""

import base64
import html
import io
import math

import numpy as np
from PIL import Image

from core.mood import mood
from deployment.theme import BLUE, CIVIDIS, FEELING_COLOURS, FEELING_SENTENCES, MOOD_WORDS, ORANGE


def percent(share: float) -> str:
    """0.998 -> '99.8 %'. Never 0.0 % or 100.0 %: a softmax reaches neither, float32 only rounds it there."""
    if share < 0.0005:
        return "< 0.1 %"
    if share >= 0.9995:
        return "> 99.9 %"
    return f"{100 * share:.1f} %"


def _share(share: float) -> str:
    return html.escape(percent(share))


def png_uri(pixels: np.ndarray) -> str:
    """Pixels (H, W) grey, (H, W, 3) or (H, W, 4), uint8 -> a `data:` address of them as PNG, one pixel each."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def grey_uri(image: np.ndarray) -> str:
    """An image (28, 28) in [0, 1] -> `data:` address."""
    return png_uri(np.round(255 * np.clip(image, 0, 1)).astype(np.uint8))


def cividis(values: np.ndarray) -> np.ndarray:
    """Values in [0, 1], any shape -> uint8 colours of shape (..., 3): dark blue for 0, yellow for 1."""
    return _between(CIVIDIS, values)


def loss_gain(values: np.ndarray) -> np.ndarray:
    """Values in [-1, 1] -> uint8 colours of shape (..., 3): blue below 0, pale at 0, orange above."""
    return _between([BLUE, "#f4f4f2", ORANGE], (np.asarray(values) + 1) / 2)


def _between(colours: list[str], values: np.ndarray) -> np.ndarray:
    steps = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours], float)
    at = np.clip(values, 0, 1) * (len(steps) - 1)
    return np.stack([np.interp(at, np.arange(len(steps)), steps[:, c]) for c in range(3)], -1).round().astype(np.uint8)


def cells(colours: np.ndarray) -> np.ndarray:
    """Colours (h, 3) of h units -> RGBA picture (rows, columns, 4), about twice as wide as high."""
    columns = 2 ** math.ceil(math.log2(max(1.0, math.sqrt(2 * len(colours)))))
    rows = math.ceil(len(colours) / columns)
    grid = np.zeros((rows * columns, 4), np.uint8)
    grid[: len(colours), :3] = colours
    grid[: len(colours), 3] = 255
    return grid.reshape(rows, columns, 4)


def notice(sentence: str) -> str:
    """One sentence to the person, announced by screen readers."""
    return f'<div class="q q-notice" role="status" data-testid="notice">{html.escape(sentence)}</div>'


def seen(image: np.ndarray, name: str) -> str:
    """What the network sees: the image (28, 28) in [0, 1], enlarged."""
    return f"""<div class="q" data-testid="seen"><p class="q-label">What the network sees</p><figure>
<img class="q-pixels q-sees" src="{grey_uri(image)}" alt="{html.escape(name)} as the network sees it: 28 by 28 pixels">
<figcaption class="q-quiet">28 × 28 pixels: {html.escape(name)}, cut out, scaled, centred</figcaption></figure></div>"""


def answer(prediction, name: str, strokes: int) -> str:
    """The digit, large, or small as a guess when curious; the feeling as a word, confidence, runner-up.

    `data-name` and `data-strokes` say which state of which input this answers, for those who wait for it.
    """
    digit, runner_up, feeling = prediction.digit, prediction.runner_up, prediction.emotion
    sentence = FEELING_SENTENCES[feeling].format(digit=digit, runner_up=runner_up)
    sure, second = _share(prediction.confidence), _share(prediction.probabilities[runner_up])
    guess = feeling == "curious"
    words = f"If it must be one: a {digit}, {sure}; else a {runner_up}, {second}" if guess else (
        f"<b>{sure}</b> sure; else a {runner_up} ({second})")
    return f"""<div class="q q-answer{" q-guess" if guess else ""}" role="status" data-testid="answer"
 data-digit="{digit}" data-feeling="{feeling}" data-name="{html.escape(name)}" data-strokes="{strokes}">
<span class="q-hidden">{"A guess: " if guess else "The network reads a "}</span><div class="q-digit">{digit}</div>
<div><p><span class="q-feeling" style="background:{FEELING_COLOURS[feeling]}">{feeling}</span></p>
<p>{sentence}</p><p>{words}</p>{could_be(prediction)}
<p class="q-quiet">Novelty {prediction.novelty:.2f}; above 1 it is unlike the digits of training</p>
{in_what_mood(prediction.probabilities)}</div></div>"""


def could_be(prediction, error: float = 0.01) -> str:
    """The conformal set as a sentence that unfolds into its assumption; nothing where it holds less than two digits."""
    digits = prediction.could_be[error]
    if len(digits) < 2:
        return ""
    *others, last = (f"a {digit}" if digit != 8 else "an 8" for digit in digits)
    odds, digits = f"1 time in {round(1 / error):,}", f"{', '.join(others)} or {last}"
    return f"""<details class="q-help" data-testid="could-be">
<summary>It can be {digits}; the right digit is left out at most {odds}.</summary>
<p class="q-quiet">So over many pictures like those of the writers the doubt was calibrated on, not for each picture by
itself{"; and this one is unlike them" if prediction.emotion == "curious" else ""}.</p></details>"""


def in_what_mood(probs: np.ndarray) -> str:
    """Probabilities (10,) as three quiet words, one for each axis of core.mood.mood; the numbers as a tooltip."""
    axes = mood(probs)
    words = [low if value < below else high if value > above else middle
             for value, (_, low, below, middle, above, high) in zip(axes, MOOD_WORDS, strict=True)]
    numbers = ", ".join(f"{axis[0]} {value:+.2f}" for axis, value in zip(MOOD_WORDS, axes, strict=True))
    return f'<p class="q-quiet" data-testid="mood" title="{numbers}, each from -1 to 1">Mood: {", ".join(words)}</p>'


def tile(uri: str, words: str, note: str, alt: str) -> str:
    """A small picture above its words and a note. words, note: HTML; alt: text."""
    alt = html.escape(alt)
    return (f'<figure class="q-tile"><img class="q-pixels" src="{uri}" alt="{alt}" title="{alt}">'
            f'<figcaption>{words}<br><span class="q-quiet">{note}</span></figcaption></figure>')


def bars(prediction) -> str:
    """The ten probabilities as a table whose second column is a bar; the answer's bar has the feeling's colour."""
    rows = []
    for digit, share in enumerate(prediction.probabilities):
        best = digit == prediction.digit
        colour = f"background:{FEELING_COLOURS[prediction.emotion]};" if best else ""
        bar = f'<div class="q-track"><span class="q-fill" style="{colour}width:{100 * share:.2f}%"></span></div>'
        rows.append(
            f'<tr{" class=q-best" if best else ""}><th scope="row">{digit}</th>'
            f'<td aria-hidden="true">{bar}</td><td>{_share(share)}</td></tr>'
        )
    return f"""<div class="q" data-testid="bars"><table class="q-bars">
<caption class="q-hidden">Probability of each digit</caption>{"".join(rows)}</table></div>"""


def gate(values: np.ndarray, mean: np.ndarray) -> str:
    """Gate values (h,) in (0, 1), their training mean (h,) and the difference, as three pictures, one cell per unit.

    All three are ordered by the training mean, so that the middle one runs from shut to open and a deviation shows.
    """
    order = np.argsort(mean)
    difference = (values - mean)[order]
    reach = max(0.05, float(np.abs(difference).max()))
    scale = ("shut: 0", "open: 1", CIVIDIS)
    gap = (f"{-reach:+.2f} more shut", f"more open {reach:+.2f}", [BLUE, "#f4f4f2", ORANGE])
    opened, usual = int((values > 0.5).sum()), int((mean > 0.5).sum())
    change = f"mean change {np.abs(difference).mean():.3f}"
    pictures = [
        ("This digit", cividis(values[order]), scale, f"{opened:,} of {len(values):,} units more than half open"),
        ("Average over the training digits", cividis(mean[order]), scale, f"{usual:,} more than half open"),
        ("This digit less the average", loss_gain(difference / reach), gap, change),
    ]
    figures = "".join(_gate_figure(*picture) for picture in pictures)
    return f'<div class="q q-row" data-testid="gate">{figures}</div>'


def _gate_figure(title: str, colours: np.ndarray, scale: tuple, note: str) -> str:
    low, high, steps = scale
    return f"""<figure><p class="q-label">{title}</p>
<img class="q-pixels" src="{png_uri(cells(colours))}" alt="{title}, one cell per gate unit: {note}">
<div class="q-scale" style="background:linear-gradient(90deg,{",".join(steps)})"></div>
<div class="q-ends"><span>{low}</span><span>{high}</span></div>
<figcaption class="q-quiet">{note}</figcaption></figure>"""


def comparison(answers: dict[str, np.ndarray]) -> str:
    """The answers (10,) with the gate `live`, at its training `mean`, fully `open` and `shuffled`, as four cards."""
    titles = {
        "live": ("With the gate", "as it answers above"),
        "mean": ("Gate held at its training mean", "the fair “without”: nothing depends on this digit"),
        "open": ("Gate fully open", "every unit at 1; this also rescales the logits, so the confidence shifts"),
        "shuffled": ("Gate values shuffled", "this digit's own, dealt to other units, mean of 20 deals: as good as the "
                     "first if which unit is open does not matter"),
    }
    shown = []
    for name, (title, note) in titles.items():
        digit = int(np.argmax(answers[name]))
        shown.append(
            f'<div class="q-card" data-gate="{name}"><p class="q-label">{title}</p>'
            f"<p><strong>{digit}</strong> &nbsp;{_share(answers[name][digit])}</p>"
            f'<p class="q-quiet">{note}</p></div>'
        )
    return f'<div class="q q-row" data-testid="comparison">{"".join(shown)}</div>'
