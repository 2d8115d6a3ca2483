"""Out-of-distribution pictures from a seeded generator.

White ink on black, 28 x 28, as in MNIST. Circles, single strokes and hooks are left out because they can be digits.
"""

import zipfile

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE, SCALE = 28, 4  # pixels; drawn at 4 times the size and reduced for soft edges


def _noise(rng: np.random.Generator) -> Image.Image:
    """Grains of random size and density."""
    cells = int(rng.choice([7, 14, 28]))
    grains = (rng.random((cells, cells)) < rng.uniform(0.2, 0.8)) * rng.integers(60, 256, (cells, cells))
    return Image.fromarray(grains.astype(np.uint8)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)


def _nearly_blank(rng: np.random.Generator) -> Image.Image:
    """Empty paper with one to four specks."""
    image, pen = _canvas()
    for _ in range(rng.integers(1, 5)):
        (x, y), r = rng.uniform(10, 100, 2), rng.uniform(1.5, 5)
        pen.ellipse((x - r, y - r, x + r, y + r), fill=int(rng.integers(70, 256)))
    return image


def _scribble(rng: np.random.Generator) -> Image.Image:
    """One line with many random turns."""
    image, pen = _canvas()
    corners = rng.uniform(16, 96, (int(rng.integers(9, 20)), 2))
    pen.line([tuple(corner) for corner in corners], fill=255, width=int(rng.integers(5, 11)), joint="curve")
    return image


def _texture(rng: np.random.Generator) -> Image.Image:
    """Stripes, a grid or a chequerboard at a random angle."""
    y, x = np.mgrid[0:SIDE * SCALE, 0:SIDE * SCALE] / SCALE
    angle, period = rng.uniform(0, np.pi), rng.uniform(4, 11)
    u, v = (np.sin(2 * np.pi * (x * np.cos(a) + y * np.sin(a)) / period + rng.uniform(0, 6))
            for a in (angle, angle + np.pi / 2))
    pattern = (u > 0, (u > 0.5) | (v > 0.5), u * v > 0)[rng.integers(3)]
    return Image.fromarray((255 * pattern).astype(np.uint8))


def _shape(rng: np.random.Generator) -> Image.Image:
    """A triangle, square, star or cross, an outline or filled."""
    image, pen = _canvas()
    corners = int(rng.choice([3, 4, 5, 2]))
    turn, radius, width = rng.uniform(0, 2 * np.pi), rng.uniform(28, 42), int(rng.integers(6, 11))
    angles = turn + 2 * np.pi * np.arange(2 * corners) / (2 * corners)
    rim = 56 + radius * np.column_stack([np.cos(angles), np.sin(angles)])
    if corners == 2:  # a cross
        for a, b in ((0, 2), (1, 3)):
            pen.line([tuple(rim[a]), tuple(rim[b])], fill=255, width=width)
    else:
        if corners == 5:  # a star: every second corner moves inwards
            rim[1::2] = 56 + 0.42 * (rim[1::2] - 56)
        points = [tuple(p) for p in (rim if corners == 5 else rim[::2])]
        if rng.random() < 0.4:
            pen.polygon(points, fill=255)
        else:
            pen.line([*points, *points[:2]], fill=255, width=width, joint="curve")
    return image


def _canvas() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", (SIDE * SCALE, SIDE * SCALE))
    return image, ImageDraw.Draw(image)


KINDS = {"noise": _noise, "nearly blank": _nearly_blank, "scribbles": _scribble, "textures": _texture, "shapes": _shape}


def make(kind: str, n: int, seed: int = 0) -> np.ndarray:
    """n pictures of one of KINDS: (n, 28, 28) uint8, deterministic in the seed. Raises ValueError for another kind."""
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is not a kind of non-digit; choose from {', '.join(KINDS)}.")
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    images = np.empty((n, SIDE, SIDE), np.uint8)
    for i in range(n):
        image = KINDS[kind](rng)
        if image.size != (SIDE, SIDE):
            image = image.filter(ImageFilter.BoxBlur(1)).resize((SIDE, SIDE), Image.Resampling.BOX)
        images[i] = np.asarray(image)
    return images


def load_extra(path: str, name: str) -> np.ndarray:
    """Pictures from an .npz: its array `name`, (N, 28, 28) uint8. Raises ValueError when there is no such array."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            names, images = arrays.files, arrays[name] if name in arrays.files else None
    except (OSError, EOFError, ValueError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read as .npz ({error}); give a NumPy archive of pictures.") from None
    if images is None:
        raise ValueError(f"{path} has no array {name!r}; it holds {', '.join(names)}.")
    if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE) or images.dtype != np.uint8 or not len(images):
        raise ValueError(f"{name} in {path} is {images.dtype} of shape {images.shape}; (N, 28, 28) uint8 is needed.")
    return images
