"""A picture given as one digit that shows more."""

from deployment.reader.number.sheet import blobs, page_ink, usual_height
from deployment.reader.picture.load import InputError, load_image
from deployment.reader.prediction import UNKNOWN

LARGE = 0.5  # of the usual height: ink that could be a digit of its own
LIKELY, LIKELY_CUT = 0.5, 0.9  # a number less probable than this is not spoken of; one that hangs together, than that
DOUBTFUL = ("confused", "curious")


def noticed(deployer, source, prediction, kind=None):
    """The NumberReading of a picture that was read as one digit, where ink is left over or it is probably a number of
    several digits; else None."""
    try:
        if prediction.left_over:
            return deployer.read_number(source, kind=kind)
        found = page_ink(load_image(source), kind)
        several = found is not None and _large(blobs(*found)) > 1
        if not several and prediction.emotion not in DOUBTFUL:
            return None
        reading = deployer.read_number(source, kind=kind)
    except InputError:
        return None
    sure = reading.confidence >= (LIKELY if several else LIKELY_CUT) and UNKNOWN not in reading.text
    return reading if sure and len(reading.digits) > 1 else None


def _large(found):
    usual = usual_height(found)
    return sum(blob.height >= LARGE * usual for blob in found)
