"""Pick one digit out of ink: threshold, connected components, and which of them belong to the digit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.frame import stroke_width
from deployment.reader.paper.light import blur, otsu
from deployment.reader.paper.masks import box_of, grown, window
from deployment.reader.paper.opencv import cv2

MIN_CONTRAST = 0.05  # ink that changes the light of the paper by less than this is not ink
WEAK = 0.45  # what hangs together with ink counts down to this share of the threshold
LEAST = 0.13  # of the digit's height: smaller ink is a grain of paper or dust
AS_DARK = 0.5  # of the digit's mean strength: paler ink is a shadow, a fold or the print on the back
ALONG = 0.5  # of its size: ink that touches the picture's edge along more than this is a frame, a shadow or a table
SLIM = 12  # times its width: a component that is longer counts as no longer than this; lines are long, digits are not
THROUGH = 0.02  # the share of its ink that counts of what reaches two edges of the picture: a line, a frame, a table
SPECK = 0.04  # of the picture's long side: a smaller component is a grain of noise


@dataclass(frozen=True)
class Picked:
    """One digit. digit: (H, W) float32 in [0, 1], 0 off the digit, 1 at the full strength of this pen; rest: (H, W)
    booleans, ink that is not part of the digit and is large enough to be writing."""

    digit: NDArray[np.floating]
    rest: NDArray[np.bool_]


def pick(ink: NDArray[np.floating], noise: float, plain: bool = False, speck: float = SPECK) -> Picked | None:
    """The digit of a picture's ink (H, W), or None.

    noise: the spread of bare paper, where it is not `plain`; speck: of the picture's long side, the least digit.
    """
    candidates = ink[ink > max(6 * noise, MIN_CONTRAST)]
    if candidates.size < 4:
        return None
    threshold = otsu(candidates)
    full = float(np.percentile(ink[ink >= threshold], 75))
    weak = ink > max(WEAK * threshold, 3.5 * noise)
    n, labels, stats, _ = cv2.connectedComponentsWithStats(weak.view(np.uint8), connectivity=8)
    strong = np.zeros(n, bool)
    strong[labels[ink >= threshold]] = True
    strong[0] = False
    chosen, rest = choose(labels, stats, strong, ink, plain, speck)
    if chosen is None or rest is None:
        return None
    keep = chosen[labels]
    near = grown(keep, 5) & ~((labels > 0) & ~keep)  # soft edges reach beyond the threshold
    top, left, bottom, right = box_of(near)
    digit = np.zeros(ink.shape, np.float32)
    digit[top:bottom, left:right] = evened(ink[top:bottom, left:right], near[top:bottom, left:right], full, noise)
    return Picked(digit, rest[labels])


def evened(ink: NDArray[np.floating], mask: NDArray[np.bool_], full: float, noise: float) -> NDArray[np.float32]:
    """Ink (H, W) within a mask, in [0, 1]: a stroke's full strength is that of the ink around it, so that a pen running
    dry is evened out, within reason."""
    ink = np.where(mask, ink, 0).astype(np.float32)
    side = max(3, 2 * int(1.5 * stroke_width(np.clip(ink / full, 0, 1))) + 1)
    local = np.clip(blur(cv2.dilate(ink, window(side)), side), 0.4 * full, full)
    floor = np.minimum(2 * noise, local / 2)
    return (np.clip((ink - floor) / (local - floor), 0, 1) * mask).astype(np.float32)


def choose(labels: NDArray[np.int32], stats: NDArray[np.int32], strong: NDArray[np.bool_], ink: NDArray[np.floating],
           plain: bool = False, speck: float = SPECK
           ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | tuple[None, None]:
    """Which labels form the digit, and which are other writing: booleans (n,) each; (None, None) without a digit.

    stats: OpenCV's, of the labels; strong: which labels hold real ink. The main component is the one with the most ink,
    where components that lie along the edge of the picture (frames, shadows, table edges) count little. Pieces near it
    of a noticeable size belong to the digit; specks and far things do not. Other writing is as large as a sign and as
    dark as the digit, and does not lie along the edge, where there is anything but ink at all (not `plain`).
    """
    n = len(strong)
    left, top, width, height, area = stats.T
    bottom, right = top + height - 1, left + width - 1
    size = np.maximum(np.maximum(height, width), 1)  # no paper at all: its label is empty
    inked = labels > 0
    mass = np.bincount(labels[inked], np.maximum(ink[inked], 0), n)
    contact = np.bincount(np.concatenate([labels[0], labels[-1], labels[1:-1, 0], labels[1:-1, -1]]), minlength=n)
    long = np.minimum(1, SLIM * area / size**2)
    score = np.where(strong, mass * size, 0) / (1 + 20 * (contact / size) ** 2) * (1 if plain else long**2)
    edges = (top <= 1).astype(int) + (left <= 1) + (bottom >= labels.shape[0] - 2) + (right >= labels.shape[1] - 2)
    if not plain:
        score *= np.where(edges >= 2, THROUGH, 1)
    score[0] = 0
    main = int(score.argmax())
    if score[main] == 0 or mass[main] < 2 or size[main] < speck * max(labels.shape):
        return None, None
    gap = np.maximum(
        np.maximum(top[main] - bottom, top - bottom[main]), np.maximum(left[main] - right, left - right[main])
    )
    near = gap <= 0.3 * size[main]
    sizeable = (mass >= 0.02 * mass[main]) & (size >= 0.1 * size[main])
    hugging = contact > np.maximum(0.5 * size, contact[main] if contact[main] else 0)
    chosen = strong & near & sizeable & ~hugging
    chosen[main] = True
    mean = mass / np.maximum(area, 1)
    least = max(LEAST * (bottom[chosen].max() + 1 - top[chosen].min()), 3)
    rest = strong & ~chosen & (size >= least) & (mean >= AS_DARK * mean[main])
    return chosen, rest & (plain | (contact <= ALONG * size))
