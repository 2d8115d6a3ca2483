"""Take the lines of a sheet out of its ink, and leave the strokes that cross them or run along them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.light import strongest
from deployment.reader.paper.opencv import cv2
from deployment.reader.paper.rules import Rule

STRETCHES = 12  # of a rule, in each of which its strength is even
USUAL = 0.6  # quantile of the ink along a stretch: what the rule alone takes
MARGIN = 1.1  # times that: no two places of a rule are quite equal
EVEN = 1.6  # times its median: a rule is nowhere darker, a stroke on it is
SLANTS = 9  # slopes of a crossing stroke that are tried
STEEP = 1.5  # columns by which a crossing stroke may be aside for each row of the rule


def without_rules(lost: NDArray[np.floating], rules: Sequence[Rule], least: float,
                  out: NDArray[np.floating] | None = None) -> NDArray[np.floating]:
    """The light lost (H, W, C) to ink, without the Rules; less than `least` is no ink. out: where it is
    written, as for NumPy's functions; it may be `lost`.

    A rule takes the same share of light all along: what is lost beyond that is a stroke's. Where a stroke is no darker
    than the rule, it is what continues from one side of the rule to the other.
    """
    bare = strongest(lost)
    if out is None:
        out = lost.copy()
    elif out is not lost:
        np.copyto(out, lost)
    bands = [_band(rule, lost.shape) for rule in rules]
    for rule, band in zip(rules, bands, strict=True):  # what is beside a rule is looked up where no other rule is
        _seen_along(bare, rule)[band] = 0
    for rule, (rows, x) in zip(rules, bands, strict=True):
        view, beside = _seen_along(out, rule), _seen_along(bare, rule)
        inked = view[rows, x]
        even = _even_strength(out, rule, rows)
        beyond = (inked - even) / np.maximum(1 - even, 0.1)
        across = _across(beside, x[0], rows, least)
        view[rows, x] = np.clip(np.maximum(beyond, across[..., None]), 0, inked)
        beside[rows, x] = across
    return out


def _seen_along(picture, rule):
    """A view of a picture (H, W) or (H, W, C) in which the rule runs along the rows."""
    return picture if rule.level else picture.swapaxes(0, 1)


def _band(rule, shape):
    """Rows and columns, (n, length) each, of the pixels of a rule in a picture of this shape, seen along the rule."""
    half = int(np.ceil(rule.thickness / 2)) + 1
    rows = np.rint(rule.path).astype(int) + np.arange(-half, half + 1)[:, None]
    return np.clip(rows, 0, shape[0 if rule.level else 1] - 1), np.broadcast_to(
        np.arange(rule.first, rule.last), rows.shape)


def _even_strength(lost, rule, rows):
    """What a rule alone takes at the rows (n, columns) of its band, (n, columns, C): a quantile of each stretch along
    it, where the picture (H, W, C) is sampled at steps of one pixel from the rule's middle."""
    half = len(rows) // 2
    path = rule.path
    if np.ptp(path) < 1:  # nothing has to be interpolated
        path = np.full_like(path, np.rint(path.mean()))
    across = path + np.arange(-half, half + 1, dtype=np.float32)[:, None]
    along = np.broadcast_to(np.arange(rule.first, rule.last, dtype=np.float32), across.shape)
    places = (along, across) if rule.level else (across, along)
    band = cv2.remap(lost, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).reshape(*across.shape, -1)
    n = min(STRETCHES, band.shape[1])
    length = band.shape[1] // n
    some = band[:, : n * length].reshape(len(band), n, length, -1)[:, :, :: max(1, length // 48)]
    rank = int(USUAL * some.shape[2])
    usual = np.partition(some, rank, axis=2)[:, :, rank]  # (rows, stretches, C)
    usual = np.minimum(usual, EVEN * np.median(usual, axis=1, keepdims=True))
    usual = np.median(np.stack([usual[:, np.clip(np.arange(n) + i, 0, n - 1)] for i in (-1, 0, 1)]), axis=0)
    even = cv2.resize(np.ascontiguousarray(usual, np.float32), (band.shape[1], len(band)),
                      interpolation=cv2.INTER_LINEAR).reshape(band.shape)
    place = np.clip(rows - path + half, 0, len(even) - 1)
    upper = np.minimum(place.astype(int), len(even) - 2)
    between = (place - upper)[..., None].astype(np.float32)
    columns = np.arange(band.shape[1])
    return MARGIN * ((1 - between) * even[upper, columns] + between * even[upper + 1, columns])


def _across(beside, x, rows, least):
    """What goes on from above a rule's band to below it (rows, columns), in any channel, straight down or slanting: the
    lesser of the two ends."""
    thick, n = rows.shape
    above, below = (np.maximum(*(beside[np.clip(edge + i * towards, 0, len(beside) - 1), x] for i in (1, 2)))
                    for edge, towards in ((rows[0], -1), (rows[-1], 1)))
    out = np.zeros((thick, n), np.float32)
    reach = int(STEEP * thick)
    near = [cv2.dilate((end > least).astype(np.uint8)[None], np.ones((1, 2 * reach + 1), np.uint8))[0]
            for end in (above, below)]
    columns = np.flatnonzero(near[0] & near[1])
    if not len(columns):
        return out
    places = np.linspace(0, 1, thick)[:, None]
    for slant in np.linspace(-reach, reach, SLANTS).round().astype(int):
        upper = np.clip(columns - np.rint(slant * places).astype(int), 0, n - 1)
        lower = np.clip(columns + np.rint(slant * (1 - places)).astype(int), 0, n - 1)
        out[:, columns] = np.maximum(out[:, columns], np.minimum(above[upper], below[lower]))
    return out
