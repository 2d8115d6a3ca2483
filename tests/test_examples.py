"""The examples run as their first lines say."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(*arguments):
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_xor_is_learned():
    lines = run("examples/xor.py").splitlines()
    assert [line.split()[4] for line in lines] == ["0", "1", "1", "0"]
    assert all(float(re.search(r"0\.\d+|1\.000", line)[0]) > 0.9 for line in lines)


def test_digits_are_learned_in_an_epoch():
    first, last = run("examples/mnist.py", "1").splitlines()
    assert first.startswith("epoch 1: loss") and float(last.split()[-1].rstrip("%")) > 93
