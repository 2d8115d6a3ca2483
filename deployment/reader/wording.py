"""Sentences that state a reading and its confidence, the same in app, command line and files.

    95 % and more       "99.2 % sure", without alternatives
    less                "Probably a 4; it may be a 9 (12.0 %)", with the alternatives: digits of 5 % and more
    confused            "No digit stands out: perhaps a 4 (40.1 %), a 9 (30.2 %) or a 7 (14.9 %)"
    curious             "This does not look like a digit the network knows"; the digit is a guess
    with ink left over  "Perhaps a 6 (49.9 %): there is more on this picture"

The word "sure" is not used below 90 %.
"""

import re

from core.formats import percent
from core.shipped import ROOT
from core.uncertainty.readout import SURE_FROM
from deployment.reader.prediction import UNKNOWN, NumberReading, Prediction

ABSOLUTE_FOLDERS = re.compile(r"(?<![\w.])/(?:[^/\s]+/)+")
MORE = "there is more on this picture"
SURE_WORD_FROM = 0.9  # confidence below which the word "sure" is left out
MEANING = {  # rules in core/uncertainty/readout.py
    "confident": "At most 1 in 1,000 of all answers called confident is wrong.",
    "hesitant": "The confidence is below the level at which 999 in 1,000 answers are right.",
    "confused": "No two digits together have a probability of 90 %.",
    "curious": "Its strokes or its shape are unlike the digits of training.",
}


def a(digit: int) -> str:
    """The digit with its article: "a 4", "an 8"."""
    return f"{'an' if digit == 8 else 'a'} {digit}"


SIGN_NAMES = {".": "a point", ",": "a comma", "-": "a dash", "/": "a slash", ":": "a colon", "+": "a plus sign",
              "=": "an equals sign", "%": "a per cent sign", "$": "a dollar sign", "": "nothing"}


def called(text: str) -> str:
    """What may stand at a place of a number, with its article: "a 4", "a comma", "11", "nothing"."""
    return a(int(text)) if text.isdigit() and len(text) == 1 else SIGN_NAMES.get(text, text)


def joined(words: list[str], last: str = "or") -> str:
    """ "x", "x or y", "x, y or z"."""
    *others, end = words
    return f"{', '.join(others)} {last} {end}" if others else end


def sure(confidence: float) -> str:
    """A confidence as a phrase: "99.2 % sure", "more than 99.9 % sure", or "85.0 %" below SURE_WORD_FROM."""
    words = percent(confidence).replace("> ", "more than ")
    return f"{words} sure" if confidence >= SURE_WORD_FROM else words


def capital(words: str) -> str:
    """The words with the first letter in upper case."""
    return words[:1].upper() + words[1:]


def sentence(reading: Prediction) -> str:
    """A Prediction as a sentence without a full stop."""
    probs, digit = reading.probabilities, reading.digit
    weighed = [f"{a(d)} ({percent(probs[d])})" for d in reading.alternatives]
    if reading.emotion == "curious":
        more = f"; {MORE}" if reading.left_over else ""
        return f"This does not look like a digit the network knows; if it must be one, {weighed[0]}{more}"
    if reading.left_over:
        return f"Perhaps {a(digit)} ({percent(reading.confidence)}): {MORE}"
    if reading.emotion == "confused":
        return f"No digit stands out: perhaps {joined(weighed)}"
    if reading.confidence >= SURE_FROM:
        return capital(sure(reading.confidence))
    if len(reading.alternatives) > 1:
        return f"Probably {a(digit)}; it may be {joined(weighed[1:])}"
    return f"Probably {weighed[0]}"


def number(reading: NumberReading) -> str:
    """A NumberReading in one line, without a full stop."""
    doubts = [f"place {place + 1}: {joined([sign or 'nothing' for sign in signs])}"
              for place, signs in reading.alternatives.items()]
    sums = summed(reading)
    return "   ".join([reading.text.replace("\n", " / "), whole(reading), *([sums] if sums else []), *doubts])


def summed(reading: NumberReading) -> str:
    """Whether the written sums are right, without a full stop; empty without one."""
    return {True: "The sum is right", False: "The sum is not right as it is read", None: ""}[reading.check]


def whole(reading: NumberReading) -> str:
    """The confidence in a whole number, without a full stop."""
    unknown = reading.text.count(UNKNOWN)
    more = f"; {MORE}" if reading.left_over else ""
    if unknown:
        signs = f"{unknown} of {len(reading.digits)} signs" if len(reading.digits) > 1 else "The sign"
        return f"{signs} {'does' if unknown == 1 else 'do'} not look like a digit the network knows{more}"
    if more:
        return f"Right as a whole: {percent(reading.confidence)}{more}"
    if reading.confidence >= SURE_FROM:
        return capital(sure(reading.confidence))
    doubtful = len(reading.alternatives)
    where = {0: "", 1: "; one place is in doubt"}.get(doubtful, f"; {doubtful} places are in doubt")
    return f"Right as a whole: {percent(reading.confidence)}{where}"


def public_message(error: Exception) -> str:
    """The message of an error for the page: paths relative to the project, other folders removed."""
    return ABSOLUTE_FOLDERS.sub("", str(error).replace(f"{ROOT}/", ""))
