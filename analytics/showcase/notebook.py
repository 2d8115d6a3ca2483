"""Run the walkthrough notebook and store its outputs: `python -m analytics.showcase.notebook`; about a minute.

Jupyter is not needed: the cells run in this process, and their outputs are written in nbformat 4 with small pictures.
"""

import argparse
import base64
import contextlib
import io
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.files import write_atomic
from core.shipped import ROOT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOTEBOOK = ROOT / "notebooks" / "walkthrough.ipynb"
DPI, COLOURS = 90, 64  # of a stored picture


def run(cells: Sequence[Mapping]) -> tuple[dict, list[list[dict]]]:
    """Run code cells in order in one namespace; returns the namespace and the outputs of each cell."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    namespace, outputs = {"__name__": NOTEBOOK.stem}, []
    show = pyplot.show
    try:
        with matplotlib.rc_context():
            for number, cell in enumerate(cells):
                pictures = []
                printed = io.StringIO()
                pyplot.show = lambda pictures=pictures: (
                    pictures.append(_picture(pyplot.gcf())), pyplot.close("all"))
                with contextlib.redirect_stdout(printed):
                    exec(compile("".join(cell["source"]), f"{NOTEBOOK.name}, code cell {number}", "exec"), namespace)
                text = printed.getvalue().splitlines(keepends=True)
                streams = [{"output_type": "stream", "name": "stdout", "text": text}] if text else []
                outputs.append(pictures + streams)
    finally:
        pyplot.show = show
    return namespace, outputs


def _picture(figure: "Figure") -> dict:
    """A figure as a cell output: a PNG with a small palette."""
    from PIL import Image

    full, small = io.BytesIO(), io.BytesIO()
    figure.savefig(full, format="png", dpi=DPI)
    Image.open(full).convert("RGB").quantize(COLOURS).save(small, "PNG", optimize=True)
    return {"output_type": "display_data", "metadata": {}, "data": {
        "image/png": base64.b64encode(small.getvalue()).decode(), "text/plain": ["a figure"]}}


def main(argv: Sequence[str] | None = None) -> None:
    argparse.ArgumentParser(prog="python -m analytics.showcase.notebook",
                            description="Run the walkthrough notebook and store its outputs.").parse_args(argv)
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    _, outputs = run(code)
    for count, (cell, cell_outputs) in enumerate(zip(code, outputs, strict=True), start=1):
        cell |= {"outputs": cell_outputs, "execution_count": count}
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    write_atomic(NOTEBOOK, text)
    print(f"{NOTEBOOK.name}: {sum(map(len, outputs))} outputs of {len(code)} cells, {len(text) / 1000:.0f} kB.")


if __name__ == "__main__":
    from core.blas import use_one_thread

    use_one_thread()
    main()
