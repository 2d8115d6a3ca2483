"""A contact sheet of the errors: picture, network input, true digit and answer."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from analytics.realworld.figures import Answer
from analytics.realworld.sets import Pictures
from core.formats import percent
from deployment.reader.picture.opening import InputError


def is_hit(answer: Answer, label: int) -> bool:
    return not isinstance(answer, InputError) and answer.digit == label


def contact_sheet(sets: Sequence[Pictures], results: Sequence[Sequence[Answer]], columns: int = 8,
                  side: int = 84) -> Image.Image:
    """The errors, each picture beside its 28x28 network input, with "true digit > answer" above."""
    errors = [row for pictures, answers in zip(sets, results, strict=True)
             for row in zip(pictures.pictures, answers, pictures.labels, strict=True) if not is_hit(*row[1:])]
    width, height = 2 * side + 8, side + 18
    sheet = Image.new("RGB", (columns * width, max(1, -(-len(errors) // columns)) * height), "#333333")
    pen = ImageDraw.Draw(sheet)
    for i, (picture, answer, label) in enumerate(errors):
        x, y = i % columns * width, i // columns * height
        sheet.paste(thumbnail(picture, side), (x, y + 16))
        if isinstance(answer, InputError):
            pen.text((x, y + 3), f"{label} > unreadable")
        else:
            pen.text((x, y + 3), f"{label} > {answer.digit}  {percent(answer.confidence, 0)}")
            network_input = Image.fromarray(np.rint(answer.image * 255).astype(np.uint8))
            sheet.paste(network_input.resize((side, side), Image.Resampling.NEAREST), (x + side + 2, y + 16))
    return sheet


def thumbnail(picture: np.ndarray | bytes | str | Path, side: int) -> Image.Image:
    """A small RGB version of a picture; black behind transparency, and for files that are not pictures."""
    try:
        if isinstance(picture, np.ndarray):
            image = Image.fromarray(picture)
        else:
            image = ImageOps.exif_transpose(Image.open(BytesIO(picture) if isinstance(picture, bytes) else picture))
        if image.has_transparency_data:
            image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image.convert("RGBA"))
        return ImageOps.pad(image.convert("RGB"), (side, side), color="#333333")
    except (OSError, ValueError, TypeError):
        return Image.new("RGB", (side, side))
