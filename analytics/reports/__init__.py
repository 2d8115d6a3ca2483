"""Markdown reports of the analytics commands. Each report names the command that generates it."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from core.files import write_atomic
from core.shipped import ROOT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REPORTS = Path(__file__).resolve().parent
README = ROOT / "README.md"


def write_report(name: str, title: str, command: str, body: str, folder: str | Path = REPORTS) -> Path:
    """Write NAME.md with a title, the command that generates it, and a Markdown body; returns its path."""
    path = Path(folder) / f"{name}.md"
    write_atomic(path, f"# {title}\n\nMade by `{command}`.\n\n{body.strip()}\n")
    return path


def png_bytes(figure: "Figure", metadata: Mapping[str, str] | None = None) -> bytes:
    """A Matplotlib figure as a PNG file with metadata {name: text}."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata=metadata and dict(metadata))
    return buffer.getvalue()


def put_between_marks(name: str, text: str, path: Path = README) -> None:
    """Replace the text between <!-- name --> and <!-- /name --> in a file. Raises ValueError when a mark is missing."""
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    head, _, rest = path.read_text(encoding="utf-8").partition(start)
    _, end_mark, tail = rest.partition(end)
    if not end_mark:
        raise ValueError(f"{path.name} lacks the marks {start.strip()} and {end}")
    write_atomic(path, head + start + text + end + tail)
