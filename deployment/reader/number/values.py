"""The values of written numbers: decimals, dates and times where the text has one meaning; and checks of sums."""

import re
from datetime import date, time
from decimal import Decimal
from typing import Literal

from deployment.reader.prediction import Value

Dates = Literal["dmy", "mdy"]

CENTURY_FROM = 69  # of years with two digits: from 69 they are of 19.., as in POSIX
PLAIN = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
GROUPED = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")  # thousands in some countries, a decimal fraction in others
GROUPS = re.compile(r"[+-]?\d{1,3}(?:(?:,\d{3})+(?:\.\d+)?|(?:\.\d{3})+(?:,\d+)?)")  # 1,234,567.8 or 1.234.567,8
DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})")
ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
SUM = re.compile(r"([+-]?[\d.,]+(?:[+-][\d.,]+)+)=([+-]?[\d.,]+)")


def value(text: str, dates: Dates = "dmy") -> Value:
    """The value of one number without spaces: a decimal ("12.50", "-7", "$25", "45%" as 0.45), a date ("24/11/2026",
    "24.11.26", "2026-11-24") or a time ("12:45"); None where the text is none of these or has two meanings, as "1,234"
    and "01/02". dates: whether the day or the month is first.
    """
    if (number := _decimal(text)) is not None:
        return number
    try:
        if match := ISO_DATE.fullmatch(text):
            return date(*map(int, match.groups()))
        if match := DATE.fullmatch(text):
            first, _, second, year = match.groups()
            day, month = (first, second) if dates == "dmy" else (second, first)
            return date(_year(year), int(month), int(day))
        if match := TIME.fullmatch(text):
            hour, minute, second = (int(part or 0) for part in match.groups())
            return time(hour, minute, second)
    except ValueError:  # a 31st of February, 25 o'clock
        return None
    return None


def _decimal(text: str) -> Decimal | None:
    if text.endswith("%"):
        part = _decimal(text[:-1])
        return None if part is None else part / 100
    text = re.sub(r"^([+-]?)\$", r"\1", text)
    if GROUPED.fullmatch(text.lstrip("+-")):
        return None
    if PLAIN.fullmatch(text):
        return Decimal(text.replace(",", "."))
    if GROUPS.fullmatch(text):
        mark = max(text.rfind(","), text.rfind("."))
        decimals = text[mark] not in text[:mark]  # the last mark is another than those between thousands
        whole = re.sub(r"[.,]", "", text[:mark])
        return Decimal(f"{whole}.{text[mark + 1 :]}" if decimals else whole + text[mark + 1 :])
    return None


def _year(written: str) -> int:
    year = int(written)
    return year if len(written) == 4 else year + (1900 if year >= CENTURY_FROM else 2000)


def values(text: str, dates: Dates = "dmy") -> list[Value]:
    """The `value` of each number of a text, in reading order; numbers are separated by spaces and lines."""
    return [value(number, dates) for number in text.split()]


def check(text: str) -> bool | None:
    """Whether the written sums of a text, such as "3+4=7", a line each, are right; None if it has none."""
    sums = [right for line in text.split("\n") if (right := _check(line)) is not None]
    return all(sums) if sums else None


def _check(line: str) -> bool | None:
    match = SUM.fullmatch(line.replace(" ", ""))
    if not match:
        return None
    terms = [_decimal(term) for term in [*re.findall(r"[+-]?[\d.,]+", match[1]), match[2]]]
    numbers = [term for term in terms if term is not None]
    return sum(numbers[:-1]) == numbers[-1] if len(numbers) == len(terms) else None
