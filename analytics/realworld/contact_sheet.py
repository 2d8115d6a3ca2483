"""What was misread, as a picture: what was given, what the network saw, truth and answer."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from core.formats import percent
from deployment.reader.picture.load import InputError


def is_hit(answer, label):
    return not isinstance(answer, InputError) and answer.digit == label


def contact_sheet(sets, results, columns=8, side=84):
    """PIL image of what was misread: each picture beside its 28x28, with "truth > answer" above."""
    wrong = [row for pictures, answers in zip(sets, results, strict=True)
             for row in zip(pictures.pictures, answers, pictures.labels, strict=True) if not is_hit(*row[1:])]
    width, height = 2 * side + 8, side + 18
    sheet = Image.new("RGB", (columns * width, max(1, -(-len(wrong) // columns)) * height), "#333333")
    pen = ImageDraw.Draw(sheet)
    for i, (picture, answer, label) in enumerate(wrong):
        x, y = i % columns * width, i // columns * height
        failed = isinstance(answer, InputError)
        said = "unreadable" if failed else f"{answer.digit}  {percent(answer.confidence, 0)}"
        pen.text((x, y + 3), f"{label} > {said}")
        sheet.paste(thumbnail(picture, side), (x, y + 16))
        if not failed:
            seen = Image.fromarray(np.rint(answer.image * 255).astype(np.uint8))
            sheet.paste(seen.resize((side, side), Image.Resampling.NEAREST), (x + side + 2, y + 16))
    return sheet


def thumbnail(picture, side):
    """A picture as `load_sets` gives it, small and RGB; drawings on black, files that are no picture left empty."""
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
