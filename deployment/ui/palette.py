"""Colours of the app and of the audit figures, and colour maps."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Okabe-Ito colours: distinguishable with any common colour blindness; always used together with a word.
BLUE, ORANGE = "#0072B2", "#E69F00"  # losses and gains against a reference
VERMILION, GREY = "#D55E00", "#8c8c8c"
EMOTION_COLOURS = {"confident": "#009E73", "hesitant": ORANGE, "confused": VERMILION, "curious": "#CC79A7"}
# Ten colours for colour-blind readers: M. A. Petroff, "Accessible Color Sequences for Data Visualization", 2021
# (arXiv:2107.02270). Figures also print the digit.
DIGIT_COLOURS = ("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581",
                 "#92dadd")
HEAT = "cividis"  # name in the chart libraries
PALE = "#f4f4f2"  # neither loss nor gain
# The colour map `cividis` at seventeen even steps, for interpolation
CIVIDIS = (
    "#00224e", "#002e6a", "#1a386f", "#32436d", "#434e6c", "#535a6d", "#61656f", "#6f7073", "#7d7c78",
    "#8c8878", "#9b9476", "#aba072", "#bcae6c", "#cdbb63", "#dec958", "#f0d846", "#fee838",
)


def cividis(values: ArrayLike) -> NDArray[np.uint8]:
    """Values in [0, 1], any shape -> uint8 colours of shape (..., 3): dark blue for 0, yellow for 1."""
    return _between(CIVIDIS, values)


def loss_gain(values: ArrayLike) -> NDArray[np.uint8]:
    """Values in [-1, 1] -> uint8 colours of shape (..., 3): blue below 0, pale at 0, orange above."""
    return _between([BLUE, PALE, ORANGE], (np.asarray(values) + 1) / 2)


def rgb(colour: str) -> tuple[int, int, int]:
    """A colour "#rrggbb" as red, green and blue, 0 to 255."""
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def _between(colours: Sequence[str], values: ArrayLike) -> NDArray[np.uint8]:
    steps = np.array([rgb(colour) for colour in colours], float)
    at = np.clip(values, 0, 1) * (len(steps) - 1)
    return np.stack([np.interp(at, np.arange(len(steps)), steps[:, c]) for c in range(3)], -1).round().astype(np.uint8)
