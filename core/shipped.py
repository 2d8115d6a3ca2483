"""Where the project's files are: `data("final_model")`, in a checkout and in an installed copy alike.

A checkout has them in its top-level folders. A wheel has them in the package `qualm_data` beside `core`, to which
pyproject.toml maps those folders; what it leaves out (the training images) or makes later (runs) is in the user's data
folder, as site-packages may be read-only and are replaced at the next installation. Paths are taken from this file
rather than from importlib.resources because the files are opened by path and locked, and so are never in an archive.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]  # what holds core: a checkout, or site-packages
INSTALLED = (ROOT / "qualm_data").is_dir()
SHIPPED = ROOT / "qualm_data" if INSTALLED else ROOT
TRAIN = "qualm train" if INSTALLED else "python core/train.py"  # the command, as messages name it


def data(path: str) -> Path:
    """The absolute path of a file or folder of the project, such as "final_model", "data/split.npz" or "runs"."""
    if not INSTALLED or (SHIPPED / path).exists():
        return SHIPPED / path
    from platformdirs import user_data_path  # here, as a checkout's core needs NumPy alone

    return user_data_path("qualm", appauthor=False) / path
