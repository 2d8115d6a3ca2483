"""The recipes that are compared: the settings of each that differ from the present one."""

from typing import Any

from core.digits.config import Config
from core.digits.presets import CHAMPION

PRESENT = "present"
RECIPES: dict[str, dict[str, Any]] = {
    PRESENT: {},
    "width": {"width": 0.3},  # MNIST's digits are 14 pixels wide on average: 10 to 20
    "anneal": {"anneal": 0.2},
    "wide-first": {"hidden": (2048, 1024, 1024)},
}


def config_of(recipe: str, seed: int, epochs: int) -> Config:
    """The settings of one run. Raises ValueError for an unknown recipe."""
    if recipe not in RECIPES:
        raise ValueError(f"there is no recipe {recipe!r}; there are {', '.join(RECIPES)}")
    return CHAMPION.replace(**RECIPES[recipe], seed=seed, epochs=epochs)
