"""What the room "Take it apart" shows: a value that the browser sends, and that an address can carry.

Data of browser and address is untrusted; what is invalid counts as the default.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from core.explain.surgery import GATES, Change, Noise, Pruning, Surgery, UnitChange
from core.explain.units import LayerInfo

PANELS = ("unit", "steps", "surgery", "teachers")
DOES = ("off", "scale", "shift")
YOURS = "yours"
IN_ADDRESS = ("panel", "layer", "unit", "digit", "operation")
PREFIX = "apart_"
MOST_CHANGES = 100
MOST_CHARACTERS = 4000  # of an operation in the address
MOST = 1e6  # of a factor or a summand


@dataclass(frozen=True)
class View:
    """panel: one of PANELS; layer and unit: what is selected (unit None: the most active one); digit: YOURS or an index
    of a test image, as text; step: of the steps forward and back; weight: the input of the weight whose gradient is
    shown; suppose: the label that the loss assumes; of: the digit whose logit "Who taught you that?" asks about; build:
    whether the training images are to be read; operation: as the browser sends it (see `surgery`); asked: its number.
    """

    panel: str = "unit"
    layer: str = "hidden1"
    unit: int | None = None
    digit: str = YOURS
    step: int = 0
    weight: int | None = None
    suppose: int | None = None
    of: int | None = None
    build: bool = False
    operation: dict[str, Any] = field(default_factory=dict)
    asked: int = 0

    @classmethod
    def from_browser(cls, sent: Any) -> "View | None":
        """The View sent by the component, or None."""
        if not isinstance(sent, Mapping):
            return None
        digit = _digit_or_none
        readers: dict[str, Callable[[Any], Any]] = {
            "panel": _panel, "layer": _short_text, "unit": _count_or_none, "digit": _short_text, "step": _count,
            "weight": _count_or_none, "suppose": digit, "of": digit, "build": bool, "operation": _operation,
            "asked": _count}
        values = {}
        for name, read in readers.items():
            try:
                values[name] = read(sent[name])
            except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
                continue
        return cls(**values)

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "View":
        """The View of an address."""
        sent: dict[str, Any] = {name: query[PREFIX + name] for name in IN_ADDRESS if PREFIX + name in query}
        try:
            sent["operation"] = json.loads(sent.get("operation", "")[:MOST_CHARACTERS])
        except (ValueError, RecursionError):
            sent.pop("operation", None)
        return cls.from_browser(sent) or cls()

    def to_query(self) -> dict[str, str]:
        """The part of an address that differs from the default; a long operation is left out."""
        shown = {name: getattr(self, name) for name in IN_ADDRESS if getattr(self, name) != getattr(View(), name)}
        if "operation" in shown:
            shown["operation"] = json.dumps(self.operation, separators=(",", ":"))
            if len(shown["operation"]) > MOST_CHARACTERS:
                del shown["operation"]
        return {PREFIX + name: str(value) for name, value in shown.items()}

    def for_browser(self) -> dict[str, Any]:
        """The value as JSON."""
        return asdict(self)

    def replaced(self, **values: Any) -> "View":
        """The value with other fields."""
        return replace(self, **values)


def surgery(operation: Mapping[str, Any], layers: list[LayerInfo], gated: bool) -> Surgery:
    """The Surgery of an operation from the browser: {"units": [{"layer", "do", "value", "units"}], "noise" and "prune":
    {layer or "all": share}, "temperature", "gate"}. What does not fit the network is left out."""
    numbers = {info.name: i for i, info in enumerate(layers)}
    changes: list[Change] = []
    for edit in operation.get("units", []):
        at = numbers.get(edit["layer"])
        units = () if at is None else tuple(unit for unit in edit["units"] if unit < layers[at].size)
        if at is not None and units:
            scale, shift = {"off": (0.0, 0.0), "scale": (edit["value"], 0.0), "shift": (1.0, edit["value"])}[edit["do"]]
            changes.append(UnitChange(at, units, scale, shift))
    for name, amount in operation.get("noise", {}).items():
        chosen = range(len(layers)) if name == "all" else [numbers[name]] if name in numbers else []
        changes += [Noise(at, amount, seed=at) for at in chosen]
    for name, share in operation.get("prune", {}).items():
        if name == "all" or name in numbers:
            changes.append(Pruning(share, numbers.get(name)))
    gate = operation.get("gate", "learned")
    return Surgery(tuple(changes), operation.get("temperature", 1.0), gate if gated else "learned")


def _operation(sent: Any) -> dict[str, Any]:
    """A checked operation; raises KeyError, TypeError or ValueError."""
    operation: dict[str, Any] = {}
    units = [{"layer": _short_text(edit["layer"]), "do": DOES[DOES.index(edit["do"])], "value": _number(edit["value"]),
              "units": sorted({_count(unit) for unit in edit["units"]})} for edit in sent.get("units", [])]
    if len(units) > MOST_CHANGES:
        raise ValueError("too many changes")
    noise, prune = ({_short_text(name): min(max(_number(share), 0.0), 1.0) for name, share in shares.items()}
                    for shares in (sent.get("noise", {}), sent.get("prune", {})))
    temperature = min(max(_number(sent.get("temperature", 1)), 0.01), 100.0)
    gate = sent.get("gate", "learned")
    for name, value, default in (("units", units, []), ("noise", noise, {}), ("prune", prune, {}),
                                 ("temperature", temperature, 1.0), ("gate", gate, "learned")):
        if value != default:
            operation[name] = value
    if gate not in GATES:
        raise ValueError("no such gate")
    return operation


def _panel(sent: Any) -> str:
    return PANELS[PANELS.index(sent)]


def _short_text(sent: Any) -> str:
    if not isinstance(sent, str) or len(sent) > 40:
        raise ValueError("not a name")
    return sent


def _count(sent: Any) -> int:
    value = int(sent)
    if value < 0:
        raise ValueError("negative")
    return value


def _count_or_none(sent: Any) -> int | None:
    return None if sent is None else _count(sent)


def _digit_or_none(sent: Any) -> int | None:
    return None if sent is None else int(sent) % 10


def _number(sent: Any) -> float:
    value = float(sent)
    if not np.isfinite(value) or abs(value) > MOST:
        raise ValueError("not a usable number")
    return value
