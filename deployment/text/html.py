"""What the tab "Feelings in text" shows as HTML: pure functions from readings to strings.

Every text is escaped. Orange raises and blue lowers, and a line, a sign or a word says so beside the colour.
"""

import html

import numpy as np

from core.text.reader import POLES
from deployment.ui.palette import BLUE, ORANGE

NAMES = ("Pleasure", "Arousal", "Dominance")
WEAK = 0.02  # a change of PAD below this never gets the full tint

CSS = """<style>
.q-text-words {font-size:1.8rem;font-weight:700;line-height:1.15;margin:.2rem 0 .6rem !important}
.q-quote {overflow-wrap:anywhere}
.q-pad th {width:5.6rem} .q-pad td:nth-child(3) {width:3.4rem;text-align:right}
.q-pad td:last-child {width:10.5rem;text-align:left;padding-left:.8rem}
.q-scale2 {position:relative;height:.95rem;border-radius:.2rem;
 background:color-mix(in srgb, currentColor 9%, transparent)}
.q-scale2 span {position:absolute;top:0;bottom:0}
.q-usual {background:color-mix(in srgb, currentColor 18%, transparent)}
.q-zero {left:calc(50% - .5px);width:1px;background:currentColor;opacity:.6}
.q-tinted {font-size:1.25rem;line-height:2;white-space:pre-wrap;overflow-wrap:anywhere}
.q-tinted span {border-radius:.2rem;padding:.1rem .15rem}
.q-rinse {display:grid;grid-template-columns:repeat(auto-fit,minmax(18px,1fr));gap:3px;max-width:760px}
.q-rinse span {height:26px;border-radius:.2rem;border:1px solid color-mix(in srgb, currentColor 22%, transparent)}
.q-text-table {border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
.q-text-table :is(th, td) {padding:.2rem 1rem .2rem 0;text-align:right;font-weight:400;border:0;
 border-bottom:1px solid color-mix(in srgb, currentColor 18%, transparent)}
.q-text-table :is(th:first-child, caption) {text-align:left} .q-text-table thead th {font-weight:600}
.q-text-scroll {overflow-x:auto;max-height:360px}
.st-key-text [data-testid="stCaptionContainer"] {color:inherit;opacity:.85}
.st-key-text :is([class$="tick"], .cbaxis) text, .st-key-text text:is([class$="title"], .legendtext, .bartext)
 {fill:currentColor !important}
[class*="st-key-text_example_"] button {text-align:left;height:auto}
@media (max-width:640px) {.q-text-words {font-size:1.45rem} .q-pad th {width:5.5rem}
 .q-pad td:last-child {width:6.4rem}}
</style>"""


def quoted(text: str, longest: int = 160) -> str:
    """The text in quotation marks on one line, cut where it is long; not escaped."""
    flat = " ".join(text.split())
    return f"“{flat if len(flat) <= longest else flat[:longest - 1].rstrip() + '…'}”"


def felt(reading, single: list[str], centre: np.ndarray, spread: np.ndarray) -> str:
    """The answer: PAD in words, then a bar and a number each.

    single: the word of each dimension alone; centre, spread: (3,) of the training sentences, a band behind each bar.
    """
    rows = []
    for i, (name, (low, high)) in enumerate(zip(NAMES, POLES, strict=True)):
        value = float(reading.pad[i])
        start, stop = sorted((0.0, value))
        left, right = (np.clip(centre[i] + sign * spread[i], -1, 1) for sign in (-1, 1))
        rows.append(f"""<tr><th scope="row">{name}</th><td><div class="q-scale2" role="img"
aria-label="{name} {value:+.2f} on a scale from -1, {low}, to 1, {high}">
<span class="q-usual" style="left:{50 + 50 * left:.1f}%;width:{50 * (right - left):.1f}%"></span>
<span style="left:{50 + 50 * start:.1f}%;width:{50 * (stop - start):.1f}%;min-width:2px;
background:{ORANGE if value > 0 else BLUE}"></span>
<span class="q-zero"></span></div></td><td>{value:+.2f}</td><td>{html.escape(single[i])}</td></tr>""")
    data = " ".join(f'data-{name.lower()}="{value:.3f}"' for name, value in zip(NAMES, reading.pad, strict=True))
    return f"""<div class="q" data-testid="felt" {data}>
<p class="q-quiet q-quote">{html.escape(quoted(reading.text))}</p>
<p class="q-text-words" role="status">{html.escape(reading.words[:1].upper() + reading.words[1:])}</p>
<table class="q-bars q-pad"><tbody>{"".join(rows)}</tbody></table>
<p class="q-quiet" style="margin-top:.5rem">PAD places a feeling by three numbers from -1 to 1: how pleasant it is
(pleasure), how stirring (arousal) and how much in control one is (dominance). The grey band is where most training
sentences lie, one standard deviation around their mean; the words count from its middle.</p></div>"""


def tinted(text: str, effects: list, dimension: int) -> str:
    """The text, each word tinted by what it does to one dimension: orange, underlined raises; blue, dotted lowers."""
    largest = max([WEAK, *(abs(float(effect.change[dimension])) for effect in effects)])
    name, parts, at = NAMES[dimension].lower(), [], 0
    for effect in effects:
        change = float(effect.change[dimension])
        colour, line = (ORANGE, "solid") if change > 0 else (BLUE, "dotted")
        share = 55 * abs(change) / largest  # at most 55 %: the word stays legible in both themes
        rule = f"border-bottom:3px {line} {colour};" if share >= 10 else ""
        parts.append(html.escape(text[at : effect.start]))
        parts.append(f'<span title="{html.escape(effect.word)}: {name} {change:+.3f}" '
                     f'style="background:color-mix(in srgb, {colour} {share:.0f}%, transparent);{rule}">'
                     f"{html.escape(effect.word)}</span>")
        at = effect.stop
    parts.append(html.escape(text[at:]))
    return f'<p class="q q-tinted" data-testid="tinted" data-dimension="{name}">{"".join(parts)}</p>'


def strongest(effects: list, dimension: int, n: int = 3) -> str:
    """The words that move a dimension most, at least by 0.005: "“lovely” +0.276, “morning” -0.101"."""
    ranked = sorted(effects, key=lambda effect: -abs(float(effect.change[dimension])))[:n]
    told = [f"“{effect.word}” {effect.change[dimension]:+.3f}" for effect in ranked
            if abs(effect.change[dimension]) >= 0.005]
    return ", ".join(told) or "no word by more than 0.005"


def words_table(effects: list) -> str:
    """Every word's change of the three dimensions as a table that opens on demand."""
    rows = "".join(f'<tr><th scope="row">{html.escape(effect.word)}</th>'
                   + "".join(f"<td>{value:+.3f}</td>" for value in effect.change) + "</tr>" for effect in effects)
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Word", *NAMES))
    return f"""<details class="q q-help"><summary>The words in numbers</summary><div class="q-text-scroll" tabindex="0"
role="region" aria-label="Each word's change of PAD"><table class="q-text-table"><caption class="q-hidden">PAD with the
word less PAD without it</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></details>"""


def rinse(values: np.ndarray) -> str:
    """RINSE's state (n,) in [-1, 1] as a strip of n cells, orange above and blue below zero."""
    cells = "".join(
        f'<span title="cell {i}: {value:+.2f}" style="background:color-mix(in srgb, {ORANGE if value > 0 else BLUE} '
        f'{100 * min(1, abs(value)):.0f}%, transparent)"></span>'
        for i, value in enumerate(map(float, values), start=1))
    above = int((values > 0).sum())
    return f"""<div class="q q-rinse" role="img" data-testid="rinse" aria-label="{len(values)} cells: {above} above
zero, {len(values) - above} at or below; mean size {np.abs(values).mean():.2f}">{cells}</div>"""
