"""Pieces of HTML that several parts of the page share. Pure functions: they compute no prediction, know no Streamlit.

Plain HTML updates in place within milliseconds, is read aloud as text, and needs no chart library.
"""

import base64
import html
import io

import numpy as np
from PIL import Image

SHOWN = 800  # pixels of the long side of a picture, at most


def png_uri(pixels: np.ndarray) -> str:
    """Pixels (H, W) grey, (H, W, 3) or (H, W, 4), uint8 -> a `data:` address of them as PNG, one pixel each."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def grey_uri(image: np.ndarray) -> str:
    """An image (28, 28) in [0, 1] -> `data:` address."""
    return png_uri(np.round(255 * np.clip(image, 0, 1)).astype(np.uint8))


def boxed(grey: np.ndarray, scale: float, prediction, name: str) -> str:
    """A grey picture (H, W) in [0, 1], made small, with a frame around what was read as a Prediction and dashed ones
    around what else is there. scale: pixels of the source, in which boxes are, in one of the picture."""
    height, width = grey.shape
    step = max(1, -(-max(height, width) // SHOWN))
    frames = "".join(f'<span{kind} style="{_place(box, scale, height, width)}"></span>' for kind, box in (
        ("", prediction.box), *((" class=q-left", box) for box in prediction.left_over)))
    read = "the frame was read; dashed frames were not" if prediction.left_over else "the frame was read"
    return f"""<figure class="q q-boxed" data-testid="boxed" data-left="{len(prediction.left_over)}">
<div style="--ratio:{width / height:.4f}">
<img src="{grey_uri(grey[::step, ::step])}" alt="{html.escape(name)}: {read}">
{frames}</div>
<figcaption class="q-quiet">{html.escape(name)}: {read}</figcaption></figure>"""


def _place(box: tuple, scale: float, height: int, width: int) -> str:
    """CSS that lays a box (top, left, bottom, right) over a picture of this height and width."""
    top, left, bottom, right = (value / scale for value in box)
    return (f"top:{100 * top / height:.1f}%;left:{100 * left / width:.1f}%;"
            f"width:{100 * (right - left) / width:.1f}%;height:{100 * (bottom - top) / height:.1f}%")


def notice(sentence: str) -> str:
    """One sentence to the person, announced by screen readers."""
    return f'<div class="q q-notice" role="status" data-testid="notice">{html.escape(sentence)}</div>'


def block(title: str, how: str, body: str, name: str) -> str:
    """A part of a panel: a title, a line on how to read it, and what is to be seen. title, how, body: HTML."""
    return (f'<section class="q" data-testid="{name}"><p class="q-label">{title}</p>'
            f'<p class="q-quiet">{how}</p>{body}</section>')


def tile(uri: str | None, words: str, note: str, alt: str, opens: int | None = None) -> str:
    """A small picture, None where there is none to show, above its words and a note. words, note: HTML; alt: text;
    opens: what tiles.js tells of a click on it."""
    alt = html.escape(alt)
    picture = f'<img class="q-pixels" src="{uri}" alt="{alt}" title="{alt}">'
    if uri is None:
        picture = f'<div class="q-none" title="{alt}">no picture</div>'
    if opens is not None:
        picture = f'<button type="button" class="q-opens" data-opens="{opens}">{picture}</button>'
    return (f'<figure class="q-tile">{picture}'
            f'<figcaption>{words}<br><span class="q-quiet">{note}</span></figcaption></figure>')


def tiles(parts: list[str], name: str, wide: bool = False) -> str:
    """Tiles in rows that wrap with the width of the page; wide ones for numbers."""
    return f'<div class="q q-tiles{" q-wide" if wide else ""}" data-testid="{name}">{"".join(parts)}</div>'


def card(title: str, value: str, note: str, data: str = "") -> str:
    """A figure in a frame: title, value, a note below; title, note: text; value: HTML; data: attributes."""
    return (f'<div class="q-card"{data}><p class="q-label">{html.escape(title)}</p><p>{value}</p>'
            f'<p class="q-quiet">{html.escape(note)}</p></div>')


def cards(parts: list[tuple[str, str, str]], name: str) -> str:
    """Cards in a row, each of (title, value, note), all text."""
    shown = "".join(card(title, f"<strong>{html.escape(value)}</strong>", note) for title, value, note in parts)
    return f'<div class="q q-row" data-testid="{name}">{shown}</div>'


def table(head: list[str], rows: list[list], caption: str) -> str:
    """A table that scrolls sideways where the page is narrow; the first column names the row. All cells are text."""
    def cells(row):
        first, *rest = (html.escape(str(cell)) for cell in row)
        return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'

    heads = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in head)
    return f"""<div class="q q-scroll" tabindex="0" role="region" aria-label="{html.escape(caption)}">
<table class="q-table"><caption>{html.escape(caption)}</caption><thead><tr>{heads}</tr></thead>
<tbody>{"".join(map(cells, rows))}</tbody></table></div>"""
