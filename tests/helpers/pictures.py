"""Pictures of digits as people make them: on paper, on a canvas, in a file."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def enlarge(digit, side):
    return np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC))


def alike(a, b):
    """Correlation of two images."""
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


def photograph(digit, rng, side=400, blur=1.2, ink=0.7):
    """Dark ink on slanting light with a shadow across, blurred and noisy: (500, 600) uint8."""
    paper = np.zeros((500, 600), np.float32)
    top, left = rng.integers(0, 500 - side + 1), rng.integers(0, 600 - side + 1)
    paper[top : top + side, left : left + side] = enlarge(digit, side) / 255
    y, x = np.mgrid[:500, :600] / 600
    light = (0.9 - 0.3 * x) * np.where(x + y > 0.9, 0.75, 1)
    picture = Image.fromarray((255 * light * (1 - ink * paper)).astype(np.uint8)).filter(ImageFilter.GaussianBlur(blur))
    return np.clip(np.asarray(picture) + rng.normal(0, 3, paper.shape), 0, 255).astype(np.uint8)


def png(image, **options):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, options.pop("format", "PNG"), **options)
    return buffer.getvalue()


def line_drawing(width, size=280, paper=255, ink=0):
    """A 4-like figure of straight strokes `width` px wide."""
    image = Image.new("L", (size, size), paper)
    pen = ImageDraw.Draw(image)
    for ends in ([(0.3, 0.2), (0.25, 0.55)], [(0.25, 0.55), (0.7, 0.55)], [(0.6, 0.2), (0.6, 0.8)]):
        pen.line([(round(a * size), round(b * size)) for a, b in ends], fill=ink, width=width)
    return np.asarray(image)


def canvas_transparent(digit):
    out = np.full((280, 280, 4), 255, np.uint8)
    out[..., 3] = enlarge(digit, 280)
    return out


def canvas_opaque(digit):
    out = np.full((280, 280, 4), 255, np.uint8)
    out[..., :3] = enlarge(digit, 280)[..., None]
    return out


def canvas_dark_on_nothing(digit):
    out = np.zeros((280, 280, 4), np.uint8)
    out[..., 3] = enlarge(digit, 280)
    return out
