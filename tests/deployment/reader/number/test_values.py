"""What written numbers mean."""

from datetime import date, time
from decimal import Decimal

import pytest

from deployment.reader.number.values import check, value, values


@pytest.mark.parametrize("text, expected", [
    ("12.50", Decimal("12.50")), ("-7", Decimal(-7)), ("3,5", Decimal("3.5")), ("$25", Decimal(25)),
    ("-$1.5", Decimal("-1.5")), ("5%", Decimal("0.05")), ("0.125", Decimal("0.125")), ("1,234.50", Decimal("1234.50")),
    ("1.234.567,8", Decimal("1234567.8")), ("1,234,567", Decimal(1234567)), ("08", Decimal(8)),
    ("24/11/2026", date(2026, 11, 24)), ("24.11.26", date(2026, 11, 24)), ("1-2-98", date(1998, 2, 1)),
    ("2026-11-24", date(2026, 11, 24)), ("12:45", time(12, 45)), ("7:05:30", time(7, 5, 30))])
def test_one_meaning(text, expected):
    assert value(text) == expected


@pytest.mark.parametrize("text", ["1,234", "1.234", "01/02", "31/02/2026", "25:10", "1.5.2", "12-5", "?", "1?", "3+4=7",
                                  "12,34,5", "-", "", "."])
def test_no_meaning_or_two(text):
    assert value(text) is None


def test_the_month_first():
    assert value("11/24/2026", "mdy") == date(2026, 11, 24) and value("11/24/2026") is None
    assert value("1/2/2026", "mdy") == date(2026, 1, 2)


def test_one_entry_a_number():
    assert values("6.5 7\n?1") == [Decimal("6.5"), Decimal(7), None]


@pytest.mark.parametrize("text, expected", [
    ("3+4=7", True), ("3+4=8", False), ("12-5=7", True), ("1,5+2=3.5", True), ("3 + 4 = 7", True), ("3+4", None),
    ("3+?=7", None), ("12", None), ("3+4=7\n1+1=3", False), ("3+4=7\n12", True)])
def test_written_sums(text, expected):
    assert check(text) is expected
