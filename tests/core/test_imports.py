"""What `import core` needs and what it leaves alone."""

import subprocess
import sys


def test_core_needs_numpy_alone():
    """Import every module of core while anything beyond NumPy and the standard library is refused."""
    code = """
import importlib, pkgutil, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top in ("core", "numpy") or top.startswith("_"):
            return None
        raise ImportError("core must not import " + name)
sys.meta_path.insert(0, Refuse())
import core
names = [module.name for module in pkgutil.walk_packages(core.__path__, "core.")]
assert len(names) > 10
for name in names:
    importlib.import_module(name)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
