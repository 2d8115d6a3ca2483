"""A picture of all corruptions: a pure function from images to a Matplotlib figure, without pyplot."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from analytics.robustness.corruptions import CORRUPTIONS, PAPER, corrupt
from deployment.ui.palette import VERMILION


def samples(images: NDArray[np.uint8], seed: int = 0) -> Figure:
    """Every corruption of the first of the images (N, 28, 28), clean and at severities 1 to 5.

    A frame marks the severity of the paper's data set.
    """
    groups, width, height = 3, 6 * 30 + 12, 30 + 10  # strips in a row; pixels of a strip: six images, a title
    rows = -(-len(CORRUPTIONS) // groups)
    mosaic = np.full((rows * height, groups * width), np.nan)
    figure = Figure(figsize=(11, 11 * mosaic.shape[0] / mosaic.shape[1] + 0.4), dpi=110, layout="constrained")
    ax = figure.subplots()
    for i, name in enumerate(CORRUPTIONS):
        top, left = height * (i % rows) + 10, width * (i // rows)
        for severity in range(6):
            x = left + 1 + 30 * severity
            mosaic[top - 1 : top + 29, x - 1 : x + 29] = 128  # a rim that separates white edges
            mosaic[top : top + 28, x : x + 28] = corrupt(name, images[:1], severity, seed)[0]
            if severity == PAPER[name]:
                ax.add_patch(Rectangle((x - 1, top - 1), 29, 29, fill=False, edgecolor=VERMILION, linewidth=2))
        ax.text(left, top - 2, name.replace("_", " "), fontsize=10, va="baseline")
    ax.imshow(mosaic, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    ax.set_axis_off()
    ax.set_title("Clean, then severities 1 to 5; framed: the severity of MNIST-C", fontsize=11)
    return figure
