"""Any source of a picture -> (H, W) grey in [0, 1]: files, bytes, PIL images and arrays, checked before unpacking."""

from pathlib import Path

import numpy as np
import pillow_heif
from PIL import ExifTags, Image

from core.digits.data import SIDE
from deployment.reader.picture.limits import MOST_PIXELS, BoundsError, Source, check_bytes, check_tiff, most_pixels

pillow_heif.register_heif_opener(thumbnails=False)

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif")
MOST_ARRAY = 64_000_000  # pixels of what is in memory already
WORK_SIDE = 640  # larger pictures are reduced to this first
MIN_SIDE = 8
ACCEPTED = "give (H, W), (H, W, 3) or (H, W, 4), whole numbers 0 to 255 or floats 0 to 1"
UPRIGHT = {2: [Image.Transpose.FLIP_LEFT_RIGHT], 3: [Image.Transpose.ROTATE_180],  # EXIF orientation -> what undoes it
           4: [Image.Transpose.FLIP_TOP_BOTTOM], 5: [Image.Transpose.TRANSPOSE], 6: [Image.Transpose.ROTATE_270],
           7: [Image.Transpose.TRANSVERSE], 8: [Image.Transpose.ROTATE_90]}


class InputError(ValueError):
    """A picture that cannot be read; the message says which one and what to do."""


def load_image(source, name="the picture"):
    """-> (H, W) float32 grey in [0, 1], upright, long side at most 640 px; see `load_scaled`."""
    return load_scaled(source, name)[0]


def load_scaled(source, name="the picture", side=WORK_SIDE):
    """-> (H, W) float32 grey in [0, 1], upright, long side at most `side` pixels, and how many pixels of the source one
    of its is.

    `source`: path, bytes, PIL image, or array (H, W), (H, W, 3) or RGBA (H, W, 4), of integers 0..255 or floats 0..1.
    Of several frames or pages the first is read. Raises InputError for anything that is not such a picture, or is too
    large. The source is never changed.
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
    except Exception as error:  # Pillow's readers raise almost anything on damaged files
        raise InputError(f"{_start(name)} is damaged or cut short: save it again as PNG or JPEG.") from error
    if not (np.isfinite(grey).all() and grey.min() >= 0 and grey.max() <= 1):  # PIL's modes F and I may hold anything
        raise InputError(f"{_start(name)} holds values outside 0 to 1: {ACCEPTED}.")
    if min(grey.shape) < MIN_SIDE:
        width, height = size
        raise InputError(f"{_start(name)} is too small ({width} x {height}): give at least {MIN_SIDE} pixels each way.")
    return grey, max(size) / max(grey.shape)


def _open(source, name, side=WORK_SIDE):
    """A path or the bytes of a file -> PIL image, not unpacked yet, and its size."""
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
    except Exception as error:  # as above
        raise InputError(f"{_start(name)} is not a picture that can be read: save it as PNG or JPEG.") from error
    _check_size(size, name, most)
    image.draft("L", (side, side))
    return image, size


def _bytes(source, name):
    """What a file holds, or bytes themselves. Raises InputError for none, BoundsError for too many."""
    path = Path(source) if isinstance(source, (str, Path)) else None
    try:
        if path and path.is_dir():
            raise InputError(f"{_start(name)} is a folder: name the pictures in it, such as {path / '*.png'}, or read "
                             f"all of it with `python -m analytics.archive {path} --out READINGS`.")
        if path and not path.is_file():
            raise FileNotFoundError
        check_bytes(path.stat().st_size if path else len(source))
        data = path.read_bytes() if path else bytes(source)
    except (OSError, ValueError) as error:
        if isinstance(error, (BoundsError, InputError)):
            raise
        where = "" if str(source) in name else f" ({source})"
        raise InputError(f"{_start(name)} cannot be opened{where}: check the path.") from error
    if not data:
        raise InputError(f"{_start(name)} is an empty file: choose another one.")
    return data


def unread_pages(source, name="the picture"):
    """A list of the sentence that a TIFF, a path or the bytes of one, has more pages than the first, which alone is
    read; an empty list for any other picture."""
    try:
        image, _ = _open(source, name)
        if image.format == "TIFF":
            image.seek(1)
            return [f"{_start(name)} has several pages: only the first was read."]
    except Exception:  # there is no second page, or nothing that can be read: reading it says so
        pass
    return []


def work(data):
    """What reading the bytes of a file will cost, in megapixels; by its header alone, 0 for no picture.

    A JPEG unpacked at a fraction of its size counts a quarter: that is what it takes beside a PNG.
    """
    try:
        image, (width, height) = _open(data, "")
    except InputError:
        return 0
    return width * height / 1e6 * (0.25 if image.size != (width, height) else 1)


def _from_array(source, name):
    """Array of pixels (see load_image) -> PIL image of mode L, RGB, RGBA, or F with values 0..1."""
    try:
        array = np.asarray(source)
    except Exception as error:  # any object may be passed in, with an __array__ of its own
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


def _check_size(size, name, most):
    width, height = size
    if not 0 < width * height <= most or max(size) > 2**16:
        raise InputError(f"{_start(name)} cannot be {width} x {height}: give at most {most / 1e6:.0f} megapixels"
                         f"{' of this kind, or save it as JPEG' if most < MOST_ARRAY else ''}.")


def check_images(X):
    """Images as MNIST's, (N, 28, 28), of whole numbers 0..255, masks of 0 and 1, or floats 0..1 -> the same as uint8 or
    float32 in [0, 1]. Raises InputError, as `load_image` does for one picture."""
    try:
        X = np.asarray(X)
    except Exception as error:  # as above
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


def _full_scale(largest):
    """What white is in whole numbers of an unknown range."""
    return 1 if largest <= 1 else 255 if largest <= 255 else 65535


def _grey(image, side):
    """PIL image -> (H, W) float32, 0..1, upright, reduced to `side`; what is transparent gets the ground that suits the
    rest.

    It is reduced first and in its own mode where that can be, so that no large copy is made.
    """
    image.load()  # TIFF and HEIC are turned by their readers, which then forget how
    turn = UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation), [])
    white = None
    if image.mode.startswith("I"):  # 16 or 32 bits; large whole numbers reduce as floats without loss
        _, high = image.getextrema()
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
    seen = (light * alpha).sum() / alpha.sum()
    # Strokes on nothing get the ground opposite to them; paper with a see-through margin goes on as paper.
    ground = seen if share > 0.5 else float(seen < 0.5)
    return light * alpha + ground * (1 - alpha)


def _is_mask(image):
    """Whether an image of mode L or RGB holds 0 and 1 alone, and both."""
    bands = image.getextrema() if image.mode == "RGB" else [image.getextrema()] if image.mode == "L" else [(0, 255)]
    return set(bands) == {(0, 1)}


def _start(name):
    """The name as a sentence begins with it."""
    return name[:1].upper() + name[1:]
