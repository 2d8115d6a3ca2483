"""One fault at a time, in a copy of the project: do the tests fail?"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from analytics.mutants.sample import ROOT

LINKED = ("data", "final_model", "images", ".git")  # not changed by any mutant: no copy is needed
CORE = Path("tests") / "core"


def copy_project(folder):
    """A copy of the project that may be broken."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True,
                           check=True).stdout.splitlines()
    for name in names:
        if name.split("/")[0] not in LINKED and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    return folder


def tests_for(file):
    """The tests of core, those that mirror the file first; training runs and the shipped weights tell nothing of it."""
    own = Path("tests") / Path(file).parent
    first = [own / f"test_{Path(file).stem}.py"] if (ROOT / own / f"test_{Path(file).stem}.py").exists() else []
    areas = [CORE / name for name in ("nn", "uncertainty", "digits", "test_metrics.py", "test_settings.py")]
    rest = sorted(areas, key=lambda area: area != own)
    return [str(path) for path in (*first, *rest)]


def fails(folder, tests, seconds):
    """Whether one of these tests fails in the copy (True, False), or None when time runs out."""
    one_thread = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        return subprocess.run(command, cwd=folder, env=one_thread, capture_output=True, timeout=seconds).returncode != 0
    except subprocess.TimeoutExpired:
        return None


def plant(folder, file, mutated, tests, seconds):
    """`fails` with the text of one file exchanged, which is put back afterwards."""
    path = folder / file
    source = path.read_text()
    if mutated == source:
        raise SystemExit(f"mutants: nothing changed in {file}")
    path.write_text(mutated)
    try:
        return fails(folder, tests, seconds)
    finally:
        path.write_text(source)
