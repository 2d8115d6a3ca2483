"""Find the ink of one digit in a grey picture: polarity, paper, threshold, and which blobs belong to the digit.

Everything is written for "bright ink": a picture with dark ink is inverted first. NumPy and Pillow only.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deployment.reader.paper.frame import slide, stroke_width
from deployment.reader.paper.raster import blur, label, otsu, shrink
from deployment.reader.paper.rules import LEAST_RULED, without_lines

MIN_CONTRAST = 0.05  # ink that changes the light of the paper by less than this is not ink
STEEP = 0.06  # of the brightest light: what the few pixels of a stroke's edge take away
PLAIN_CONTRAST = 0.5  # of a drawing on a plain ground
TRACE = 0.01  # of full ink: the last trace of a soft edge, which would only make the digit seem larger
WIDE_PEN = 0.12  # of the picture's side
CROPPED = 64  # pixels: an image of this side or less is a crop, of a digit that may fill it
SMALL = 32  # pixels: an image of this side holds one digit and nothing else
WEAK = 0.45  # what hangs together with ink counts down to this share of the threshold
LEAST = 0.13  # of the digit's height: smaller ink is a grain of paper or dust
AS_DARK = 0.5  # of the digit's mean strength: paler ink is a shadow, a fold or the print on the back
ALONG = 0.5  # of its size: ink that touches the picture's edge along more than this is a frame, a shadow or a table


@dataclass(frozen=True)
class Ink:
    """The ink of a picture. digit: (H, W) float32 in [0, 1], 0 off the digit, 1 at the full strength of this pen; rest:
    (H, W) booleans, ink that is not part of the digit and is large enough to be writing."""

    digit: NDArray[np.floating]
    rest: NDArray[np.bool_]


def separate(grey: NDArray[np.floating], kind: str | None = None) -> Ink | None:
    """The Ink of `grey` (H, W) in [0, 1]; None if there is none. Soft edges of strokes keep their softness.

    kind: "canvas" for bright strokes on a ground that is nothing but black; None to find out.
    """
    if kind == "canvas":
        return pick_plain(grey)
    bright = unruled(1 - grey if ink_is_dark(grey) else grey)
    if is_plain(bright):
        return pick_plain((bright - bright.min()) / (bright.max() - bright.min()))
    ink = on_paper(bright)
    return on_paper(1 - bright) if ink is None else ink  # the light of a lamp may have been taken for bright ink


def on_paper(bright: NDArray[np.floating]) -> Ink | None:
    """The Ink of a picture (H, W) of bright ink on whatever paper, or None."""
    # First, paper is what is wider than nearly a third of the picture, which strokes are not. Then, with the pen known,
    # it is what is wider than a few strokes: that takes out shadows, even those with a sharp edge.
    widest = max(9, int(0.3 * max(bright.shape)) | 1)
    digit = pick_digit(bright, smooth_paper(bright))
    side = widest if digit is None else max(9, int(4 * stroke_width(digit.digit)) | 1)
    again = pick_digit(bright, opened(bright, side)) if side < widest else None
    if max(bright.shape) <= CROPPED:
        return digit if again is None else again
    for ink in (again, digit):
        if ink is not None and has_edges(bright, ink.digit > 0.5):
            return ink
    # the detected ink is light: everything wider than any pen counts as paper
    ink = pick_digit(bright, opened(bright, max(9, int(WIDE_PEN * max(bright.shape)) | 1)))
    return ink if ink is not None and has_edges(bright, ink.digit > 0.5) else None


def opened(bright: NDArray[np.floating], side: int) -> NDArray[np.floating]:
    """The picture (H, W) without what is bright and narrower than `side` pixels."""
    return slide(slide(bright, side, np.minimum), side, np.maximum)


def has_edges(bright: NDArray[np.floating], ink: NDArray[np.bool_]) -> bool:
    """Whether `ink`, a mask on the picture (H, W), has the edges of strokes: steep ones, all around.

    Light that falls off has none, a shadow has one on one side, and both reach the edge of the picture.
    """
    if ink.sum() < 4:
        return False
    border = np.zeros(ink.shape, bool)
    border[[0, -1]] = border[:, [0, -1]] = True
    rim = ink & (border | ~slide(ink, 3, np.minimum))
    inner = rim & ~border
    if not inner.any() or (rim & border).sum() > 0.06 * rim.sum():
        return False
    soft = blur(bright, 3)
    reach = int(np.clip(round(0.6 * stroke_width(ink.astype(np.float32))), 2, 6))  # pixels
    drop = (slide(soft, 3, np.maximum) - slide(soft, 2 * reach + 1, np.minimum))[inner]
    drop /= max(1 - np.percentile(soft, 1), 0.2)  # a dim picture's edges are lower
    steep = np.quantile(drop, 0.75)
    return bool(steep > STEEP and (drop > 0.5 * steep).mean() > 0.7)


def is_plain(bright: NDArray[np.floating]) -> bool:
    """Whether the ground is one and the same level and what is on it is nearly all ink: a drawing, a mask, an image as
    MNIST's. There is no paper then, and wide areas are ink."""
    low, high = float(bright.min()), float(np.percentile(bright, 99.5))
    if high - low < PLAIN_CONTRAST:
        return False
    level = (bright - low) / (high - low)
    return bool((level < 0.02).mean() > 0.2 and (level > 0.02).sum() < 2.5 * (level > 0.7).sum())


def pick_plain(bright: NDArray[np.floating]) -> Ink | None:
    """The Ink of a picture (H, W) whose ground is 0, or None. Nothing on it is paper, so ink at its edge is ink."""
    if bright.max() < MIN_CONTRAST:
        return None
    ink = (bright / bright.max()).astype(np.float32)
    return Ink(ink, np.zeros(ink.shape, bool)) if max(ink.shape) <= SMALL else pick(ink, TRACE, plain=True)


def unruled(bright: NDArray[np.floating]) -> NDArray[np.floating]:
    """The picture (H, W) of bright ink without the lines of ruled paper."""
    if min(bright.shape) < LEAST_RULED:
        return bright
    paper = smooth_paper(bright)
    ink, noise = lift(bright, paper)
    return bright - (ink - without_lines(ink, max(6 * noise, MIN_CONTRAST))) * np.maximum(1 - paper, 0.1)


def lift(bright: NDArray[np.floating], paper: NDArray[np.floating]) -> tuple[NDArray[np.floating], float]:
    """(ink (H, W), about 0 on bare paper and 1 at its strongest, and the spread of bare paper), on a known paper."""
    # Light multiplies what the paper reflects, so the shadow is divided out; for bright ink on black this is `bright`.
    ink = (bright - paper) / np.maximum(1 - paper, 0.1)
    lowest, low = np.percentile(ink, [5, 25])  # surely paper: its level and spread
    noise = low - lowest
    return ink - (low + 0.7 * noise), noise


def pick_digit(bright: NDArray[np.floating], paper: NDArray[np.floating]) -> Ink | None:
    """The Ink of a picture on a known paper, or None."""
    return pick(*lift(bright, paper))


def pick(ink: NDArray[np.floating], noise: float, plain: bool = False) -> Ink | None:
    """The Ink of a picture's ink (H, W), or None; noise: the spread of bare paper, where it is not `plain`."""
    candidates = ink[ink > max(6 * noise, MIN_CONTRAST)]
    if candidates.size < 4:
        return None
    threshold = otsu(candidates)
    full = np.percentile(ink[ink >= threshold], 75)
    labels, n = label(ink > max(WEAK * threshold, 3.5 * noise))
    strong = np.zeros(n + 1, bool)
    strong[labels[ink >= threshold]] = True
    strong[0] = False
    chosen, rest = choose(labels, strong, ink, plain)
    if chosen is None or rest is None:
        return None
    keep = chosen[labels]
    rim = slide(keep, 5, np.maximum) & ~((labels > 0) & ~keep)  # soft edges reach beyond the threshold
    ink = np.where(rim, ink, 0).astype(np.float32)
    # A stroke's full strength is that of the ink around it, so that a pen running dry is evened out, within reason.
    side = max(3, 2 * int(1.5 * stroke_width(np.clip(ink / full, 0, 1))) + 1)
    full = np.clip(blur(slide(ink, side, np.maximum), side), 0.4 * full, full)
    floor = np.minimum(2 * noise, full / 2)
    return Ink(np.clip((ink - floor) / (full - floor), 0, 1) * rim, rest[labels])


def ink_is_dark(grey: NDArray[np.floating]) -> bool:
    """True when the ink is darker than its ground.

    Ink is what stands out from its neighbourhood: the third moment of the picture less its blur, over three widths of
    neighbourhood, has the sign of the ink. Dividing by the local spread keeps the edge of a shadow from outvoting it.
    """
    small = shrink(grey, 64)
    moment = 0.0
    for side in (9, 17, 33):
        residual = small - blur(small, side)
        local = np.sqrt(blur(residual**2, 2 * side - 1))
        moment += np.mean((residual / (local + 0.3 * residual.std() + 1e-6)) ** 3)
    return bool(moment < 0)


def smooth_paper(bright: NDArray[np.floating]) -> NDArray[np.floating]:
    """The picture without its bright ink, (H, W): an opening wider than any stroke, then a blur of the bare pixels."""
    small = shrink(bright, 128)  # the paper is smooth: this loses nothing and keeps large photographs fast
    side = max(9, int(0.3 * max(small.shape)) | 1)
    paper = opened(small, side)
    for _ in range(2):
        residual = small - paper
        ink = residual > otsu(residual) * 0.6
        bare = ~slide(ink, 3, np.maximum)
        width = max(5, max(small.shape) // 8 | 1)
        weight = blur(bare.astype(np.float32), width) + 1e-4
        paper = (blur(small * bare, width) + 1e-4 * paper) / weight
    if small.shape == bright.shape:
        return paper
    return np.asarray(Image.fromarray(paper).resize(bright.shape[::-1], Image.Resampling.BILINEAR))


def choose(labels: NDArray[np.integer], strong: NDArray[np.bool_], ink: NDArray[np.floating],
           plain: bool = False) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | tuple[None, None]:
    """Which labels form the digit, and which are other writing: booleans (n + 1,) each; (None, None) without a digit.

    strong: which labels hold real ink. The main blob is the one with the most ink, where blobs lying along the edge of
    the picture (frames, shadows, table edges) count little. Pieces near it of a noticeable size belong to the digit;
    specks and far things do not. Other writing is as large as a sign and as dark as the digit, and does not lie along
    the edge, where there is anything but ink at all (not `plain`).
    """
    n = len(strong)
    height, width = labels.shape
    y, x = np.nonzero(labels)
    of = labels[y, x]
    mass = np.bincount(of, ink[y, x], n)
    top, left = np.full(n, height), np.full(n, width)
    bottom, right = np.full(n, -1), np.full(n, -1)
    for low, high, place in ((top, bottom, y), (left, right, x)):
        np.minimum.at(low, of, place)
        np.maximum.at(high, of, place)
    size = np.maximum(bottom - top, right - left) + 1
    border = np.concatenate([labels[0], labels[-1], labels[1:-1, 0], labels[1:-1, -1]])
    contact = np.bincount(border, minlength=n)
    score = np.where(strong, mass * size, 0) / (1 + 20 * (contact / np.maximum(size, 1)) ** 2)
    score[0] = 0
    main = int(score.argmax())
    speck = size[main] < 0.04 * max(labels.shape)  # no digit is this small on its paper: a grain of noise
    if score[main] == 0 or mass[main] < 2 or speck:
        return None, None
    gap = np.maximum(
        np.maximum(top[main] - bottom, top - bottom[main]), np.maximum(left[main] - right, left - right[main])
    )
    near = gap <= 0.3 * size[main]
    sizeable = (mass >= 0.02 * mass[main]) & (size >= 0.1 * size[main])
    hugging = contact > np.maximum(0.5 * size, contact[main] if contact[main] else 0)
    chosen = strong & near & sizeable & ~hugging
    chosen[main] = True
    mean = mass / np.maximum(np.bincount(of, minlength=n), 1)
    least = max(LEAST * (bottom[chosen].max() + 1 - top[chosen].min()), 3)
    rest = strong & ~chosen & (size >= least) & (mean >= AS_DARK * mean[main])
    return chosen, rest & (plain | (contact <= ALONG * size))
