"""What kinds of numbers people write, so that a text such as "8/9:5" is less likely than "819.5"."""

import re

from deployment.reader.prediction import UNKNOWN

NUMBER = r"\d+(?:[.,]\d+)*"
WRITTEN = re.compile("|".join((
    rf"[+-]?\$?{NUMBER}%?",  # 12.50, -7, $25, 45 %
    r"[0-3]?\d([./-])[0-3]?\d\1(?:\d\d|\d{4})", r"\d{4}-\d\d-\d\d",  # dates
    r"[0-2]?\d:[0-5]\d(?::[0-5]\d)?",  # times
    rf"[+-]?{NUMBER}(?:[+-]{NUMBER})+=-?{NUMBER}")))  # sums
TWO_NUMBERS = re.compile(r"\d+[/:-]\d+")
SHAPES = ("digits", "written", "two numbers", "other")


def shape(word: str) -> int:
    """Which of SHAPES a text without spaces has: digits alone, a number, date, time or sum with signs, two numbers with
    a sign between them ("8/10", "548-1000"), or none of these. What is no sign counts as a digit."""
    word = word.replace(UNKNOWN, "0")
    if word.isdigit():
        return 0
    return 1 if WRITTEN.fullmatch(word) else 2 if TWO_NUMBERS.fullmatch(word) else 3
