"""Files of several pages: PDF, rendered by PDFium, and TIFF."""

import contextlib
import io
import threading
from typing import TYPE_CHECKING

from PIL import Image

from deployment.reader.picture.limits import BoundsError

if TYPE_CHECKING:
    import pypdfium2  # imported at the first PDF, as it takes as long as a tenth of the rest

MOST_PAGES = 50
SIDE = 2400  # pixels of the long side of a rendered page
LARGEST = 14_400.0  # points of a page's side, as PDF itself allows
_PDFIUM = threading.Lock()  # PDFium is not made for several threads, not even with a document each


def is_pdf(data: bytes) -> bool:
    """Whether the bytes of a file are a PDF."""
    return data[:1024].lstrip()[:5] == b"%PDF-"


def count(data: bytes) -> int:
    """The number of pages of a PDF or TIFF; 1 for other files. Raises BoundsError for a PDF that cannot be opened."""
    if is_pdf(data):
        with _PDFIUM, contextlib.closing(_open(data)) as document:
            return len(document)
    try:
        with Image.open(io.BytesIO(data), formats=("TIFF",)) as image:
            return int(getattr(image, "n_frames", 1))
    except Exception:  # no TIFF, or damaged, which loading reports
        return 1


def page(data: bytes, number: int) -> Image.Image:
    """A page of a PDF, counted from 0, its long side SIDE pixels. Raises BoundsError where it cannot be rendered."""
    import pypdfium2

    try:
        with _PDFIUM, contextlib.closing(_open(data)) as document:
            if not 0 <= number < len(document):
                raise BoundsError(f"has no page {number + 1}")
            one = document[number]
            width, height = one.get_size()
            if not 1 <= min(width, height) <= max(width, height) <= LARGEST:
                raise BoundsError("has a page of no usual size: save it as PNG or JPEG")
            return one.render(scale=SIDE / max(width, height)).to_pil().convert("RGB")
    except pypdfium2.PdfiumError as error:
        raise BoundsError("is a damaged PDF: save it again") from error


def _open(data: bytes) -> "pypdfium2.PdfDocument":
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(bytes(data))
    except pypdfium2.PdfiumError as error:
        locked = "password" in str(error).lower()
        raise BoundsError("is locked with a password: save it without one" if locked
                          else "is a damaged PDF: save it again") from error
