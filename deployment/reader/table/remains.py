"""What remains of the lines of a table when they are taken out of its ink, where they are darker than elsewhere."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.rules import Rule

BESIDE = 3  # rows beside a line's band: a stroke that crosses the line or ends on it is there
LONG = 4.0  # times the line's thickness: a shorter remain may be a point


def without_remains(mask: NDArray[np.bool_], rules: Iterable[Rule]) -> NDArray[np.bool_]:
    """A mask (H, W) of ink without the parts that are on one of the Rules alone, with nothing above or below them."""
    left = mask.copy()
    for rule in rules:
        seen, out = (mask, left) if rule.level else (mask.T, left.T)
        half = round(rule.thickness / 2) + 2
        x = np.arange(rule.first, rule.last)
        rows = np.rint(rule.path).astype(int) + np.arange(-half - BESIDE, half + BESIDE + 1)[:, None]
        band = seen[np.clip(rows, 0, len(seen) - 1), x]
        inside = band[BESIDE:-BESIDE]
        alone = inside.any(axis=0) & ~band[:BESIDE].any(axis=0) & ~band[-BESIDE:].any(axis=0)
        ends = np.flatnonzero(np.diff(np.concatenate([[0], alone, [0]]).astype(np.int8))).reshape(-1, 2)
        for first, last in ends[ends[:, 1] - ends[:, 0] > LONG * rule.thickness]:
            out[rows[BESIDE:-BESIDE, first:last].clip(0, len(seen) - 1), x[first:last]] = False
    return left
