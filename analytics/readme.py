"""Figures go into README.md by the command that measured them, between marks: <!-- name --> and <!-- /name -->."""

from pathlib import Path

from core.storage import write_atomic

README = Path(__file__).resolve().parents[1] / "README.md"


def put_between_marks(name, text, path=README):
    """Replace what stands between the marks of `name`. Raises ValueError where the file lacks them."""
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    head, _, rest = path.read_text(encoding="utf-8").partition(start)
    _, found, tail = rest.partition(end)
    if not found:
        raise ValueError(f"{path.name} lacks the marks {start.strip()} and {end}")
    write_atomic(path, head + start + text + end + tail)
