"""The picture taken apart: ink, lines of the paper and paper in three tints, and numbered components of ink."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deployment.reader.left_over import in_source
from deployment.reader.number.sheet import blobs, lines
from deployment.reader.paper.ink import Ink, find_ink
from deployment.reader.paper.light import shrink
from deployment.reader.paper.masks import grown, window
from deployment.reader.paper.opencv import cv2
from deployment.reader.prediction import Box
from deployment.ui.html import SHOWN, placed, png_uri, tiny
from deployment.ui.palette import BLUE, VERMILION, rgb

MOST_COMPONENTS = 12  # that get a number; of more, the largest
PALE = 0.4  # of the light that paper lost is left
LEVELS = 12  # of grey in paper: few, so that the PNG is small
BESIDE = 140  # grey of what lies beside the sheet
LARGE = 320  # pixels of a picture's long side, from which on its specks are shown larger
HIGH = 0.06  # of the picture's height: above a component that is higher up is no room for its number
JOINED = 0.5  # of the pen's width: components with a narrower gap are one


@dataclass(frozen=True)
class View:
    """A picture taken apart.

    Attributes
    ----------
    grey : ndarray of shape (H, W), float32 in [0, 1]
        The picture, reduced to what the page shows.
    scale : float
        Pixels of the source per pixel of `grey`.
    tinted : str
        `data:` URI of the tinted picture, of the same shape.
    components : tuple of Box
        Components of ink in reading order, in pixels of the source, at most MOST_COMPONENTS.
    more : bool
        Whether there were more, which are smaller.
    has_ink : bool
        Whether any ink was seen.
    rules : int
        Number of lines of the paper.
    beside : bool
        Whether the sheet ends inside the picture.
    """

    grey: NDArray[np.float32]
    scale: float
    tinted: str
    components: tuple[Box, ...]
    more: bool
    has_ink: bool
    rules: int
    beside: bool

    @property
    def size(self) -> tuple[float, float]:
        """Height and width in pixels of the source."""
        height, width = self.grey.shape
        return height * self.scale, width * self.scale


def take_apart(grey: NDArray[np.float32], values: NDArray, scale: float) -> View:
    """Search a picture for ink and lines.

    Parameters
    ----------
    grey : ndarray of shape (H, W), float32 in [0, 1]
    values : ndarray of shape (H, W) or (H, W, 3)
        The same picture, in colour where it has any.
    scale : float
        Pixels of the source per pixel.

    Returns
    -------
    View
    """
    ink = find_ink(values)
    small = shrink(grey, SHOWN)
    shown = scale * max(grey.shape) / max(small.shape)
    boxes = components_of(ink, scale)
    return View(small, shown, png_uri(tinted(small, ink)), largest(boxes), len(boxes) > MOST_COMPONENTS,
                bool(ink.mask.any()), len(ink.rules), ink.sheet is not None)


def tinted(grey: NDArray[np.floating], ink: Ink) -> NDArray[np.uint8]:
    """Tint ink, lines and paper.

    Parameters
    ----------
    grey : ndarray of shape (h, w) in [0, 1]
        The picture, reduced or not.
    ink : Ink
        Of this picture.

    Returns
    -------
    ndarray of shape (h, w, 3), uint8
        Ink in vermilion, lines in blue, paper in a pale grey; what lies beside the sheet in grey.
    """
    size = grey.shape[1], grey.shape[0]

    def fitted(share: NDArray) -> NDArray[np.float32]:
        reduced = cv2.resize(share.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        return np.asarray(reduced, np.float32)[..., None]

    bright = ink.pen is not None and np.mean(ink.pen.colour) > ink.paper.light
    light, bare = (1 - grey, 1 - ink.paper.light) if bright else (grey, ink.paper.light)
    lost = np.rint(LEVELS * np.clip(1 - light / max(bare, 0.05), 0, 1)) / LEVELS
    paper = 255 * (1 - PALE * lost)
    picture = np.repeat(paper.astype(np.float32)[..., None], 3, axis=2)
    if ink.sheet is not None:
        sheet = np.zeros(ink.ink.shape, np.uint8)
        cv2.fillPoly(sheet, [np.rint(ink.sheet).astype(np.int32)], 1)
        picture = BESIDE + (picture - BESIDE) * fitted(sheet)
    bands = cv2.erode(ink.lines.view(np.uint8), window(3))  # without their soft edges
    strokes = np.maximum(ink.ink, 0.6 * ink.mask)
    if max(strokes.shape) > LARGE:
        strokes = cv2.dilate(strokes, window(3))  # so that specks are seen
    for share, colour in ((bands, BLUE), (strokes, VERMILION)):
        cover = np.clip(1.3 * fitted(share), 0, 1)
        picture += (np.array(rgb(colour), np.float32) - picture) * cover
    return np.rint(picture).astype(np.uint8)


def components_of(ink: Ink, scale: float) -> list[Box]:
    """The connected components of an Ink that a person may mean, without specks.

    Parameters
    ----------
    ink : Ink
    scale : float
        Pixels of the source per pixel of the picture in which the ink was searched.

    Returns
    -------
    list of Box
        In reading order, in pixels of the source.
    """
    mask = ink.mask if ink.pen is None else grown(ink.mask, 2 * round(JOINED * ink.pen.width / 2) + 1)
    zoom = ink.scale * scale
    return [in_source(blob.box, zoom) for row in lines(blobs(ink.ink, mask)) for blob in row]


def largest(boxes: Sequence[Box], most: int = MOST_COMPONENTS) -> tuple[Box, ...]:
    """The `most` largest boxes, in the order in which they are given."""
    order = sorted(range(len(boxes)), key=lambda i: -max(boxes[i][2] - boxes[i][0], boxes[i][3] - boxes[i][1]))
    return tuple(boxes[i] for i in sorted(order[:most]))


def figure(view: View, name: str, marked: Box | None = None) -> str:
    """HTML of the tinted picture with its numbers, a caption and a legend in words.

    Parameters
    ----------
    view : View
    name : str
        Of the picture.
    marked : Box, optional
        The part that is read, in pixels of the source, if it is not all.

    Returns
    -------
    str
    """
    height, width = view.grey.shape
    many = len(view.components) > 1
    frames = f'<span class="q-part" style="{placed(marked, view.scale, height, width)}"></span>' if marked else ""
    for number, box in enumerate(view.components if many else (), 1):
        high = " class=q-high" if box[0] < HIGH * view.size[0] else ""
        frames += f'<span{high} style="{placed(box, view.scale, height, width)}"><b>{number}</b></span>'
    legend = [(VERMILION, "ink" if view.has_ink else "ink: none"),
              (BLUE, f"lines of the paper: {view.rules or 'none'}"), ("#ffffff", "paper")]
    if view.beside:
        legend.append((f"rgb({BESIDE} {BESIDE} {BESIDE})", "beside the sheet, not searched"))
    more = f" The {len(view.components)} largest pieces of ink have numbers." if view.more else ""
    dots = "".join(f'<li><span class="q-dot" style="background:{colour}"></span>{words}</li>'
                   for colour, words in legend)
    alt = f"{name}: ink in vermilion{f', {len(view.components)} numbered pieces' if many else ''}" if (
        view.has_ink) else f"{name}: no ink"
    lines_of_paper = f"{view.rules} lines of the paper in blue" if view.rules else "no lines of the paper"
    return f"""<figure class="q q-paper" data-testid="paper" data-rules="{view.rules}"
 data-components="{len(view.components)}"><p class="q-label">What was taken for ink, lines and paper</p>
<div style="--ratio:{width / height:.4f}">
<img{tiny(view.grey.shape)} src="{view.tinted}" alt="{html.escape(f"{alt}; {lines_of_paper}")}">
<div aria-hidden="true">{frames}</div></div>
<figcaption class="q-quiet">Ink is read, lines of the paper are not.{more}<ul>{dots}</ul></figcaption></figure>"""
