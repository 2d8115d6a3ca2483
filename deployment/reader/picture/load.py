"""Decode pictures as (H, W) grey in [0, 1], from files, bytes, PIL images and arrays."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import ExifTags, Image

from core.digits.data import SIDE
from deployment.reader.picture.opening import (
    MOST_ARRAY,
    WORK_SIDE,
    FileSource,
    InputError,
    check_size,
    open_file,
    start,
)

COLOUR_SIDE = 1600  # pixels: the same as WORK_SIDE, where the ink is searched by colour
COLOURLESS = 6  # levels of 255: channels that differ by no more are grey
MIN_SIDE = 8
ACCEPTED = "give (H, W), (H, W, 3) or (H, W, 4), whole numbers 0 to 255 or floats 0 to 1"
UPRIGHT = {2: [Image.Transpose.FLIP_LEFT_RIGHT], 3: [Image.Transpose.ROTATE_180],  # EXIF orientation -> its inverse
           4: [Image.Transpose.FLIP_TOP_BOTTOM], 5: [Image.Transpose.TRANSPOSE], 6: [Image.Transpose.ROTATE_270],
           7: [Image.Transpose.TRANSVERSE], 8: [Image.Transpose.ROTATE_90]}

PictureSource = FileSource | Image.Image | ArrayLike


@dataclass(frozen=True)
class Pixels:
    """A decoded picture, upright. grey: (H, W) float32 in [0, 1]; colour: (H, W, 3) uint8, None for a picture in grey;
    scale: pixels of the source per pixel."""

    grey: NDArray[np.float32]
    colour: NDArray[np.uint8] | None
    scale: float

    @property
    def values(self) -> NDArray:
        """The picture in colour, where it has any."""
        return self.grey if self.colour is None else self.colour

    @property
    def whole(self) -> NDArray[np.uint8]:
        """The same in whole numbers up to 255."""
        return np.rint(255 * self.grey).astype(np.uint8) if self.colour is None else self.colour


def load_image(source: PictureSource, name: str = "the picture") -> NDArray[np.float32]:
    """Return (H, W) float32 grey in [0, 1], upright, long side at most 640 px. See `load_scaled`."""
    return load_scaled(source, name)[0]


def load_scaled(source: PictureSource, name: str = "the picture",
                side: int = WORK_SIDE) -> tuple[NDArray[np.float32], float]:
    """Return (H, W) float32 grey in [0, 1], upright, long side at most `side` pixels, and the source pixels per pixel.

    source: path, bytes, PIL image, or array (H, W), (H, W, 3) or RGBA (H, W, 4), of integers 0..255 or floats 0..1.
    Only the first frame or page is read. Raises InputError if the source is not such a picture or exceeds a limit. The
    source is not modified.
    """
    pixels = load_grey(source, name, side)
    return pixels.grey, pixels.scale


def load_grey(source: PictureSource, name: str = "the picture", side: int = WORK_SIDE) -> Pixels:
    """Return the Pixels of a picture in grey, long side at most `side` pixels; as of `load_scaled`."""
    return _load(source, name, side, False)


def load_pixels(source: PictureSource, name: str = "the picture", side: int = COLOUR_SIDE) -> Pixels:
    """Return the Pixels of a picture, long side at most `side` pixels; arguments and errors as of `load_scaled`."""
    return _load(source, name, side, True)


def _load(source: PictureSource, name: str, side: int, colour: bool) -> Pixels:
    if isinstance(source, FileSource):
        image, size = open_file(source, name, side, colour)
    else:
        image = source if isinstance(source, Image.Image) else _from_array(source, name)
        size = image.size
        check_size(size, name, MOST_ARRAY)
    try:
        grey, colours = _decoded(image, side, colour)
    except MemoryError:
        raise InputError(f"{start(name)} is too large for this machine's memory: make it smaller.") from None
    except Exception as error:  # Pillow raises many types on damaged files
        raise InputError(f"{start(name)} is damaged or cut short: save it again as PNG or JPEG.") from error
    if not (np.isfinite(grey).all() and grey.min() >= 0 and grey.max() <= 1):  # possible in PIL modes F and I
        raise InputError(f"{start(name)} holds values outside 0 to 1: {ACCEPTED}.")
    if min(grey.shape) < MIN_SIDE:
        width, height = size
        raise InputError(f"{start(name)} is too small ({width} x {height}): give at least {MIN_SIDE} pixels each way.")
    return Pixels(grey, colours, max(size) / max(grey.shape))


def _from_array(source: Any, name: str) -> Image.Image:
    """Convert an array (see `load_scaled`) to a PIL image of mode L, RGB, RGBA, or F with values 0..1."""
    try:
        array = np.asarray(source)
    except Exception as error:  # an object's __array__ may raise any type
        raise InputError(f"{start(name)} is not a picture: {ACCEPTED}.") from error
    if array.dtype.kind not in "buif" or array.ndim not in (2, 3) or array.shape[2:] not in ((), (3,), (4,)):
        raise InputError(f"{start(name)} is not a picture (type {array.dtype}, shape {array.shape}): {ACCEPTED}.")
    height, width = array.shape[:2]
    check_size((width, height), name, MOST_ARRAY)
    if not np.isfinite(array).all():
        raise InputError(f"{start(name)} holds values that are not finite numbers: {ACCEPTED}.")
    whole = array.dtype.kind in "ui"
    if array.min() < -0.01 or array.max() > (255 if whole else 1.01):
        raise InputError(f"{start(name)} holds values from {array.min():g} to {array.max():g}: {ACCEPTED}.")
    if whole:
        return Image.fromarray(np.ascontiguousarray(array, np.uint8))
    array = np.clip(array.astype(np.float32), 0, 1)
    return Image.fromarray(array if array.ndim == 2 else np.rint(array * 255).astype(np.uint8))


def check_images(X: ArrayLike) -> NDArray[np.uint8] | NDArray[np.float32]:
    """Return images (N, 28, 28) as uint8 0..255 or float32 in [0, 1].

    X: integers 0..255, masks of 0 and 1, or floats 0..1. Raises InputError for anything else.
    """
    try:
        X = np.asarray(X)
    except Exception as error:  # as in `_from_array`
        raise InputError(f"The images are not an array: give (N, {SIDE}, {SIDE}).") from error
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
    """Return the value of white, inferred from the largest value."""
    return 1 if largest <= 1 else 255 if largest <= 255 else 65535


def _decoded(image: Image.Image, side: int, colour: bool) -> tuple[NDArray[np.float32], NDArray[np.uint8] | None]:
    """Convert a PIL image to grey (H, W), 0..1, and with `colour`, where it has any, to (H, W, 3): upright, reduced to
    `side`, on an opaque background.

    The image is reduced before its mode is converted where possible, which avoids large copies.
    """
    image.load()  # the TIFF and HEIF plugins rotate here and delete the EXIF orientation
    turn = UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1), [])
    white = None
    if image.mode.startswith("I"):  # 16 or 32 bits; floats reduce these integers without loss
        high = cast(tuple[float, float], image.getextrema())[1]  # one band
        white = _full_scale(high)
        image = image.convert("I").convert("F")
    elif image.mode == "F":
        white = 1
    elif image.has_transparency_data:
        image = image.convert("RGBA") if image.mode not in ("LA", "RGBA") else image
    elif image.mode not in ("L", "RGB"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    mask = white is None and _is_mask(image)
    image = image.reduce(max(1, -(-max(image.size) // side) if colour else max(image.size) // side))
    if max(image.size) > side:
        image = image.resize([max(1, n * side // max(image.size)) for n in image.size], Image.Resampling.BILINEAR)
    for step in turn:
        image = image.transpose(step)
    if white is not None:
        return np.asarray(image, np.float32) / np.float32(white), None
    white, bands = np.float32(1 if mask else 255), np.asarray(image)
    grey = np.asarray(image.convert({"RGBA": "LA", "LA": "LA"}.get(image.mode, "L")), np.float32) / white
    colours = bands[..., :3] if colour and not mask and image.mode in ("RGB", "RGBA") and _has_colour(bands) else None
    if grey.ndim == 2:
        return grey, colours
    light, alpha = grey[..., 0], grey[..., 1]
    share = alpha.mean()
    if share == 0:
        return np.zeros(light.shape, np.float32), None
    mean = (light * alpha).sum() / alpha.sum()
    # Mostly opaque: extend the paper by its mean. Mostly transparent: strokes, which need the opposite background.
    background = mean if share > 0.5 else float(mean < 0.5)
    if colours is not None:
        cover = alpha[..., None]
        colours = np.rint(colours * cover + 255 * background * (1 - cover)).astype(np.uint8)
    return np.asarray(light * alpha + background * (1 - alpha), np.float32), colours


def _has_colour(bands: NDArray[np.uint8]) -> bool:
    """Whether the channels of (H, W, 3 or more) differ by more than the noise of a picture in grey."""
    some = bands[::4, ::4, :3].astype(np.int16)
    return bool(np.quantile(some.max(axis=2) - some.min(axis=2), 0.99) > COLOURLESS)


def _is_mask(image: Image.Image) -> bool:
    """Whether the values of an image of mode L or RGB are 0 and 1, both present."""
    bands = image.getextrema() if image.mode == "RGB" else [image.getextrema()] if image.mode == "L" else [(0, 255)]
    return set(bands) == {(0, 1)}
