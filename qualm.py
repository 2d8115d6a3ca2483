"""Read handwritten numbers, and know when unsure.

    import qualm
    reading = qualm.read("digit.jpg")          # a path, bytes, PIL image or array
    reading.digit, reading.confidence, reading.emotion
    qualm.read_number("year.png").text         # "2026"
    qualm.read_table("sheet.jpg").rows         # cells with text, kind and confidence

The shipped model is loaded at the first reading, once a process. The command of the same name is deployment/console.py.
"""

import importlib
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

__version__ = "1.0.0"
__all__ = ["MNISTDeployer", "QualmClassifier", "read", "read_number", "read_table"]

if TYPE_CHECKING:
    from analytics.export.estimator import QualmClassifier
    from deployment.deploy_mnist import MNISTDeployer
    from deployment.reader.picture.load import PictureSource
    from deployment.reader.prediction import NumberReading, Prediction
    from deployment.reader.table.reading import TableReading

_LAZY = {"MNISTDeployer": "deployment.deploy_mnist", "QualmClassifier": "analytics.export.estimator"}
_loading = threading.Lock()


def __getattr__(name: str) -> Any:
    """MNISTDeployer, and QualmClassifier, which needs scikit-learn, are imported when they are first used."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_LAZY[name]), name)


def read(picture: "PictureSource") -> "Prediction":
    """The digit on a picture: a path, bytes, PIL image, or array (H, W), (H, W, 3), (H, W, 4).

    Raises deployment.reader.picture.opening.InputError, a ValueError with a sentence, where no digit is found.
    """
    return _shipped().predict(picture)


def read_number(picture: "PictureSource") -> "NumberReading":
    """The numbers on a picture, on one or several lines. Raises as `read`."""
    return _shipped().read_number(picture)


def read_table(picture: "PictureSource") -> "TableReading":
    """The cells of a table of numbers. Raises as `read`."""
    return _shipped().read_table(picture)


def _shipped() -> "MNISTDeployer":
    with _loading:
        return _deployer()


@cache
def _deployer() -> "MNISTDeployer":
    from deployment.deploy_mnist import MNISTDeployer

    return MNISTDeployer()
