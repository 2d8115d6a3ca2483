"""Numbers, arrays and names as the component of the room shows them."""

import base64
import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.explain.arithmetic import decimal_text
from core.explain.units import LayerInfo

SIGNIFICANT = 3  # digits of the largest displayed number
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def floats(values: ArrayLike) -> str:
    """Base64 of float32 values, little-endian."""
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()


def pixels(image: NDArray[Any]) -> str:
    """Base64 of an image, uint8 or floats in [0, 1], as bytes."""
    grey = image if image.dtype == np.uint8 else np.round(255 * np.clip(image, 0, 1)).astype(np.uint8)
    return base64.b64encode(np.ascontiguousarray(grey).tobytes()).decode()


def minus(text: str) -> str:
    """A number as text with the minus sign of typography."""
    return text.replace("-", "\N{MINUS SIGN}")


def decimal(value: int, decimals: int) -> str:
    """A whole multiple of 10 ** -decimals as text."""
    return minus(decimal_text(value, decimals))


def number(value: float, digits: int = SIGNIFICANT) -> str:
    """A number with some significant digits, small and large ones with a power of ten."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)  # after rounding
    if -3 <= power < 5:
        return minus(f"{value:.{max(digits - 1 - power, 0)}f}")
    return minus(mantissa) + f" · 10{str(power).translate(RAISED)}"


def decimals(values: ArrayLike, least: int = 2, most: int = 12) -> int:
    """The decimals with which the largest of some values has SIGNIFICANT digits."""
    size = float(np.abs(np.asarray(values, float)).max(initial=0))
    return min(max(SIGNIFICANT - 1 - math.floor(math.log10(size)), least), most) if size else least


def title(info: LayerInfo, infos: list[LayerInfo]) -> str:
    """The name of a layer of units for people."""
    if info.kind == "hidden":
        return f"Hidden layer {infos.index(info) + 1}"
    return "After the gate" if info.kind == "gated" else "Output: logits"


def of_unit(info: LayerInfo, infos: list[LayerInfo], index: int) -> str:
    """A unit with its layer, short: "unit 12 of hidden layer 2"."""
    if info.kind == "logits":
        return f"logit of {index}"
    return f"unit {index} {'after the gate' if info.kind == 'gated' else f'of hidden layer {infos.index(info) + 1}'}"
