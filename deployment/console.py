"""The command `qualm`: without arguments the app, else `read`, `train`, `serve` or `api`."""

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from core.blas import use_one_thread

HELP = """usage: qualm [--version] [COMMAND ...]

Without a command the app opens on http://127.0.0.1:8501; further arguments go to Streamlit.

  qualm read FILE ...   read pictures of digits, numbers (--number) or a table (--table)
  qualm train ...       train a network
  qualm serve ...       serve the app for many people, with nginx
  qualm api ...         read pictures over HTTP, for other programs
  qualm COMMAND --help  the options of a command
"""
COMMANDS = {"read": "deployment.command", "train": "core.train", "serve": "deployment.server.__main__",
            "api": "deployment.api.command"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    name, *rest = [*(sys.argv[1:] if argv is None else argv)] or [""]
    if name in ("-h", "--help"):
        print(HELP, end="")
        return 0
    if name == "--version":
        print(f"qualm {importlib.import_module('qualm').__version__}")
        return 0
    if name in COMMANDS:
        use_one_thread()
        return int(importlib.import_module(COMMANDS[name]).main(rest) or 0)
    if name and not name.startswith("-"):
        print(f"qualm: there is no command {name}; the commands are {', '.join(COMMANDS)}, and none opens the app.",
              file=sys.stderr)
        return 2
    return app([name, *rest] if name else [])


def app(options: Sequence[str]) -> int:
    """Serve the app in this process until Ctrl+C. options: of `streamlit run`."""
    try:
        cli = importlib.import_module("streamlit.web.cli")
    except ImportError:
        print('qualm: the app needs Streamlit: pip install "qualm-reader[app]". `qualm read FILE` works without it.',
              file=sys.stderr)
        return 2
    return int(cli.main(["run", str(Path(__file__).with_name("app.py")), *options], prog_name="qualm",
                        standalone_mode=False) or 0)


if __name__ == "__main__":
    sys.exit(main())
