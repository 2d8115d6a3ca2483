"""Run the walkthrough and store what it prints and draws: `python -m analytics.showcase.notebook`; about a minute.

A page of a repository shows a notebook as it is stored. No notebook program is needed: the cells run in this process,
one after the other, and their outputs are written into the file as nbformat 4 has them, pictures small.
"""

import argparse
import base64
import contextlib
import io
import json
from pathlib import Path

from core.files import write_atomic

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "walkthrough.ipynb"
DPI, COLOURS = 90, 64  # of a stored picture


def run(cells: list[dict]) -> tuple[dict, list[list[dict]]]:
    """Run code cells in order in one namespace: what they leave behind by name, and the outputs of each."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names, outputs = {"__name__": NOTEBOOK.stem}, []
    shown, show = None, pyplot.show
    try:
        with matplotlib.rc_context():
            for number, cell in enumerate(cells):
                shown = []
                printed = io.StringIO()
                pyplot.show = lambda shown=shown: (shown.append(_picture(pyplot.gcf())), pyplot.close("all"))
                with contextlib.redirect_stdout(printed):
                    exec(compile("".join(cell["source"]), f"{NOTEBOOK.name}, code cell {number}", "exec"), names)
                text = printed.getvalue().splitlines(keepends=True)
                said = [{"output_type": "stream", "name": "stdout", "text": text}] if text else []
                outputs.append(shown + said)
    finally:
        pyplot.show = show
    return names, outputs


def _picture(figure) -> dict:
    """A figure as an output: a PNG of few colours."""
    from PIL import Image

    drawn, packed = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DPI)
    Image.open(drawn).convert("RGB").quantize(COLOURS).save(packed, "PNG", optimize=True)
    return {"output_type": "display_data", "metadata": {}, "data": {
        "image/png": base64.b64encode(packed.getvalue()).decode(), "text/plain": ["a figure"]}}


def main(argv=None) -> None:
    argparse.ArgumentParser(prog="python -m analytics.showcase.notebook",
                                     description=__doc__.splitlines()[0]).parse_args(argv)
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    _, outputs = run(code)
    for count, (cell, found) in enumerate(zip(code, outputs, strict=True), start=1):
        cell |= {"outputs": found, "execution_count": count}
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    write_atomic(NOTEBOOK, text)
    print(f"{NOTEBOOK.name}: {sum(map(len, outputs))} outputs of {len(code)} cells, {len(text) / 1000:.0f} kB.")


if __name__ == "__main__":
    from core.blas import use_one_thread

    use_one_thread()
    main()
