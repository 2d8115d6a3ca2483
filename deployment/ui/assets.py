"""Access to `deployment/assets`: scripts, styles, pictures."""

from pathlib import Path

ASSETS = Path(__file__).parents[1] / "assets"


def asset(name: str) -> str:
    """The text of a file in `deployment/assets`."""
    return (ASSETS / name).read_text(encoding="utf-8")
