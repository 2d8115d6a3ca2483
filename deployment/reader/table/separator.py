"""A line that parts the rows or the columns of a table."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from deployment.reader.paper.rules import Rule

LONG = 0.25  # of the table's side: no line of it is shorter
INKED = 0.72  # of a line's length; less of it on letters that stand one below the other
FAINT, LEAST = 0.35, 0.03  # of a line's median ink, and of the light: less is paper
BENT = 300  # pixels: a longer line may be bent as paper is


@dataclass(frozen=True)
class Separator:
    """A line that parts rows or columns; its course as a polynomial of the column (or row); the Rule that was seen,
    None where none is; inked: the share of it that is."""

    course: NDArray[np.float64]
    rule: Rule | None
    inked: float = 0.0

    def at(self, places: NDArray[np.floating] | float) -> NDArray[np.floating]:
        """Its rows at these columns, or its columns at these rows; also where it was not seen."""
        places, straight = np.asarray(places, float), np.zeros(np.shape(places))
        for coefficient in self.course:  # much is asked for one place, for which np.polyval and np.interp are slow
            straight = straight * places + coefficient
        if self.rule is None:
            return straight
        path, place = self.rule.path, places - self.rule.first
        inside = (place >= 0) & (place < len(path))
        place = np.minimum(np.maximum(place, 0), len(path) - 1)
        low = place.astype(int)
        before, after = path[low].astype(float), path[np.minimum(low + 1, len(path) - 1)]
        return np.where(inside, before + (place - low) * (after - before), straight)

    @property
    def seen(self) -> Rule:
        """The Rule of a line that was seen."""
        assert self.rule is not None, "a line that was not seen has no rule"
        return self.rule

    @property
    def length(self) -> float:
        """How much of it is inked, in pixels."""
        return self.inked * (self.rule.last - self.rule.first) if self.rule else 0.0

    @property
    def middle(self) -> float:
        """The column (or row) in the middle of what was seen."""
        return (self.rule.first + self.rule.last) / 2 if self.rule else 0.0

    @property
    def slope(self) -> float:
        """In its middle."""
        return float(np.polyval(np.polyder(self.course), self.middle))

    def beside(self, distance: float) -> "Separator":
        """A line along this one that was not seen, so many pixels after it."""
        return Separator(self.course + distance * (np.arange(len(self.course)) == len(self.course) - 1), None)

    def moved(self, along: int, across: int) -> "Separator":
        """The same on a picture with more pixels before it, along it and across."""
        places = np.linspace(0, 1000, 20)
        course = np.polyfit(places + along, np.polyval(self.course, places) + across, len(self.course) - 1)
        rule = self.rule and replace(self.rule, first=self.rule.first + along, last=self.rule.last + along,
                                     path=self.rule.path + np.float32(across))
        return Separator(course, rule, self.inked)


def inked(ink: NDArray[np.float32], places: NDArray[np.floating], path: NDArray[np.floating],
          reach: int = 2) -> NDArray[np.bool_]:
    """Whether ink (H, W) is within `reach` rows of a path at each of the columns `places`."""
    columns = np.clip(places.astype(int), 0, ink.shape[1] - 1)
    rows = np.rint(path).astype(int) + np.arange(-reach, reach + 1)[:, None]
    along = ink[np.clip(rows, 0, len(ink) - 1), columns].max(axis=0)
    return along > max(LEAST, FAINT * float(np.median(along)))


def separator(ink: NDArray[np.float32], rule: Rule) -> Separator | None:
    """The Separator of a Rule along the rows of ink (H, W); None where it is short or broken, as letters are."""
    places = np.arange(rule.first, rule.last)
    share = float(inked(ink, places.astype(float), rule.path).mean())
    if share < INKED or len(places) < LONG * ink.shape[1]:
        return None
    return Separator(np.polyfit(places, rule.path, 2 if len(places) > BENT else 1), rule, share)
