"""The runs of neighbouring primitives that could be one sign or two digits."""

from collections.abc import Sequence
from dataclasses import dataclass

from deployment.reader.number.cuts import Primitive

LONGEST = 14  # primitives of one sign
WIDEST = 1.6  # of the line's height: of one sign
TWO_WIDEST = 2.8  # of the line's height: of two joined digits
GAP = 0.45  # of the line's height: nothing that far apart is one sign


@dataclass(frozen=True)
class Segment:
    """The primitives first .. last - 1 of a line, as one sign or two; box: (top, left, bottom, right) in pixels of the
    page.

    borrows: -1 or 1 where it also has the ink next to the cut on its left or right, of a stroke that two digits share.
    """

    first: int
    last: int
    box: tuple[int, int, int, int]
    borrows: int = 0


def segments(primitives: Sequence[Primitive], height: float) -> list[Segment]:
    """All Segments of a line's primitives, from left to right, by their first primitive."""
    candidates = []
    for first in range(len(primitives)):
        top, left, bottom, right, joined = 10**9, 10**9, -1, -1, True
        for last in range(first, min(len(primitives), first + LONGEST)):
            primitive = primitives[last]
            if last > first and primitive.left - right > GAP * height:
                break
            joined = joined and (last == first or _hangs_on(primitive, right))
            top, left = min(top, primitive.top), min(left, primitive.left)
            bottom, right = max(bottom, primitive.bottom), max(right, primitive.right)
            widest = TWO_WIDEST if joined else WIDEST
            if last > first and right - left > widest * max(height, bottom - top):
                break
            box, after = (top, left, bottom, right), primitives[last + 1 : last + 2]
            sides = (0, *[-1] * primitives[first].is_cut, *[1] * bool(after and after[0].is_cut))
            candidates += [Segment(first, last + 1, box, side) for side in sides]
    return candidates


def connected(segment: Segment, primitives: Sequence[Primitive]) -> bool:
    """Whether nothing in a Segment stands beside the rest, so that it may be two digits at once."""
    reach = primitives[segment.first].right
    for primitive in primitives[segment.first + 1 : segment.last]:
        if not _hangs_on(primitive, reach):
            return False
        reach = max(reach, primitive.right)
    return True


def _hangs_on(primitive, reach):
    """Whether a primitive is cut off from the one before it, or above or below what reaches to this column."""
    return primitive.is_cut or primitive.left < reach
