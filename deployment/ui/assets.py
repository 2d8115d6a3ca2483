"""The files of `deployment/assets`: scripts, styles, pictures; and the page components made of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamlit.components.v2 import component as declare

ASSETS = Path(__file__).parents[1] / "assets"


def asset(*names: str) -> str:
    """The text of files in `deployment/assets`, joined."""
    return "".join((ASSETS / name).read_text(encoding="utf-8") for name in names)


def component(name: str, html: tuple[str, ...] = (), css: tuple[str, ...] = (),
              js: tuple[str, ...] = ()) -> Callable[..., Any]:
    """A Streamlit component made of asset files."""
    return declare(name, html=asset(*html) or None, css=asset(*css) or None, js=asset(*js) or None)
