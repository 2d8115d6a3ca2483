"""DigitAudit -> HTML, for the page and as a file to print. Pure functions."""

import html
from collections.abc import Iterable, Sequence

from core.formats import interval, measured, percent
from deployment.pages.upload.digit_audit import DigitAudit
from deployment.reader.labels import digit_label
from deployment.reader.picture.opening import InputError
from deployment.reader.prediction import Prediction
from deployment.reader.wording import a, sure
from deployment.ui import theme
from deployment.ui.html import cards, grey_uri, tile
from deployment.ui.html import tiles as row_of_tiles
from deployment.ui.palette import EMOTION_COLOURS

MOST_TILES = 120
PRINT = """
:root {color-scheme: light dark;}
body {font: 15px/1.5 system-ui, sans-serif; max-width: 860px; margin: 2rem auto; padding: 0 1rem;}
h1 {font-size: 1.6rem;} h2 {font-size: 1.15rem; margin: 1.8rem 0 .5rem;}
@media print {:root {color-scheme: light;} body {margin: 0 auto;} .q-tile, .q-card, tr {break-inside: avoid;}
  .q-card, .q-fill, .q-emotion, .q-confusion td {print-color-adjust: exact; -webkit-print-color-adjust: exact;}}
"""


def figures(summary: DigitAudit) -> str:
    """The headline figures as cards."""
    confident, right = summary.emotions.get("confident", (0, 0))
    unreadable = f"; {summary.unreadable:,} unreadable, counted as misread" if summary.unreadable else ""
    return cards([
        ("Read rightly", measured(summary.hits / summary.n),
         f"{summary.hits:,} of {summary.n:,}; 95 % interval {interval(summary.interval)}{unreadable}"),
        ("Calibration error", percent(summary.ece), f"stated against measured confidence in "
         f"{_count(summary.bins, 'bin')}; with perfect calibration below {percent(summary.ece_by_chance)}"),
        ("Confident and right", f"{right:,} of {confident:,}", "of the confident answers; expected: 999 in 1,000 on "
         "pictures like those of the calibration writers"),
    ], "upload-figures")


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def confusion(summary: DigitAudit) -> str:
    """The confusion matrix as a table: rows are true digits, columns answers; errors orange, right answers grey."""
    head = "".join(f'<th scope="col">{digit}</th>' for digit in range(10))
    rows = []
    for true, counts in enumerate(summary.confusion):
        cells = "".join(
            f'<td{"" if not count else " class=q-hit" if true == answer else " class=q-miss"}>{count or ""}</td>'
            for answer, count in enumerate(counts))
        rows.append(f'<tr><th scope="row">{true}</th>{cells}</tr>')
    return (f'<table class="q q-confusion" data-testid="upload-confusion"><caption class="q-quiet">Rows: the digit in '
            f'the name; columns: the answer. Grey is right, orange is wrong.</caption>'
            f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>")


def emotions(summary: DigitAudit) -> str:
    """A table of the pictures of each emotion, and how many of them were right."""
    read = sum(n for n, _ in summary.emotions.values())
    rows = []
    for word, colour in EMOTION_COLOURS.items():
        n, right = summary.emotions.get(word, (0, 0))
        rows.append(
            f'<tr><th scope="row">{word}</th><td aria-hidden="true"><div class="q-track"><span class="q-fill" '
            f'style="background:{colour};width:{100 * n / read:.1f}%"></span></div></td>'
            f"<td>{n:,}</td><td>{f'{right:,} right' if n else ''}</td></tr>")
    return (f'<table class="q q-bars q-emotions" data-testid="upload-emotions"><caption class="q-hidden">Emotions and '
            f"right answers among them</caption>{''.join(rows)}</table>")


def tiles(names: Sequence[str], results: Sequence[Prediction | InputError], indices: Iterable[int]) -> str:
    """The network inputs of readable pictures with label, answer, confidence, and the file name as a tooltip."""
    shown = []
    for i in indices:
        result, label = results[i], digit_label(names[i])
        assert isinstance(result, Prediction)
        right = label is None or label == result.digit
        words = f"<b>{result.digit}</b>" if right else f"{label} → <b>{result.digit}</b>"
        true = "" if label is None else f"{a(label)} "
        shown.append(tile(grey_uri(result.image), words, html.escape(percent(result.confidence)),
                          f"{names[i]}: {true}read as {result.digit}, {sure(result.confidence)}"))
    return row_of_tiles(shown, "upload-tiles")


def page(summary: DigitAudit, names: Sequence[str], results: Sequence[Prediction | InputError], model: str) -> str:
    """The whole audit as a self-contained HTML page; model: a phrase that identifies the weights."""
    read = [i for i, result in enumerate(results) if not isinstance(result, InputError)]
    unread = [(names[i], str(result)) for i, result in enumerate(results) if isinstance(result, InputError)]
    parts = [("", figures(summary)), ("Confusion", confusion(summary)), ("Emotions", emotions(summary)),
             ("Errors, the surest first", tiles(names, results, summary.errors) if summary.errors else "<p>None.</p>"),
             (f"All {len(read):,} pictures read", tiles(names, results, read))]
    if unread:
        lines = "".join(f"<li>{html.escape(f'{name}: {reason}')}</li>" for name, reason in unread)
        parts.append(("Not readable", f"<ul>{lines}</ul>"))
    body = "".join((f"<h2>{title}</h2>" if title else "") + part for title, part in parts)
    return (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-'
            f'width, initial-scale=1"><title>Qualm on {summary.n:,} pictures</title>'
            f'<style>{theme.CSS}{PRINT}</style></head><body>'
            f"<h1>Qualm on {summary.n:,} labelled pictures</h1>"
            f'<p class="q-quiet">{html.escape(model)}. The digit in '
            f"each file name is the true label.</p>{body}</body></html>\n")
