"""What the light of a picture says before its ink is known: the level of the paper, and whether the ink is dark.

A picture is an array (H, W) or (H, W, 3), floats in [0, 1] or uint8. In a `bright` picture ink is brighter than its
ground: a picture with dark ink is inverted first.
"""

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.frame import stroke_width
from deployment.reader.paper.masks import grown, rim, window
from deployment.reader.paper.opencv import cv2

PLAIN_CONTRAST = 0.5  # of full light: the least contrast of a drawing on a plain ground
CROP = 100  # pixels: a picture with this long side or less may be a crop, whose digit reaches its edges
MOST_DRAWN, MOST_AT_EDGES = 0.35, 0.5  # of it, and of its edges: more ink is a dark desk around a sheet, no drawing
WEAK, LIGHT = 0.3, 0.45  # a third moment below this says little: on paper lighter than this, ink is dark
STEEP = 0.06  # of the brightest light: what the few pixels of a stroke's edge take away
SAMPLED = 200  # pixels of the long side that tell whether a ground is plain
TILE, TILES, MOST_EVENED = 40, 5, 3.0  # pixels; tiles whose ink is compared with that of the picture; times at most
SOME = 5  # pixels of usual ink in a tile: where there is less, nothing is known
FINE, COARSE = 320, 64  # pixels of the long side on which a thin pen is still seen, and on which it is not


def otsu(values: NDArray[np.floating]) -> float:
    """The threshold that splits `values` into two classes of least variance (Otsu 1979), in the middle of the gap
    between the classes; 256 bins."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return high
    levels = (255 * (values - low) / (high - low)).astype(np.uint8).reshape(1, -1)
    split, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_OTSU)
    counts = np.flatnonzero(np.bincount(levels[0], minlength=256))
    below, above = counts[counts <= split].max(), counts[counts > split].min(initial=255)
    return low + (high - low) * (below + above + 1) / 2 / 255


def blur(image: NDArray, side: int) -> NDArray:
    """Mean over a side x side window, twice (nearly a Gaussian); the rim is repeated outwards."""
    for _ in range(2):
        image = cv2.blur(image, (side, side), borderType=cv2.BORDER_REPLICATE)
    return image


def opened(bright: NDArray, side: int) -> NDArray:
    """The picture without what is bright and narrower than `side` pixels."""
    return cv2.morphologyEx(bright, cv2.MORPH_OPEN, window(side))


def shrink(image: NDArray, side: int) -> NDArray:
    """`image` averaged down so that its long side is at most `side` pixels."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def enlarge(image: NDArray, shape: tuple[int, ...]) -> NDArray:
    """`image` interpolated to the height and width of `shape`."""
    if image.shape[:2] == shape[:2]:
        return image
    return cv2.resize(image, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)


def strongest(lost: NDArray) -> NDArray:
    """The largest of the channels of (H, W, C) at each pixel: (H, W)."""
    first, *others = cv2.split(lost)
    for other in others:
        first = cv2.max(first, other)
    return first


def ink_is_dark(grey: NDArray[np.floating]) -> bool:
    """True when the ink is darker than its ground.

    Ink is what stands out from its neighbourhood: the third moment of the picture less its blur, over several widths of
    neighbourhood, has the sign of the ink. Dividing by the local spread keeps the edge of a shadow from outvoting it.
    Thin pens and rules are seen on the finer of two reduced pictures alone.
    """
    moment, small = 0.0, grey
    for side, neighbourhoods in ((FINE, (9, 17)), (COARSE, (9, 17, 33))):
        small = shrink(small, side)
        if side == FINE and max(small.shape) <= COARSE:
            continue
        for width in neighbourhoods:
            residual = small - blur(small, width)
            local = np.sqrt(np.maximum(blur(residual**2, 2 * width - 1), 0))
            ratio = residual / (local + 0.3 * residual.std() + 1e-6)
            moment += float(np.mean(ratio * ratio * ratio))  # ** 3 takes ten times as long
    return moment < 0 or bool(moment < WEAK and np.median(small) > LIGHT)


def is_plain(bright: NDArray[np.floating]) -> bool:
    """Whether the ground is one and the same level and what is on it is nearly all ink: a drawing, a mask, an image as
    MNIST's. Such a picture has no paper, and wide parts are wide ink."""
    step = max(1, max(bright.shape) // SAMPLED)
    bright = bright[::step, ::step]
    low, high = float(bright.min()), float(np.percentile(bright, 99.5))
    if high - low < PLAIN_CONTRAST:
        return False
    level = (bright - low) / (high - low)
    if max(bright.shape) > CROP:
        edges = np.concatenate([level[0], level[-1], level[:, 0], level[:, -1]])
        if (level > 0.5).mean() > MOST_DRAWN or (edges > 0.5).mean() > MOST_AT_EDGES:
            return False
    return bool((level < 0.02).mean() > 0.2 and (level > 0.02).sum() < 2.5 * (level > 0.7).sum())


def has_edges(bright: NDArray[np.floating], ink: NDArray[np.bool_]) -> bool:
    """Whether `ink`, a mask on the picture (H, W), has the edges of strokes: steep ones, all around.

    Light that falls off has none, a shadow has one on one side, and both reach the edge of the picture.
    """
    if ink.sum() < 4:
        return False
    border = np.zeros(ink.shape, bool)
    border[[0, -1]] = border[:, [0, -1]] = True
    outline = rim(ink) | (ink & border)
    inner = outline & ~border
    if not inner.any() or (outline & border).sum() > 0.06 * outline.sum():
        return False
    soft = blur(bright, 3)
    reach = int(np.clip(round(0.6 * stroke_width(ink.astype(np.float32))), 2, 6))  # pixels
    drop = (cv2.dilate(soft, window(3)) - cv2.erode(soft, window(2 * reach + 1)))[inner]
    drop /= max(1 - np.percentile(soft, 1), 0.2)  # a dim picture's edges are lower
    steep = np.quantile(drop, 0.75)
    return bool(steep > STEEP and (drop > 0.5 * steep).mean() > 0.7)


def smooth_paper(bright: NDArray[np.floating]) -> NDArray[np.floating]:
    """The picture without its bright ink, (H, W): an opening wider than any stroke, then a blur of the bare pixels."""
    small = shrink(bright, 128)  # the paper is smooth: this loses nothing and keeps large photographs fast
    paper = opened(small, max(9, int(0.3 * max(small.shape)) | 1))
    width = max(5, max(small.shape) // 8 | 1)
    for _ in range(2):
        residual = small - paper
        bare = ~grown(residual > otsu(residual) * 0.6, 3)
        weight = blur(bare.astype(np.float32), width) + 1e-4
        paper = (blur(small * bare, width) + 1e-4 * paper) / weight
    return enlarge(paper, bright.shape)


def lift(bright: NDArray[np.floating], paper: NDArray[np.floating]) -> tuple[NDArray[np.floating], float]:
    """(ink (H, W), about 0 on bare paper and 1 at its strongest, and the spread of bare paper), on a known paper."""
    # Light multiplies what the paper reflects, so the shadow is divided out; for bright ink on black this is `bright`.
    return levelled((bright - paper) / np.maximum(1 - paper, 0.1))


def levelled(ink: NDArray[np.floating], paper: NDArray[np.bool_] | None = None) -> tuple[NDArray[np.floating], float]:
    """Ink (H, W) less the level of bare paper, and the spread of bare paper, of which the darkest quarter of the
    `paper`, a mask, surely is."""
    step = max(1, max(ink.shape) // 256)
    some = ink[::step, ::step]
    if paper is not None:
        on_paper = some[paper[::step, ::step]]
        some = on_paper if on_paper.size else some
    lowest, low = np.percentile(some, [5, 25])
    noise = float(low - lowest)
    return ink - np.float32(low + 0.7 * noise), noise


def evening(ink: NDArray[np.floating], written: NDArray[np.bool_], least: float) -> NDArray[np.float32]:
    """Factors (H, W), at least 1, by which ink (H, W) becomes as strong as it usually is, where all that is written
    around is paler, as under a shining light. written: a mask of where it is compared; less than `least` is no ink."""
    height, width = ink.shape
    starts = np.arange(0, width, TILE)
    weight, strength = np.zeros((2, -(-height // TILE), len(starts)), np.float32)
    for i in range(len(weight)):  # row by row, as a large picture would need five copies
        rows = slice(i * TILE, (i + 1) * TILE)
        inks = np.where(written[rows] & (ink[rows] > least), ink[rows], 0)
        squares = inks * inks
        weight[i], strength[i] = (np.add.reduceat(values.sum(axis=0), starts) for values in (squares, squares * inks))
    if not weight.any():
        return np.ones(ink.shape, np.float32)
    usual = float(strength.sum() / weight.sum())
    least_weight = SOME * usual**2
    local = (blur(strength, TILES) + least_weight * usual) / (blur(weight, TILES) + least_weight)
    gain = np.clip(usual / local, 1.0, MOST_EVENED).astype(np.float32)
    return enlarge(gain, (gain.shape[0] * TILE, gain.shape[1] * TILE))[:height, :width]
