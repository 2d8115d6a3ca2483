"""The outline of a light sheet on a dark desk."""

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.light import shrink
from deployment.reader.paper.masks import window
from deployment.reader.paper.opencv import cv2

SIDE = 200  # pixels: an outline needs no more
DARK = 0.45  # of the sheet's light: a desk is darker than this; a shadow on a sheet seldom is
SEEN = 0.12, 0.95  # of the picture: the least and the most that a sheet with an outline covers
SOLID = 0.8  # of its convex hull: a sheet has no bays
MARGIN = 0.015  # of the picture's long side: the edge of a sheet and its shadow are no ink


def find_sheet(grey: NDArray[np.uint8],
               rim: float = 1.0) -> tuple[NDArray[np.float32], NDArray[np.bool_]] | tuple[None, None]:
    """The outline (n, 2) of a light sheet on a dark desk in a picture (H, W), x and y in pixels, and a mask (H, W) of
    its inside without its edge; (None, None) if its edge is not seen. rim: as of
    deployment.reader.paper.ink.find_ink."""
    small = shrink(grey, SIDE)
    paper = cv2.medianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, window(3)), 5)
    _, bright = cv2.threshold(paper, 0, 1, cv2.THRESH_OTSU)
    if not SEEN[0] < bright.mean() < SEEN[1] or np.median(paper[bright == 0]) > DARK * np.median(paper[bright == 1]):
        return None, None
    outlines, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=cv2.contourArea)
    hull, area = cv2.convexHull(outline), cv2.contourArea(outline)
    if area < SEEN[0] * small.size or area < SOLID * cv2.contourArea(hull):
        return None, None
    mask = cv2.fillConvexPoly(np.zeros(small.shape, np.uint8), hull, 255)
    mask = cv2.erode(mask, window(2 * int(np.ceil(rim * MARGIN * max(small.shape))) + 1), borderValue=255)
    corners = cv2.approxPolyDP(hull, 0.01 * SIDE, True)[:, 0]
    scale = max(grey.shape) / max(small.shape)
    inside = cv2.resize(mask, grey.shape[::-1], interpolation=cv2.INTER_LINEAR) > 127
    return ((corners + 0.5) * scale - 0.5).astype(np.float32), inside
