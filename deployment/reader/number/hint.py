"""A picture given as one digit that shows more."""

from collections.abc import Sequence

from deployment.reader.number.page import NumberReader
from deployment.reader.number.read import read_number
from deployment.reader.number.sheet import Blob, blobs, usual_height
from deployment.reader.paper.ink import find_ink
from deployment.reader.picture.load import PictureSource, load_pixels
from deployment.reader.picture.opening import InputError
from deployment.reader.prediction import UNKNOWN, NumberReading, Prediction

LARGE = 0.5  # of the usual height: ink that could be another digit
LIKELY, LIKELY_CUT = 0.5, 0.9  # a number less probable than this is not spoken of; one that hangs together, than that
DOUBTFUL = ("confused", "curious")


def noticed(deployer: NumberReader, source: PictureSource, prediction: Prediction,
            kind: str | None = None) -> NumberReading | None:
    """The NumberReading of a picture that was read as one digit, where ink is left over or it is probably a number of
    several digits; else None."""
    try:
        if prediction.left_over:
            return read_number(deployer, source, kind=kind)
        ink = find_ink(load_pixels(source).values, kind)
        several = _large(blobs(ink.ink, ink.mask)) > 1
        if not several and prediction.emotion not in DOUBTFUL:
            return None
        reading = read_number(deployer, source, kind=kind)
    except InputError:
        return None
    sure = reading.confidence >= (LIKELY if several else LIKELY_CUT) and UNKNOWN not in reading.text
    return reading if sure and len(reading.digits) > 1 else None


def _large(candidates: Sequence[Blob]) -> int:
    usual = usual_height(candidates)
    return sum(blob.height >= LARGE * usual for blob in candidates)
