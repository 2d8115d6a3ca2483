"""Settings as frozen dataclasses: checked on creation, changed by NAME=VALUE, saved as a dict with a run."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, ClassVar, Self


@dataclass(frozen=True)
class Settings:
    """The base of all settings; a field's type is that of its default.

    RANGES: name -> an interval such as "[0, 1)", for each item if the setting is a tuple; CHOICES: name -> the allowed
    words; RENAMED: the name in older saved runs -> the present one; FORMER: name -> {a word in older saved runs: the
    present one}. Raises ValueError with a message that names the setting.
    """

    RANGES: ClassVar[dict] = {}
    CHOICES: ClassVar[dict] = {}
    RENAMED: ClassVar[dict] = {}
    FORMER: ClassVar[dict] = {}

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            check_kind(field.name, value, field.default)
            if field.name in self.CHOICES and value not in self.CHOICES[field.name]:
                raise ValueError(f"{field.name} must be one of {', '.join(self.CHOICES[field.name])}, not {value!r}")
            if field.name in self.RANGES:
                for item in value if isinstance(value, tuple) else (value,):
                    check_range(field.name, item, self.RANGES[field.name])

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """From saved settings; unknown names (hashes and the like) are ignored."""
        known = {field.name for field in fields(cls)}
        values = {cls.RENAMED.get(name, name): tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        values |= {name: words[values[name]] for name, words in cls.FORMER.items() if values.get(name) in [*words]}
        return cls(**{name: value for name, value in values.items() if name in known})

    def replace(self, **changes: Any) -> Self:
        """A copy with some settings changed."""
        return replace(self, **changes)

    def difference(self, other: "Settings") -> dict[str, Any]:
        """{name: value} of the settings that differ from those of another object of the same class."""
        ours, theirs = self.to_dict(), other.to_dict()
        return {name: value for name, value in ours.items() if value != theirs[name]}

    @classmethod
    def parse(cls, texts: Iterable[str], option: str = "--set") -> dict[str, Any]:
        """{"dropout": 0.1} from ["dropout=0.1"], each value with the type of that setting. Raises ValueError naming the
        command-line option."""
        defaults, changes = {field.name: field.default for field in fields(cls)}, {}
        for text in texts:
            name, _, value = text.partition("=")
            if name not in defaults:
                raise ValueError(f"{option} {text}: there is no setting {name!r}; there are {', '.join(defaults)}")
            try:
                changes[name] = read_as(defaults[name], value)
            except (ValueError, KeyError):
                raise ValueError(f"{option} {text}: {value!r} is not a value for {name}") from None
        return changes


def read_as(default: Any, text: str) -> Any:
    """Text as a value of the type of `default`."""
    if isinstance(default, bool):
        return {"true": True, "false": False}[text.lower()]
    if isinstance(default, tuple):
        return tuple(type(default[0])(part) for part in text.split(","))
    return type(default)(text)


def as_text(value: Any) -> str:
    """The inverse of `read_as`."""
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def check_kind(name: str, value: Any, default: Any) -> None:
    """Raises ValueError unless the value has the type of the default; an integer is accepted for a float."""
    if isinstance(default, tuple):
        if not isinstance(value, tuple) or not value:
            raise ValueError(f"{name} must be some numbers, not {value!r}")
        for item in value:
            check_kind(name, item, default[0])
        return
    allowed = (int, float) if isinstance(default, float) else type(default)
    if not isinstance(value, allowed) or isinstance(value, bool) != isinstance(default, bool):
        kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
        raise ValueError(f"{name} must be {kinds[type(default)]}, not {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} must be finite, not {value}")


def check_range(name: str, value: float, interval: str) -> None:
    """Raises ValueError unless the value lies in an interval such as "[0, 1)" or "(0, inf)"."""
    low, high = map(float, interval[1:-1].split(","))
    above = value > low or (interval[0] == "[" and value == low)
    below = value < high or (interval[-1] == "]" and value == high)
    if not (above and below):
        raise ValueError(f"{name} must be in {interval}, not {value}")
