"""Qualm reads handwritten digits, numbers and tables, and reports how sure it is.

    import qualm
    reading = qualm.read("photo.jpg")
    print(reading.digit, reading.confidence, reading.emotion)
    print(qualm.read_number("page.jpg").text)
    print(qualm.read_table("sheet.jpg").rows[0][1].text)

The import is quick: the network and the packages that it needs are loaded by the first call. The command of this name
is deployment/console.py.
"""

import importlib
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analytics.export.estimator import QualmClassifier
    from deployment.deploy_mnist import MNISTDeployer
    from deployment.reader.number.values import Dates
    from deployment.reader.picture.load import PictureSource
    from deployment.reader.prediction import NumberReading, Prediction
    from deployment.reader.table.reading import TableReading

__all__ = ["MNISTDeployer", "QualmClassifier", "read", "read_number", "read_table"]
MODULES = {"MNISTDeployer": "deployment.deploy_mnist", "QualmClassifier": "analytics.export.estimator"}
_one_at_a_time = Lock()


def read(picture: "PictureSource", name: str = "the picture", kind: str | None = None) -> "Prediction":
    """Read the digit on a picture with the shipped model.

    picture: a path, the bytes of a file, a PIL image, or an array (H, W), (H, W, 3) or (H, W, 4) of uint8 or floats in
    [0, 1]. name: what messages call it. kind: "canvas" for white strokes on black. Raises ValueError, whose message can
    be shown to people, if it cannot be read.
    """
    return _shipped().predict(picture, name, kind)


def read_number(picture: "PictureSource", name: str = "the picture", kind: str | None = None, signs: bool = True,
                dates: "Dates" = "dmy") -> "NumberReading":
    """Read whole numbers, on one or several lines; arguments and errors as of `read`.

    signs: whether signs and spaces are read, or digits alone. dates: "mdy" if the month comes first.
    """
    return _shipped().read_number(picture, name, kind, signs=signs, dates=dates)


def read_table(picture: "PictureSource", name: str = "the picture") -> "TableReading":
    """Read a table of handwritten numbers; arguments and errors as of `read`."""
    return _shipped().read_table(picture, name)


def _shipped() -> "MNISTDeployer":
    """The shipped model, one for all threads."""
    with _one_at_a_time:  # `cache` alone would let two threads load it at once
        return _load()


@cache
def _load() -> "MNISTDeployer":
    from deployment.deploy_mnist import MNISTDeployer

    return MNISTDeployer()


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("qualm-reader")
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(MODULES[name]), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "sklearn":
            raise
        raise ImportError(f'qualm.{name} needs scikit-learn; install it with: pip install "qualm-reader[export]"',
                          name="sklearn") from None


def __dir__() -> list[str]:
    return sorted([*globals(), *MODULES, "__version__"])
