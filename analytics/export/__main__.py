"""Export a model as a folder for a model hub: `python -m analytics.export --hub DIR [--model DIR]`.

The folder has the layout of Hugging Face's model repositories: a card with the audit's figures, config.json, the
weights as safetensors, an ONNX graph with calibrated probabilities, and an example that needs nothing but this folder,
NumPy and onnxruntime. Nothing is uploaded.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from analytics.export.hub import check_free, hub_files, write_folder
from core.command import refusing
from core.models import model


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.export", description="Export a model as a folder for a "
                                     "model hub. Single files: analytics.export.onnx, analytics.export.safetensors.")
    parser.add_argument("--hub", type=Path, required=True, metavar="DIR", help="a new folder")
    parser.add_argument("--model", type=Path, default=model.FINAL_MODEL, metavar="DIR",
                        help="default: the shipped model")
    args = parser.parse_args(argv)
    with refusing("export"):
        check_free(args.hub)  # before the work
        files = hub_files(args.model)
        write_folder(args.hub, files)
    print(f"{args.hub}: {len(files)} files, {sum(map(len, files.values())) / 1e6:.1f} MB; read README.md before you "
          "publish them.")


if __name__ == "__main__":
    main()
