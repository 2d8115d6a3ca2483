"""A small archive of digits in every form."""

import functools
import http.server
import threading

import numpy as np
import pytest
from PIL import Image

from core.digits.data import read_checked

N = 12


@pytest.fixture(scope="session")
def digits():
    """(N, 28, 28) uint8 of MNIST's test images."""
    return read_checked("t10k-images-idx3-ubyte")[:N]


@pytest.fixture(scope="session")
def folder(digits, tmp_path_factory):
    """The digits as PNG files, "00.png" to "11.png", and a file that is no picture."""
    made = tmp_path_factory.mktemp("pictures")
    for i, digit in enumerate(digits):
        Image.fromarray(255 - np.kron(digit, np.ones((4, 4), np.uint8))).save(made / f"{i:02d}.png")
    (made / "notes.txt").write_text("no picture")
    return made


@pytest.fixture
def served(folder):
    """The address of a web server that lists the folder and gives whole files only."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
