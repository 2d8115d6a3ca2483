"""Where the files are that are no code: weights, images, data and runs, in a checkout and in an installed copy."""

from importlib.resources import files
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IN_CHECKOUT = (ROOT / "pyproject.toml").is_file()


def shipped(name: str) -> Path:
    """A top-level file or folder of the project: of the checkout, else of the package qualm_data, into which the wheel
    maps what a copy needs (pyproject.toml)."""
    return (ROOT if IN_CHECKOUT else Path(str(files("qualm_data")))) / name


def runs_folder() -> Path:
    """Where trained networks go: `runs` of the checkout; of an installed copy, in the user's folder for data."""
    if IN_CHECKOUT:
        return ROOT / "runs"
    import platformdirs  # in a checkout core needs NumPy alone

    return Path(platformdirs.user_data_dir("qualm", appauthor=False)) / "runs"
