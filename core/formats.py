"""Percentages as text."""

from collections.abc import Iterable


def percent(share: float, digits: int = 1) -> str:
    """A probability, 0.998 -> "99.8 %". Values that would round to 0.0 % or 100.0 % become "< 0.1 %" or "> 99.9 %"."""
    least = 10.0**-digits
    if 100 * share < least / 2:
        return f"< {least:.{digits}f} %"
    if 100 * share >= 100 - least / 2:
        return f"> {100 - least:.{digits}f} %"
    return f"{100 * share:.{digits}f} %"


def measured(share: float | None, digits: int = 1) -> str:
    """A measured share: as `percent`, except that exactly 0 and 1 are "0 %" and "100 %", and None is a dash."""
    if share is None:
        return "–"
    return f"{100 * share:.0f} %" if share in (0, 1) else percent(share, digits)


def interval(low_high: Iterable[float], digits: int = 1) -> str:
    """An interval of shares: "99.4 to 99.6 %"."""
    low, high = low_high
    return f"{100 * low:.{digits}f} to {100 * high:.{digits}f} %"
