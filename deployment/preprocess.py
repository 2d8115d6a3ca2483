"""Any picture of a digit -> (28, 28) as MNIST has it. Application, command line and tests all come through here."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from deployment.ink import separate
from deployment.raster import slide, stroke_width

MAX_PIXELS = 64_000_000  # a phone's largest photograph; more is refused before it is unpacked
WORK_SIDE = 640  # larger pictures are reduced to this first
MIN_SIDE = 8
FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
ACCEPTED = "give (H, W), (H, W, 3) or (H, W, 4), whole numbers 0 to 255 or floats 0 to 1"
BOX = 20  # MNIST: the digit's long side, in a field of 28
STROKE = (1.8, 3.3)  # MNIST: widths of stroke, in pixels, that are left as they are (most digits lie here)
FINE = 4  # strokes are widened and thinned on a grid this many times finer than the result


class InputError(ValueError):
    """A picture that cannot be read; the message says which one and what to do."""


def preprocess(source, name="the picture"):
    """`source` (see load_image) -> (28, 28) float32 in [0, 1], white ink on black, as in MNIST.

    The digit's long side is 20 px, its centre of mass in the middle. Raises InputError when there is no picture or no
    ink on it.
    """
    ink = separate(load_image(source, name))
    if ink is None:
        raise InputError(f"No ink was found in {name}: draw or photograph one digit, large and dark on plain paper.")
    return fit(ink)


def load_image(source, name="the picture"):
    """-> (H, W) float32 grey in [0, 1], upright, long side at most 640 px.

    `source`: path, bytes, PIL image, or array (H, W), (H, W, 3) or RGBA (H, W, 4), of integers 0..255 or floats 0..1.
    Raises InputError for anything that is not such a picture. The source is never changed.
    """
    if isinstance(source, (str, Path, bytes, bytearray, memoryview)):
        image, size = _open(source, name)
    else:
        image = source if isinstance(source, Image.Image) else _from_array(source, name)
        size = image.size
        _check_size(size, name)
    try:
        grey = _grey(image)
    except Exception as error:  # Pillow's readers raise almost anything on damaged files
        raise InputError(f"{_start(name)} is damaged or cut short: save it again as PNG or JPEG.") from error
    if not (np.isfinite(grey).all() and grey.min() >= 0 and grey.max() <= 1):  # PIL's modes F and I may hold anything
        raise InputError(f"{_start(name)} holds values outside 0 to 1: {ACCEPTED}.")
    if min(grey.shape) < MIN_SIDE:
        width, height = size
        raise InputError(f"{_start(name)} is too small ({width} x {height}): give at least {MIN_SIDE} pixels each way.")
    return grey


def _open(source, name):
    """A path or the bytes of a file -> PIL image, not unpacked yet, and its size."""
    try:
        data = Path(source).read_bytes() if isinstance(source, (str, Path)) else bytes(source)
    except (OSError, ValueError) as error:
        raise InputError(f"{_start(name)} cannot be opened ({source}): check the path.") from error
    if not data:
        raise InputError(f"{_start(name)} is an empty file: choose another one.")
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(f"{_start(name)} is too large: give at most {MAX_PIXELS:,} pixels.") from error
    except Exception as error:  # as above
        raise InputError(f"{_start(name)} is not a picture that can be read: save it as PNG or JPEG.") from error
    size = image.size
    _check_size(size, name)
    image.draft("L", (WORK_SIDE, WORK_SIDE))  # a large JPEG is unpacked at a fraction of its size
    return image, size


def _from_array(source, name):
    """Array of pixels (see load_image) -> PIL image of mode L, RGB, RGBA, or F with values 0..1."""
    try:
        array = np.asarray(source)
    except Exception as error:  # any object may be passed in, with an __array__ of its own
        raise InputError(f"{_start(name)} is not a picture: {ACCEPTED}.") from error
    if array.dtype.kind not in "buif" or array.ndim not in (2, 3) or array.shape[2:] not in ((), (3,), (4,)):
        raise InputError(f"{_start(name)} is no picture (type {array.dtype}, shape {array.shape}): {ACCEPTED}.")
    height, width = array.shape[:2]
    _check_size((width, height), name)
    if not np.isfinite(array).all():
        raise InputError(f"{_start(name)} holds values that are not finite numbers: {ACCEPTED}.")
    whole = array.dtype.kind in "ui"
    if array.min() < -0.01 or array.max() > (255 if whole else 1.01):
        raise InputError(f"{_start(name)} holds values from {array.min():g} to {array.max():g}: {ACCEPTED}.")
    if whole:
        return Image.fromarray(np.ascontiguousarray(array, np.uint8))
    array = np.clip(array.astype(np.float32), 0, 1)
    return Image.fromarray(array if array.ndim == 2 else np.rint(array * 255).astype(np.uint8))


def _check_size(size, name):
    width, height = size
    if not 0 < width * height <= MAX_PIXELS or max(size) > 2**16:
        raise InputError(f"{_start(name)} cannot be {width} x {height}: give at most {MAX_PIXELS:,} pixels.")


def _grey(image):
    """PIL image -> (H, W) float32, 0..1, upright, reduced; what is transparent gets the ground that suits the rest."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits
        image = Image.fromarray(np.asarray(image, np.float32) / 65535)
    elif image.mode != "F":
        see_through = image.has_transparency_data
        image = image.convert("RGBA").convert("LA") if see_through else image.convert("RGB").convert("L")
    image = image.reduce(max(1, max(image.size) // WORK_SIDE))
    if max(image.size) > WORK_SIDE:
        image = image.resize([max(1, n * WORK_SIDE // max(image.size)) for n in image.size], Image.Resampling.BILINEAR)
    pixels = np.asarray(image, np.float32)
    if image.mode == "F":
        return pixels
    pixels = pixels / 255
    if image.mode == "L":
        return pixels
    light, alpha = pixels[..., 0], pixels[..., 1]
    share = alpha.mean()
    if share == 0:
        return np.zeros(light.shape, np.float32)
    seen = (light * alpha).sum() / alpha.sum()
    # Strokes on nothing get the ground opposite to them; paper with a see-through margin goes on as paper.
    ground = seen if share > 0.5 else float(seen < 0.5)
    return light * alpha + ground * (1 - alpha)


def fit(ink):
    """(H, W) ink in [0, 1] on 0 -> (28, 28): cropped, scaled, stroke width brought near MNIST's, centred by mass."""
    digit = _crop(ink)
    scale = BOX / max(digit.shape)
    if ink.shape == (28, 28) and scale == 1 and np.abs(_middle(ink) - 14).max() < 0.6:
        return ink.astype(np.float32)  # in MNIST's form already: another rounding of its centre could only move it
    width = stroke_width(digit) * scale
    change = np.clip(width, *STROKE) - width
    if abs(change) > 0.1:
        digit = _crop(_widen(_resize(digit, FINE * scale), change * FINE / 2))
        scale = BOX / max(digit.shape)
    digit = _resize(digit, scale)
    return _centre(digit / digit.max())  # shrinking pales a thin pen; MNIST's strokes reach full white


def _widen(ink, radius):
    """Strokes wider by `radius` pixels on each side, thinner when it is negative (octagons; fractions are blended)."""
    pick = np.maximum if radius > 0 else np.minimum
    ink = np.pad(ink, int(np.ceil(max(radius, 0))) + 1)
    for step in range(int(np.ceil(abs(radius)))):
        across, along = slide(ink, 3, pick, axes=(0,)), slide(ink, 3, pick, axes=(1,))
        grown = slide(across, 3, pick, axes=(1,)) if step % 2 else pick(across, along)  # square and cross in turns
        ink = ink + min(abs(radius) - step, 1) * (grown - ink)
    return ink


def _crop(ink):
    rows, columns = (np.flatnonzero((ink > 0.1).any(axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _resize(ink, scale):
    size = [max(1, round(n * scale)) for n in ink.shape[::-1]]
    if size == [*ink.shape[::-1]]:
        return ink
    method = Image.Resampling.BOX if scale < 0.5 else Image.Resampling.BICUBIC
    return np.clip(np.asarray(Image.fromarray(ink).resize(size, method)), 0, 1)


def _middle(ink):
    """Centre of mass: (row, column)."""
    return np.array([np.arange(n) @ ink.sum(1 - axis) for axis, n in enumerate(ink.shape)]) / ink.sum()


def _centre(digit):
    """The digit in a field of 28 x 28, its centre of mass as near (14, 14) as whole pixels allow, as in MNIST."""
    field = np.zeros((84, 84), np.float32)
    top, left = np.ceil(28 + 13.5 - _middle(digit)).astype(int)
    field[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return field[28:56, 28:56].copy()


def _start(name):
    return name[:1].upper() + name[1:]
