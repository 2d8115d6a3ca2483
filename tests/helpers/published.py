"""What the reports state, as floors for tests that measure the same on fewer pictures."""

import json
from pathlib import Path

from core.metrics import wilson_interval

NUMBERS = Path(__file__).resolve().parents[2] / "analytics" / "reports" / "numbers.json"


def floor(share, n):
    """The lower end of the 95 % interval of a published share at n pictures."""
    return wilson_interval(share * n, n)[0]


def number_row(name):
    """A row of analytics/reports/numbers.json."""
    return next(row for row in json.loads(NUMBERS.read_text(encoding="utf-8"))["rows"] if row["name"] == name)
