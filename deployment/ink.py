"""Find the ink of one digit in a grey picture: polarity, paper, threshold, and which blobs belong to the digit.

Everything is written for "bright ink": a picture with dark ink is inverted first. NumPy and Pillow only.
"""

import numpy as np
from PIL import Image

PAPER_SIDE = 128  # the paper is estimated on a picture this small: it is smooth, and this keeps large photographs fast
MIN_CONTRAST = 0.05  # ink that changes the light of the paper by less than this is not ink


def separate(grey):
    """Ink of the digit in `grey` (H, W) in [0, 1]: (H, W) float32 in [0, 1], 0 off the digit; None if there is no ink.

    1 is the full strength of this pen; softer edges keep their softness.
    """
    bright = 1 - grey if ink_is_dark(grey) else grey
    paper = estimate_paper(bright)
    # Light multiplies what the paper reflects, so the shadow is divided out; for bright ink on black this is `bright`.
    ink = np.clip((bright - paper) / np.maximum(1 - paper, 0.1), 0, 1)
    noise = 1.4826 * np.median(np.abs(ink - np.median(ink))) if ink.size > 4096 else 0.0
    noise = max(noise, _texture(bright - paper))
    candidates = ink[ink > max(4 * noise, MIN_CONTRAST)]
    if candidates.size < 4:
        return None
    threshold = otsu(candidates)
    full = np.percentile(ink[ink >= threshold], 75)
    labels, n = label(ink > max(0.6 * threshold, 3 * noise))
    strong = np.zeros(n + 1, bool)
    strong[labels[ink >= threshold]] = True
    strong[0] = False
    chosen = choose(labels, strong, ink)
    if chosen is None:
        return None
    keep = chosen[labels]
    others = (labels > 0) & ~keep
    rim = slide(slide(keep, 3, np.maximum), 3, np.maximum) & ~others
    floor = 2 * noise
    return (np.clip((ink - floor) / (full - floor), 0, 1) * rim).astype(np.float32)


def _texture(residual):
    """Noise of the paper: the typical difference between neighbours, which ink, being rare, hardly changes."""
    if min(residual.shape) < 40:
        return 0.0
    return 1.4826 / np.sqrt(2) * float(np.median(np.abs(np.diff(residual, axis=1))))


def ink_is_dark(grey):
    """True when the ink is darker than its ground.

    Ink is what stands out from its neighbourhood: the third moment of the picture less its blur, over three widths of
    neighbourhood, has the sign of the ink. Dividing by the local spread keeps the edge of a shadow from outvoting it.
    """
    small = _shrink(grey, 64)
    moment = 0.0
    for side in (9, 17, 33):
        residual = small - _blur(small, side)
        local = np.sqrt(_blur(residual**2, 2 * side - 1))
        moment += np.mean((residual / (local + 0.3 * residual.std() + 1e-6)) ** 3)
    return bool(moment < 0)


def estimate_paper(bright):
    """The picture without its (bright) ink, (H, W): an opening wider than any stroke, then a blur of the pixels off the ink."""
    small = _shrink(bright, PAPER_SIDE)
    side = max(9, int(0.3 * max(small.shape)) | 1)
    paper = slide(slide(small, side, np.minimum), side, np.maximum)
    for _ in range(2):
        residual = small - paper
        ink = residual > otsu(residual) * 0.6
        bare = ~slide(ink, 3, np.maximum)
        width = max(5, max(small.shape) // 8 | 1)
        weight = _blur(bare.astype(np.float32), width) + 1e-4
        paper = (_blur(small * bare, width) + 1e-4 * paper) / weight
    if small.shape == bright.shape:
        return paper
    return np.asarray(Image.fromarray(paper).resize(bright.shape[::-1], Image.Resampling.BILINEAR))


def choose(labels, strong, ink):
    """Which labels form the digit: boolean (n + 1,), or None. `strong` marks the labels that hold real ink.

    The main blob is the one with the most ink, where blobs lying along the edge of the picture (frames, shadows,
    table edges) count little. Pieces near it of a noticeable size belong to it; specks and far things do not.
    """
    n = len(strong)
    height, width = labels.shape
    y, x = np.nonzero(labels)
    of = labels[y, x]
    mass = np.bincount(of, ink[y, x], n)
    top, left = np.full(n, height), np.full(n, width)
    bottom, right = np.full(n, -1), np.full(n, -1)
    for edge, place, pick in ((top, y, np.minimum), (bottom, y, np.maximum), (left, x, np.minimum), (right, x, np.maximum)):
        pick.at(edge, of, place)
    size = np.maximum(bottom - top, right - left) + 1
    border = np.concatenate([labels[0], labels[-1], labels[1:-1, 0], labels[1:-1, -1]])
    contact = np.bincount(border, minlength=n)
    score = np.where(strong, mass * size, 0) / (1 + 20 * (contact / np.maximum(size, 1)) ** 2)
    score[0] = 0
    main = int(score.argmax())
    if score[main] == 0 or mass[main] < 2:
        return None
    gap = np.maximum(
        np.maximum(top[main] - bottom, top - bottom[main]), np.maximum(left[main] - right, left - right[main])
    )
    near = gap <= 0.3 * size[main]
    sizeable = (mass >= 0.02 * mass[main]) & (size >= 0.1 * size[main])
    hugging = contact > np.maximum(0.5 * size, contact[main] if contact[main] else 0)
    chosen = strong & near & sizeable & ~hugging
    chosen[main] = True
    return chosen


def otsu(values):
    """The threshold that splits `values` into two classes of least variance (Otsu 1979); 256 bins."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return high
    counts, edges = np.histogram(values, 256, (low, high))
    middle = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)
    moment = np.cumsum(counts * middle)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (moment * below[-1] - moment[-1] * below) ** 2 / (below * above)
    between[above == 0] = 0
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))  # an empty valley is split in its middle
    return float(edges[1:][(best[0] + best[-1]) // 2])


def label(mask):
    """Connected blobs (8 neighbours) of `mask` (H, W): labels (H, W) int32, 0 off the mask, and their number.

    Every pixel starts as its own root; neighbouring roots are joined at the smaller one and chains shortened until nothing changes.
    """
    number = np.full((mask.shape[0] + 1, mask.shape[1] + 2), -1, np.int64)
    inside = number[:-1, 1:-1]
    count = int(mask.sum())
    inside[mask] = np.arange(count)
    a, b = [], []
    for dy, dx in ((0, 1), (1, -1), (1, 0), (1, 1)):
        other = number[dy : mask.shape[0] + dy, 1 + dx : mask.shape[1] + 1 + dx]
        both = (inside >= 0) & (other >= 0)
        a.append(inside[both])
        b.append(other[both])
    a, b, root = np.concatenate(a), np.concatenate(b), np.arange(count)
    while a.size:
        np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        while not np.array_equal(shorter := root[root], root):
            root = shorter
        a, b = root[a], root[b]
        apart = a != b
        a, b = a[apart], b[apart]
    names, compact = np.unique(root, return_inverse=True)
    labels = np.zeros(mask.shape, np.int32)
    labels[mask] = compact + 1
    return labels, len(names)


def slide(image, side, pick, axes=(0, 1)):
    """Minimum or maximum (`pick`: np.minimum, np.maximum) over a window of `side` (odd) pixels along each of `axes`."""
    for axis in axes:
        half = side // 2
        image = np.pad(image, [(half, half) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        image = np.moveaxis(image, axis, 0)
        width = 1
        while width < side:
            step = min(width, side - width)
            image = pick(image[:-step], image[step:])
            width += step
        image = np.moveaxis(image, 0, axis)
    return image


def _blur(image, side):
    """Mean over a side x side window, twice (nearly a Gaussian); the rim is repeated outwards."""
    for axis in (0, 1, 0, 1):
        padded = np.pad(image, [(side // 2 + 1, side // 2) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        total = np.cumsum(padded, axis, dtype=np.float64)
        n = image.shape[axis]
        image = ((total.take(range(side, side + n), axis) - total.take(range(n), axis)) / side).astype(np.float32)
    return image


def _shrink(image, side):
    """`image` averaged down so that its long side is at most `side` pixels."""
    scale = side / max(image.shape)
    if scale >= 1:
        return image
    size = [max(1, round(n * scale)) for n in image.shape[::-1]]
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))
