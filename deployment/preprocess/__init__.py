"""Any picture of a digit -> (28, 28) as MNIST has it. Application, command line and tests all come through here."""

from core.digits.frame import frame
from deployment.preprocess.ink import separate
from deployment.preprocess.load import InputError, load_image

__all__ = ["InputError", "load_image", "preprocess"]


def preprocess(source, name="the picture", kind=None):
    """`source` (see load_image) -> (28, 28) float32 in [0, 1], white ink on black, as in MNIST.

    The digit's long side is 20 px, its centre of mass in the middle. Raises InputError when there is no picture or no
    ink on it; `name` is what its sentence calls the picture. kind: "canvas" for strokes drawn white on black, where
    there is no paper to look for.
    """
    ink = separate(load_image(source, name), kind)
    if ink is None:
        raise InputError(f"No ink was found in {name}: draw or photograph one digit, large and dark on plain paper.")
    return frame(ink)
