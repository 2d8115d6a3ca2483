"""OpenCV is imported where a picture is read, not before, and runs in one thread."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]


def run(code):
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_it_is_imported_at_the_first_picture_and_has_one_thread():
    code = """
import sys
import numpy as np
import deployment.deploy_mnist
print("cv2" in sys.modules)
from deployment.reader.paper.ink import find_ink
from deployment.reader.paper.digit import preprocess
print("cv2" in sys.modules)
picture = np.full((200, 200), 230, np.uint8)
picture[40:160, 90:110] = 20
preprocess(picture)
find_ink(picture)
print("cv2" in sys.modules, sys.modules["cv2"].getNumThreads())
"""
    assert run(code) == ["False", "False", "True", "1"]


def test_one_module_of_the_app_alone_imports_it():
    """Also inside functions, and nothing of core does."""
    named = [path.relative_to(ROOT).as_posix() for folder in ("core", "deployment")
             for path in (ROOT / folder).rglob("*.py")
             if re.search(r"^\s*(import|from) cv2\b|import_module\(.cv2", path.read_text(), re.MULTILINE)]
    assert named == ["deployment/reader/paper/opencv.py"]
