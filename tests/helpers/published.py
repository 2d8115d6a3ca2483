"""What the reports state, as floors for tests that measure the same on fewer pictures."""

import json
from pathlib import Path

from scipy.stats import binom

NUMBERS = Path(__file__).resolve().parents[2] / "analytics" / "reports" / "numbers.json"


def floor(share, n):
    """The lower end of the 95 % interval that a published share gives a count among n pictures, as a share."""
    return binom.ppf(0.025, n, share) / n


def number_row(name):
    """A row of analytics/reports/numbers.json."""
    return next(row for row in json.loads(NUMBERS.read_text(encoding="utf-8"))["rows"] if row["name"] == name)
