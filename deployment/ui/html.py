"""HTML parts shared by several pages. Pure functions without Streamlit.

Plain HTML updates within milliseconds, is accessible to screen readers, and needs no chart library.
"""

import base64
import html
import io
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deployment.reader.prediction import Box, Prediction

SHOWN = 800  # pixels of the long side of a picture, at most
TINY = 140  # the same, up to which its pixels are shown as squares


def png_uri(pixels: NDArray[np.uint8]) -> str:
    """Pixels (H, W) grey, (H, W, 3) or (H, W, 4), uint8 -> `data:` URI of a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def grey_uri(image: NDArray) -> str:
    """Image (H, W) in [0, 1] -> `data:` URI of a PNG."""
    return png_uri(np.round(255 * np.clip(image, 0, 1)).astype(np.uint8))


def boxed(grey: NDArray, scale: float, prediction: Prediction, name: str, note: str = "") -> str:
    """A grey picture (H, W) in [0, 1], reduced, with a frame around the digit and dashed frames around left-over ink.

    scale: pixels of the source, in which boxes are given, per pixel of the picture; note: a further sentence.
    """
    read = "the frame was read; dashed frames were not" if prediction.left_over else "the frame was read"
    return framed(grey, scale, [prediction.box], prediction.left_over, f"{name}: {read}{note}")


def framed(grey: NDArray, scale: float, boxes: Iterable[Box], left_over: Sequence[Box], caption: str) -> str:
    """A grey picture as of `boxed` with frames and dashed frames, above its caption."""
    height, width = grey.shape
    step = max(1, -(-max(height, width) // SHOWN))
    frames = "".join(f'<span{kind} style="{placed(box, scale, height, width)}"></span>' for kind, box in (
        *(("", box) for box in boxes), *((" class=q-left", box) for box in left_over)))
    caption = html.escape(caption)
    return f"""<figure class="q q-boxed" data-testid="boxed" data-left="{len(left_over)}">
<div style="--ratio:{width / height:.4f}"><img{tiny(grey.shape)} src="{grey_uri(grey[::step, ::step])}"
 alt="{caption}">
{frames}</div>
<figcaption class="q-quiet">{caption}</figcaption></figure>"""


def tiny(shape: tuple[int, ...]) -> str:
    """The HTML attribute of a picture so small that its pixels are shown as squares; a larger one is smoothed, so that
    thin lines stay whole."""
    return " class=q-tiny" if max(shape) <= TINY else ""


def placed(box: Box, scale: float, height: int, width: int) -> str:
    """CSS that places a box, in pixels of the source, over a picture of this height and width.

    scale: pixels of the source per pixel of the picture.
    """
    top, left, bottom, right = (value / scale for value in box)
    return (f"top:{100 * top / height:.1f}%;left:{100 * left / width:.1f}%;"
            f"width:{100 * (right - left) / width:.1f}%;height:{100 * (bottom - top) / height:.1f}%")


def notice(sentence: str) -> str:
    """A sentence in a frame, announced by screen readers."""
    return f'<div class="q q-notice" role="status" data-testid="notice">{html.escape(sentence)}</div>'


def block(title: str, how: str, body: str, name: str) -> str:
    """A part of a panel: title, a line on how to read it, and body; all HTML. name: test id."""
    return (f'<section class="q" data-testid="{name}"><p class="q-label">{title}</p>'
            f'<p class="q-quiet">{how}</p>{body}</section>')


def tile(uri: str | None, words: str, note: str, alt: str, opens: int | None = None) -> str:
    """A small picture, or a placeholder if uri is None, above its words and a note.

    words, note: HTML; alt: text; opens: the number that tiles.js reports on a click.
    """
    alt = html.escape(alt)
    picture = f'<img class="q-pixels" src="{uri}" alt="{alt}" title="{alt}">'
    if uri is None:
        picture = f'<div class="q-none" title="{alt}">no picture</div>'
    if opens is not None:
        picture = f'<button type="button" class="q-opens" data-opens="{opens}">{picture}</button>'
    return (f'<figure class="q-tile">{picture}'
            f'<figcaption>{words}<br><span class="q-quiet">{note}</span></figcaption></figure>')


def tiles(parts: list[str], name: str, wide: bool = False) -> str:
    """Tiles in rows that wrap; wide: for numbers."""
    return f'<div class="q q-tiles{" q-wide" if wide else ""}" data-testid="{name}">{"".join(parts)}</div>'


def card(title: str, value: str, note: str, data: str = "") -> str:
    """A value in a frame with title and note. title, note: text; value: HTML; data: HTML attributes."""
    return (f'<div class="q-card"{data}><p class="q-label">{html.escape(title)}</p><p>{value}</p>'
            f'<p class="q-quiet">{html.escape(note)}</p></div>')


def cards(parts: list[tuple[str, str, str]], name: str) -> str:
    """Cards (title, value, note) in a row; all text."""
    shown = "".join(card(title, f"<strong>{html.escape(value)}</strong>", note) for title, value, note in parts)
    return f'<div class="q q-row" data-testid="{name}">{shown}</div>'


def table(head: list[str], rows: list[list], caption: str) -> str:
    """A table that scrolls sideways on a narrow page; the first column names the row. All cells are text."""
    def cells(row: list) -> str:
        first, *rest = (html.escape(str(cell)) for cell in row)
        return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'

    heads = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in head)
    return f"""<div class="q q-scroll" tabindex="0" role="region" aria-label="{html.escape(caption)}">
<table class="q-table"><caption>{html.escape(caption)}</caption><thead><tr>{heads}</tr></thead>
<tbody>{"".join(map(cells, rows))}</tbody></table></div>"""
