"""The few operations on grey pictures that reading ink needs, in NumPy and Pillow: each (H, W) array in, array out."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def otsu(values: NDArray[np.floating]) -> float:
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


def label(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
    """Connected blobs (8 neighbours) of `mask` (H, W): labels (H, W) int32, 0 off the mask, and their number.

    Each pixel starts as a root. Neighbouring roots are joined at the smaller one and chains are shortened until
    nothing changes (union-find).
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


def blur(image: NDArray[np.floating], side: int) -> NDArray[np.float32]:
    """Mean over a side x side window, twice (nearly a Gaussian); the rim is repeated outwards."""
    before, after = side // 2 + 1, side // 2
    for axis in (0, 1, 0, 1):
        lines = image.T if axis else image
        n = len(lines)
        total = np.empty((before + n + after, lines.shape[1]))  # np.pad would take longer than all the rest
        total[:before], total[before : before + n], total[before + n :] = lines[0], lines, lines[-1]
        np.cumsum(total, 0, out=total)
        image = ((total[side : side + n] - total[:n]) / side).astype(np.float32)
        image = image.T if axis else image
    return np.ascontiguousarray(image)


def shrink(image: NDArray[np.floating], side: int) -> NDArray[np.floating]:
    """`image` averaged down so that its long side is at most `side` pixels."""
    scale = side / max(image.shape)
    if scale >= 1:
        return image
    size = [max(1, round(n * scale)) for n in image.shape[::-1]]
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))
