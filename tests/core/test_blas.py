"""Threads of BLAS: asked for by a command before NumPy comes, never by an import."""

import os
import subprocess
import sys

import pytest

from core import blas


@pytest.fixture(autouse=True)
def nothing_asked(monkeypatch):
    for name in blas.VARIABLES:
        monkeypatch.setenv(name, "x")  # so that whatever is set here goes afterwards
        monkeypatch.delenv(name)


def test_one_thread_where_nobody_has_asked_for_another_number():
    assert not blas.has_one_thread()
    blas.use_one_thread()
    assert blas.has_one_thread() and all(os.environ[name] == "1" for name in blas.VARIABLES)


@pytest.mark.parametrize("name", blas.VARIABLES)
def test_what_somebody_asked_for_stays(monkeypatch, name):
    monkeypatch.setenv(name, "4")
    blas.use_one_thread()
    assert not blas.has_one_thread() and [v for v in blas.VARIABLES if v in os.environ] == [name]


def test_importing_core_changes_no_process():
    code = ("import os; before = dict(os.environ); import core.train, core.text.train, core.nn.parallel; "
            "assert dict(os.environ) == before")
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_training_command_asks_before_numpy_is_there():
    code = ("import sys, runpy; sys.argv = ['train', '--help']\n"
            "class Watch:\n"
            "    def find_spec(self, name, path=None, target=None):\n"
            "        if name == 'numpy':\n"
            "            from core.blas import has_one_thread\n"
            "            print('one thread:', has_one_thread())\n"
            "sys.meta_path.insert(0, Watch())\n"
            "runpy.run_module('core.train', run_name='__main__')")
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ended.stdout.startswith("one thread: True"), ended.stdout + ended.stderr
