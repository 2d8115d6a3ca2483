"""What the commands of analytics found, as Markdown: each report is written whole by the command that it names."""

import io
from pathlib import Path

from core.files import write_atomic

REPORTS = Path(__file__).resolve().parent
README = REPORTS.parents[1] / "README.md"


def write_report(name, title, command, body, folder=REPORTS):
    """Write NAME.md: a title, the command that made it, and the body, Markdown; returns the path."""
    path = Path(folder) / f"{name}.md"
    write_atomic(path, f"# {title}\n\nMade by `{command}`.\n\n{body.strip()}\n")
    return path


def png_bytes(figure, metadata=None):
    """A Matplotlib figure as the bytes of a PNG file, with metadata {name: text} in it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata=metadata)
    return buffer.getvalue()


def put_between_marks(name, text, path=README):
    """Replace what stands between <!-- name --> and <!-- /name --> of a file. Raises ValueError where it lacks them."""
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    head, _, rest = path.read_text(encoding="utf-8").partition(start)
    _, found, tail = rest.partition(end)
    if not found:
        raise ValueError(f"{path.name} lacks the marks {start.strip()} and {end}")
    write_atomic(path, head + start + text + end + tail)
