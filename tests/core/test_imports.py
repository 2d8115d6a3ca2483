"""What `import core` needs: NumPy and nothing else."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy

import core

ROOT = Path(__file__).resolve().parents[2]


def test_core_needs_numpy_alone(tmp_path):
    """Import every module of core in an environment that has NumPy and the standard library, and nothing else."""
    packages = Path(numpy.__file__).parents[1]
    for name in ("numpy", "numpy.libs"):
        if (packages / name).exists():
            (tmp_path / name).symlink_to(packages / name)
    (tmp_path / "core").symlink_to(ROOT / "core")
    names = [module.name for module in pkgutil.walk_packages(core.__path__, "core.")]
    assert len(names) > 30 and "core.train" in names and "core.text.train" in names
    code = (f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import importlib; "
            f"list(map(importlib.import_module, {names}))")
    alone = [sys.executable, "-I", "-S", "-c"]  # no site-packages, no current folder, no environment
    done = subprocess.run([*alone, code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    code = code.replace("import importlib;", "import importlib, tqdm;")
    missing = subprocess.run([*alone, code], capture_output=True, text=True, cwd=tmp_path)
    assert "No module named 'tqdm'" in missing.stderr  # the environment is as bare as it should be
