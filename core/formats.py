"""Numbers as people read them: one way to write a percentage, everywhere."""


def percent(share, digits=1):
    """A stated probability, 0.998 -> "99.8 %". Never 0.0 % or 100.0 %: it reaches neither, rounding only takes it
    there."""
    least = 10.0**-digits
    if 100 * share < least / 2:
        return f"< {least:.{digits}f} %"
    if 100 * share >= 100 - least / 2:
        return f"> {100 - least:.{digits}f} %"
    return f"{100 * share:.{digits}f} %"


def measured(share, digits=1):
    """A counted share: as `percent`, but none and all are 0 % and 100 %, and nothing counted is a dash."""
    if share is None:
        return "–"
    return f"{100 * share:.0f} %" if share in (0, 1) else percent(share, digits)


def interval(low_high, digits=1):
    """The ends of an interval of shares: "99.4 to 99.6 %"."""
    low, high = low_high
    return f"{100 * low:.{digits}f} to {100 * high:.{digits}f} %"
