"""Run tests on a copy of the project with one fault."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from analytics.mutants.sample import ROOT

LINKED = ("data", "final_model", "images", ".git")  # not mutated: links suffice
CORE = Path("tests") / "core"


def copy_project(folder: Path) -> Path:
    """A copy of the project that may be mutated."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True,
                           check=True).stdout.splitlines()
    for name in names:
        if name.split("/")[0] not in LINKED and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    return folder


def tests_for(file: str) -> list[str]:
    """The unit tests of core, with those of this file first; without training runs and tests of the shipped weights."""
    mirror = Path("tests") / Path(file).parent
    first = [mirror / f"test_{Path(file).stem}.py"] if (ROOT / mirror / f"test_{Path(file).stem}.py").exists() else []
    areas = [CORE / name for name in ("nn", "uncertainty", "digits", "test_metrics.py", "test_settings.py")]
    rest = sorted(areas, key=lambda area: area != mirror)
    return [str(path) for path in (*first, *rest)]


def fails(folder: Path, tests: Sequence[str], seconds: float) -> bool | None:
    """True if one of these tests fails in the copy, False if all pass, None after a timeout."""
    one_thread = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        return subprocess.run(command, cwd=folder, env=one_thread, capture_output=True, timeout=seconds).returncode != 0
    except subprocess.TimeoutExpired:
        return None


def plant(folder: Path, file: str, mutated: str, tests: Sequence[str], seconds: float) -> bool | None:
    """`fails` with the text of one file replaced; the file is restored afterwards."""
    path = folder / file
    source = path.read_text()
    if mutated == source:
        raise SystemExit(f"mutants: nothing changed in {file}")
    path.write_text(mutated)
    try:
        return fails(folder, tests, seconds)
    finally:
        path.write_text(source)
