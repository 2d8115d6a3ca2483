"""Read handwritten digits with the files of this folder: `python example.py [PICTURES.npy]`.

PICTURES.npy holds one picture (H, W) or several (N, H, W) of one digit each: grey values 0 to 255, uint8, dark on light
or light on dark, on plain ground. Without it, digits.npy is read, ten of MNIST's test images. NumPy and onnxruntime are
all that is needed.
"""

import sys
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

FOLDER = Path(__file__).resolve().parent
SIDE, BOX = 28, 20  # pixels: an MNIST image, and the long side of its digit
CONTRAST = 30  # least difference of ink and ground, grey values


def shares(n: int, parts: int) -> NDArray[np.floating]:
    """The share (parts, n) of each of n pixels in each of equal parts: `shares(H, h) @ X` scales H rows to h."""
    edges, pixels = np.arange(parts + 1)[:, None] * n / parts, np.arange(n)
    covered = np.clip(np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels), 0, None)
    return covered / covered.sum(axis=1, keepdims=True)


def framed(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture (H, W) in MNIST's form: (28, 28), white ink on black, the long side of the digit 20 pixels, its centre
    of mass in the middle. A picture of 28 x 28 is returned as it is. Raises ValueError if there is no ink."""
    if picture.shape == (SIDE, SIDE):
        return picture
    ground = np.median(np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]]))
    ink = np.abs(picture - ground)
    if ink.max() < CONTRAST:
        raise ValueError("a picture has no ink: take a digit that is darker or lighter than its plain ground")
    ink = np.clip(ink / ink.max() - 0.1, 0, None)
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, round(BOX * n / max(ink.shape))) for n in ink.shape)
    digit = shares(ink.shape[0], height) @ ink @ shares(ink.shape[1], width).T
    centre = [digit.sum(axis=1 - axis) @ (np.arange(n) + 0.5) / digit.sum() for axis, n in enumerate(digit.shape)]
    top, left = (int(np.clip(round(SIDE / 2 - middle), 0, SIDE - n))
                 for middle, n in zip(centre, digit.shape, strict=True))
    image = np.zeros((SIDE, SIDE))
    image[top : top + height, left : left + width] = digit / digit.max()
    return np.round(255 * image).astype(np.uint8)


def probabilities(images: NDArray[np.uint8]) -> NDArray[np.floating]:
    """Calibrated probabilities (N, 10) of the digits 0 to 9, of images (N, 28, 28) in MNIST's form."""
    session = onnxruntime.InferenceSession(FOLDER / "model.onnx", providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["probabilities"], {"image": images})[0])


def pictures_of(file: Path) -> list[NDArray[np.uint8]]:
    """The pictures (H, W) of a file. Raises ValueError, naming the file, if it holds none."""
    try:
        pictures = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"{file} cannot be read ({error}); save pictures with numpy.save") from None
    usable = isinstance(pictures, np.ndarray) and pictures.dtype == np.uint8 and pictures.ndim in (2, 3)
    if not usable or not pictures.size:
        raise ValueError(f"{file} has no pictures (H, W) or (N, H, W) of type uint8")
    return [*pictures.reshape(-1, *pictures.shape[-2:])]


def main() -> None:
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER / "digits.npy"
    try:
        images = np.stack([framed(picture) for picture in pictures_of(file)])
    except ValueError as error:
        sys.exit(str(error))
    for number, probs in enumerate(probabilities(images), 1):
        print(f"picture {number}: {probs.argmax()}, probability {probs.max():.4f}")


if __name__ == "__main__":
    main()
