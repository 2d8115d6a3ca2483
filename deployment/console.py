"""The command `qualm`: opens the app, or reads, trains and serves."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from core.blas import use_one_thread
from core.command import need

APP = Path(__file__).with_name("app.py")


class Command(NamedTuple):
    """A command after `qualm`; its module has `main(argv, prog)`."""

    module: str
    help: str
    package: str | None = None  # what it cannot do without, besides the dependencies of every installation
    extra: str = ""  # of pyproject.toml, which has that package


COMMANDS = {
    "read": Command("deployment.command", "read a digit, a number (--number) or a table (--table) from pictures"),
    "train": Command("core.train", "train a network"),
    "serve": Command("deployment.server.__main__", "serve the app, or with --api the next, to many; needs nginx"),
    "api": Command("deployment.api.command", "read pictures over HTTP, for other programs", "fastapi", "api"),
    "fetch": Command("core.digits.data", "download MNIST's training images, which a wheel leaves out"),
}
FORMS = "".join(f"  qualm {name:<6} ...   {command.help}\n" for name, command in COMMANDS.items())


def parser() -> argparse.ArgumentParser:
    """The arguments of `qualm` alone; those of a command are parsed by its module."""
    parser = argparse.ArgumentParser(
        prog="qualm", usage="qualm [--version] [OPTION ...] | qualm COMMAND ...", allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter, epilog="Each command has its --help.",
        description="A reader of handwritten digits that reports how sure it is.\n\n"
                    "  qualm              open the app; OPTIONs are those of `streamlit run`: --server.port 8600\n"
                    + FORMS)
    parser.add_argument("--version", action="version", version=f"qualm {version('qualm-reader')}")
    return parser


def open_app(options: Sequence[str]) -> None:
    """Run the app until Ctrl+C, and open it in a browser where there is a screen. options: of `streamlit run`."""
    need("streamlit", "app", "qualm: the app")
    from streamlit.web import cli

    screen = not sys.platform.startswith("linux") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    browser = ["--server.headless", "false"] if screen else []  # an option given twice counts as given last
    cli.main(["run", str(APP), *browser, *options], prog_name="qualm")


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments say; returns the exit code."""
    argv = list(sys.argv[1:] if argv is None else argv)
    if not argv or argv[0].startswith("-"):
        parser().parse_known_args(argv)
        open_app(argv)
        return 0
    name = argv[0]
    if name not in COMMANDS:
        parser().error(f"there is no command {name!r}; " + (
            f"to read a picture: qualm read {name}" if Path(name).exists() else f"choose from {', '.join(COMMANDS)}"))
    command = COMMANDS[name]
    need(command.package, command.extra, f"qualm {name}")
    use_one_thread()  # before NumPy is imported
    return importlib.import_module(command.module).main(argv[1:], prog=f"qualm {name}") or 0
