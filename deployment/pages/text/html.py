"""HTML of the affect tab: pure functions from readings to strings. All texts are escaped.

Orange raises and blue lowers; a line, sign or word repeats what the colour says.
"""

import html
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.text.reader import POLES, OcclusionEffect, TextReading
from deployment.ui.palette import BLUE, ORANGE

NAMES = ("Pleasure", "Arousal", "Dominance")
WEAK = 0.02  # a change of PAD below this never gets the full tint
TABLE_ID = "felt"  # test id of the table of PAD

CSS = """<style>
.q-text-words {font-size:1.8rem;font-weight:700;line-height:1.15;margin:0.2rem 0 0.6rem !important}
.q-quote {overflow-wrap:anywhere}
.q-pad th {width:5.6rem} .q-pad td:nth-child(3) {width:7.2rem;text-align:right;line-height:1.15}
.q-pad td {padding:0.35rem 0 !important}
.q-pad td:last-child {width:8.6rem;text-align:left;padding-left:0.8rem !important}
.q-scale2 {position:relative;height:0.95rem;border-radius:0.2rem;
 background:color-mix(in srgb, currentColor 9%, transparent)}
.q-scale2 span {position:absolute;top:0;bottom:0}
.q-usual {background:color-mix(in srgb, currentColor 18%, transparent)}
.q-scale2 .q-span {top:calc(50% - 1px);bottom:auto;height:2px;background:currentColor}
.q-span::before, .q-span::after {content:"";position:absolute;top:-0.25rem;height:calc(0.5rem + 2px);width:2px;
 background:currentColor} .q-span::before {left:0} .q-span::after {right:0}
.q-zero {left:calc(50% - 0.5px);width:1px;background:currentColor;opacity:0.6}
.q-tinted {font-size:1.25rem;line-height:2;white-space:pre-wrap;overflow-wrap:anywhere}
.q-tinted span {border-radius:0.2rem;padding:0.1rem 0.15rem}
.q-text-table {border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:0.9rem}
.q-text-table :is(th, td) {padding:0.2rem 1rem 0.2rem 0;text-align:right;font-weight:400;border:0;
 border-bottom:1px solid color-mix(in srgb, currentColor 18%, transparent)}
.q-text-table :is(th:first-child, caption) {text-align:left} .q-text-table thead th {font-weight:600}
.q-text-scroll {overflow-x:auto;max-height:360px}
.st-key-text [data-testid="stCaptionContainer"] {color:inherit;opacity:0.85}
.st-key-text :is([class$="tick"], .cbaxis) text, .st-key-text text:is([class$="title"], .legendtext, .bartext)
 {fill:currentColor !important}
[class*="st-key-text_example_"] button {text-align:left;height:auto}
@media (max-width:640px) {.q-text-words {font-size:1.45rem} .q-pad th {width:5.5rem}
 .q-pad td:nth-child(3) {width:7rem} .q-pad td:last-child {display:none}}
</style>"""


def headline(reading: TextReading, text: str, estimate: str) -> str:
    """PAD in words, the text, and a note on unknown words.

    text: HTML; estimate: the words for the estimate without regard to its interval.
    """
    faint = "" if estimate == reading.words else (
        '<p class="q-quiet">A dimension whose interval contains 0 gets no word. Without intervals: '
        f"{html.escape(estimate)}.</p>")
    unsure = f'<p class="q-quiet">{reading.unsure}</p>' if reading.unsure else ""
    return f"""<div class="q" data-testid="headline">
<div role="status"><h3 class="q-text-words">{html.escape(reading.words[:1].upper() + reading.words[1:])}</h3></div>
{text}{faint}{unsure}</div>"""


def plain(text: str, longest: int = 400) -> str:
    """The text without tint as HTML, cut after `longest` characters."""
    flat = " ".join(text.split())
    return f'<p class="q-quote">{html.escape(flat if len(flat) <= longest else flat[: longest - 1].rstrip() + "…")}</p>'


def unreadable(text: str, reason: str) -> str:
    """The text and the reason why it cannot be read, such as "I cannot read this: ..."."""
    head, _, why = reason.partition(": ")
    return f"""<div class="q" data-testid="unreadable">
<div role="status"><h3 class="q-text-words">{html.escape(head)}</h3></div>
{plain(text)}<p class="q-quiet">{html.escape(why[:1].upper() + why[1:])}. The reader
knows only English.</p></div>"""


def pad_table(reading: TextReading, words: Sequence[str], centre: NDArray[np.floating],
              spread: NDArray[np.floating]) -> str:
    """PAD as a table: a bar, its interval and a number for each dimension.

    words: of each dimension, "" for none; centre, spread: (3,) of the training sentences, the band behind each bar.
    """
    rows = []
    for i, (name, (least, most)) in enumerate(zip(NAMES, POLES, strict=True)):
        value, low, high = (float(part[i]) for part in (reading.pad, reading.low, reading.high))
        start, stop = sorted((0.0, value))
        left, right = (np.clip(centre[i] + sign * spread[i], -1, 1) for sign in (-1, 1))
        rows.append(f"""<tr><th scope="row">{name}</th><td><div class="q-scale2" role="img"
aria-label="{name} {value:+.2f}, between {low:+.2f} and {high:+.2f}, on a scale from -1, {least}, to 1, {most}">
<span class="q-usual" style="left:{50 + 50 * left:.1f}%;width:{50 * (right - left):.1f}%"></span>
<span style="left:{50 + 50 * start:.1f}%;width:{50 * (stop - start):.1f}%;min-width:2px;
background:{ORANGE if value > 0 else BLUE}"></span>
<span class="q-zero"></span>
<span class="q-span" style="left:{50 + 50 * low:.1f}%;width:{50 * (high - low):.1f}%"></span></div></td>
<td>{value:+.2f}<br><span class="q-quiet">{low:+.2f} to {high:+.2f}</span></td>
<td>{html.escape(words[i] or "–")}</td></tr>""")
    data = " ".join(f'data-{name.lower()}="{value:.3f}"' for name, value in zip(NAMES, reading.pad, strict=True))
    return f"""<div class="q" data-testid="{TABLE_ID}" {data}>
<table class="q-bars q-pad"><tbody>{"".join(rows)}</tbody></table>
<p class="q-quiet" style="margin-top:0.5rem">Three numbers from -1 to 1: pleasant (pleasure), exciting (arousal), in
control (dominance). The line across each bar is its 90 % interval for the readers' rating. Most sentences lie in the
grey band; the words are relative to its middle.</p></div>"""


def tinted(text: str, effects: Sequence[OcclusionEffect], dimension: int) -> str:
    """The text with each word tinted by its effect on one dimension: orange, underlined raises; blue, dotted lowers."""
    largest = max([WEAK, *(abs(float(effect.change[dimension])) for effect in effects)])
    name, parts, position = NAMES[dimension].lower(), [], 0
    for effect in effects:
        change = float(effect.change[dimension])
        colour, line = (ORANGE, "solid") if change > 0 else (BLUE, "dotted")
        share = 55 * abs(change) / largest  # at most 55 %, to be legible in both themes
        rule = f"border-bottom:3px {line} {colour};" if share >= 10 else ""
        parts.append(html.escape(text[position : effect.start]))
        parts.append(f'<span title="{html.escape(effect.word)}: {name} {change:+.3f}" '
                     f'style="background:color-mix(in srgb, {colour} {share:.0f}%, transparent);{rule}">'
                     f"{html.escape(effect.word)}</span>")
        position = effect.stop
    parts.append(html.escape(text[position:]))
    return f'<p class="q-tinted" data-testid="tinted" data-dimension="{name}">{"".join(parts)}</p>'


def strongest(effects: Sequence[OcclusionEffect], dimension: int, n: int = 3) -> str:
    """The n words that change a dimension most, by at least 0.005: "“lovely” +0.276, “morning” -0.101"."""
    ranked = sorted(effects, key=lambda effect: -abs(float(effect.change[dimension])))[:n]
    changes = [f"“{effect.word}” {effect.change[dimension]:+.3f}" for effect in ranked
               if abs(effect.change[dimension]) >= 0.005]
    return ", ".join(changes) or "no word by more than 0.005"


def words_table(effects: Sequence[OcclusionEffect]) -> str:
    """A table, folded at first, of each word's change of the three dimensions."""
    rows = "".join(f'<tr><th scope="row">{html.escape(effect.word)}</th>'
                   + "".join(f"<td>{value:+.3f}</td>" for value in effect.change) + "</tr>" for effect in effects)
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Word", *NAMES))
    return f"""<details class="q q-help"><summary>The words in numbers</summary><div class="q-text-scroll" tabindex="0"
role="region" aria-label="Each word's change of PAD"><table class="q-text-table"><caption class="q-hidden">PAD with the
word minus PAD without it</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></details>"""
