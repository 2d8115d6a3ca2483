"""Files, bytes, PIL images and arrays -> (H, W) grey in [0, 1]. Limits are checked before decoding."""

from pathlib import Path
from typing import cast

import numpy as np
import pillow_heif
from numpy.typing import ArrayLike, NDArray
from PIL import ExifTags, Image

from core.digits.data import SIDE
from deployment.reader.picture.limits import MOST_PIXELS, BoundsError, Source, check_bytes, check_tiff, most_pixels

pillow_heif.register_heif_opener(thumbnails=False)

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif")
MOST_ARRAY = 64_000_000  # pixels of an array or PIL image
WORK_SIDE = 640  # pixels; larger pictures are reduced to this size first
MIN_SIDE = 8  # pixels
ACCEPTED = "give (H, W), (H, W, 3) or (H, W, 4), whole numbers 0 to 255 or floats 0 to 1"
UPRIGHT = {2: [Image.Transpose.FLIP_LEFT_RIGHT], 3: [Image.Transpose.ROTATE_180],  # EXIF orientation -> inverse
           4: [Image.Transpose.FLIP_TOP_BOTTOM], 5: [Image.Transpose.TRANSPOSE], 6: [Image.Transpose.ROTATE_270],
           7: [Image.Transpose.TRANSVERSE], 8: [Image.Transpose.ROTATE_90]}

PictureSource = Path | Image.Image | memoryview | ArrayLike  # ArrayLike includes str, bytes and bytearray
FileSource = str | Path | bytes | bytearray | memoryview


class InputError(ValueError):
    """A picture cannot be read; the message names it and states what to do."""


def load_image(source: PictureSource, name: str = "the picture") -> NDArray[np.floating]:
    """-> (H, W) float32 grey in [0, 1], upright, long side at most 640 px; see `load_scaled`."""
    return load_scaled(source, name)[0]


def load_scaled(source: PictureSource, name: str = "the picture",
                side: int = WORK_SIDE) -> tuple[NDArray[np.floating], float]:
    """-> (H, W) float32 grey in [0, 1], upright, long side at most `side` pixels; and pixels of the source per pixel.

    `source`: path, bytes, PIL image, or array (H, W), (H, W, 3) or RGBA (H, W, 4), of integers 0..255 or floats 0..1.
    Only the first frame or page is read. Raises InputError for any other source and for one that is too large. The
    source is not modified.
    """
    if isinstance(source, (str, Path, bytes, bytearray, memoryview)):
        image, size = _open(source, name, side)
    else:
        image = source if isinstance(source, Image.Image) else _from_array(source, name)
        size = image.size
        _check_size(size, name, MOST_ARRAY)
    try:
        grey = _grey(image, side)
    except MemoryError:
        raise InputError(f"{_start(name)} is too large for this machine's memory: make it smaller.") from None
    except Exception as error:  # Pillow raises many types of error on damaged files
        raise InputError(f"{_start(name)} is damaged or cut short: save it again as PNG or JPEG.") from error
    if not (np.isfinite(grey).all() and grey.min() >= 0 and grey.max() <= 1):  # modes F and I have no fixed range
        raise InputError(f"{_start(name)} holds values outside 0 to 1: {ACCEPTED}.")
    if min(grey.shape) < MIN_SIDE:
        width, height = size
        raise InputError(f"{_start(name)} is too small ({width} x {height}): give at least {MIN_SIDE} pixels each way.")
    return grey, max(size) / max(grey.shape)


def _open(source: FileSource, name: str, side: int = WORK_SIDE) -> tuple[Image.Image, tuple[int, int]]:
    """A path or the bytes of a file -> PIL image, not decoded yet, and its size."""
    try:
        data = _bytes(source, name)
        check_tiff(data)
        image = Image.open(Source(data), formats=tuple(MOST_PIXELS))
        most, size = most_pixels(image, data), image.size
    except InputError:
        raise
    except BoundsError as error:
        raise InputError(f"{_start(name)} {error}.") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise InputError(f"{_start(name)} is too large: give at most {MOST_PIXELS['JPEG']:,} pixels.") from None
    except Exception as error:  # as in load_scaled
        raise InputError(f"{_start(name)} is not a picture that can be read: save it as PNG or JPEG.") from error
    _check_size(size, name, most)
    image.draft("L", (side, side))
    return image, size


def _bytes(source: FileSource, name: str) -> bytes:
    """The bytes of a file. Raises InputError if there are none, BoundsError if there are too many."""
    path, data = (Path(source), b"") if isinstance(source, (str, Path)) else (None, source)
    try:
        if path and path.is_dir():
            raise InputError(f"{_start(name)} is a folder: name the pictures in it, such as {path / '*.png'}, or read "
                             f"all of it with `python -m analytics.archive {path} --out READINGS`.")
        if path and not path.is_file():
            raise FileNotFoundError
        check_bytes(path.stat().st_size if path else len(data))
        data = path.read_bytes() if path else bytes(data)
    except (OSError, ValueError) as error:
        if isinstance(error, (BoundsError, InputError)):
            raise
        where = "" if str(source) in name else f" ({source})"
        raise InputError(f"{_start(name)} cannot be opened{where}: check the path.") from error
    if not data:
        raise InputError(f"{_start(name)} is an empty file: choose another one.")
    return data


def unread_pages(source: FileSource, name: str = "the picture") -> list[str]:
    """A list with a notice if the file is a TIFF of several pages, of which only the first is read; else empty."""
    try:
        image, _ = _open(source, name)
        if image.format == "TIFF":
            image.seek(1)
            return [f"{_start(name)} has several pages: only the first was read."]
    except Exception:  # no second page, or an unreadable file, which load_scaled reports
        pass
    return []


def work(data: bytes) -> float:
    """The cost of reading the bytes of a file in megapixels, from its header; 0 if it is not a picture.

    A JPEG decoded at a fraction of its size counts a quarter: it takes a quarter of the time of a PNG.
    """
    try:
        image, (width, height) = _open(data, "")
    except InputError:
        return 0
    return width * height / 1e6 * (0.25 if image.size != (width, height) else 1)


def _from_array(source: ArrayLike, name: str) -> Image.Image:
    """Array of pixels (see load_scaled) -> PIL image of mode L, RGB, RGBA, or F with values 0..1."""
    try:
        array = np.asarray(source)
    except Exception as error:  # __array__ of the object may raise anything
        raise InputError(f"{_start(name)} is not a picture: {ACCEPTED}.") from error
    if array.dtype.kind not in "buif" or array.ndim not in (2, 3) or array.shape[2:] not in ((), (3,), (4,)):
        raise InputError(f"{_start(name)} is no picture (type {array.dtype}, shape {array.shape}): {ACCEPTED}.")
    height, width = array.shape[:2]
    _check_size((width, height), name, MOST_ARRAY)
    if not np.isfinite(array).all():
        raise InputError(f"{_start(name)} holds values that are not finite numbers: {ACCEPTED}.")
    whole = array.dtype.kind in "ui"
    if array.min() < -0.01 or array.max() > (255 if whole else 1.01):
        raise InputError(f"{_start(name)} holds values from {array.min():g} to {array.max():g}: {ACCEPTED}.")
    if whole:
        return Image.fromarray(np.ascontiguousarray(array, np.uint8))
    array = np.clip(array.astype(np.float32), 0, 1)
    return Image.fromarray(array if array.ndim == 2 else np.rint(array * 255).astype(np.uint8))


def _check_size(size: tuple[int, int], name: str, most: int) -> None:
    width, height = size
    if not 0 < width * height <= most or max(size) > 2**16:
        raise InputError(f"{_start(name)} cannot be {width} x {height}: give at most {most / 1e6:.0f} megapixels"
                         f"{' of this kind, or save it as JPEG' if most < MOST_ARRAY else ''}.")


def check_images(X: ArrayLike) -> NDArray[np.uint8 | np.float32]:
    """Images (N, 28, 28) of integers 0..255, masks of 0 and 1, or floats 0..1 -> uint8, or float32 in [0, 1].

    Raises InputError for any other array.
    """
    try:
        X = np.asarray(X)
    except Exception as error:  # as in _from_array
        raise InputError(f"The images are no array: give (N, {SIDE}, {SIDE}).") from error
    if X.dtype.kind not in "buif" or X.ndim != 3 or X.shape[1:] != (SIDE, SIDE) or not len(X):
        raise InputError(f"The images have the type {X.dtype} and shape {X.shape}: give (N, {SIDE}, {SIDE}), whole "
                         "numbers 0 to 255 or floats 0 to 1.")
    low, high = X.min(), X.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise InputError("The images hold values that are not finite numbers: replace them first.")
    whole = X.dtype.kind in "ui"
    if low < 0 or high > (255 if whole else 1):
        raise InputError(f"The images hold values from {low:g} to {high:g}: give whole numbers 0 to 255 or floats 0 to "
                         "1.")
    if X.dtype == np.uint8 and high > 1:
        return X
    if whole and high > 1:
        return X.astype(np.uint8)
    return X.astype(np.float32)


def _full_scale(largest: float) -> int:
    """The value of white for integers with this maximum."""
    return 1 if largest <= 1 else 255 if largest <= 255 else 65535


def _grey(image: Image.Image, side: int) -> NDArray[np.floating]:
    """PIL image -> (H, W) float32 in [0, 1], upright, reduced to `side`, transparent pixels filled with the background.

    The image is reduced before it is converted, to avoid a large copy.
    """
    image.load()  # Pillow turns TIFF and HEIC here and removes their orientation tag
    turn = UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1), [])
    white = None
    if image.mode.startswith("I"):  # 16 or 32 bits; reduced as floats
        _, high = cast("tuple[float, float]", image.getextrema())  # one band
        white = _full_scale(high)
        image = image.convert("I").convert("F")
    elif image.mode == "F":
        white = 1
    elif image.has_transparency_data:
        image = image.convert("RGBA") if image.mode not in ("LA", "RGBA") else image
    elif image.mode not in ("L", "RGB"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    mask = white is None and _is_mask(image)
    image = image.reduce(max(1, max(image.size) // side))
    if max(image.size) > side:
        image = image.resize([max(1, n * side // max(image.size)) for n in image.size], Image.Resampling.BILINEAR)
    for step in turn:
        image = image.transpose(step)
    if white is None:
        image = image.convert({"RGBA": "LA", "LA": "LA"}.get(image.mode, "L"))
        white = 1 if mask else 255
    pixels = np.asarray(image, np.float32) / white
    if pixels.ndim == 2:
        return pixels
    light, alpha = pixels[..., 0], pixels[..., 1]
    share = alpha.mean()
    if share == 0:
        return np.zeros(light.shape, np.float32)
    level = (light * alpha).sum() / alpha.sum()
    # strokes on a transparent ground get the opposite ground; paper with a transparent margin is continued
    ground = level if share > 0.5 else float(level < 0.5)
    return light * alpha + ground * (1 - alpha)


def _is_mask(image: Image.Image) -> bool:
    """Whether an image of mode L or RGB has both values 0 and 1 and no other."""
    bands = image.getextrema() if image.mode == "RGB" else [image.getextrema()] if image.mode == "L" else [(0, 255)]
    return set(bands) == {(0, 1)}


def _start(name: str) -> str:
    """The name with its first letter in upper case."""
    return name[:1].upper() + name[1:]
