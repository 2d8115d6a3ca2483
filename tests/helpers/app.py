"""The app in Streamlit's test harness, and what stands on its page."""

import base64
import io
import re
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest

from deployment.pages.draw.live import SIDE

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "deployment" / "app.py"
EXAMPLES = ROOT / "deployment" / "assets" / "examples"


def start() -> AppTest:
    at = AppTest.from_file(str(APP), default_timeout=60).run()
    assert not at.exception
    return at


def page(at: AppTest) -> str:
    """All HTML on the page, of a run without an exception."""
    assert not at.exception
    return "".join(element.proto.body for element in at.get("html"))


def answer(at: AppTest) -> dict[str, str]:
    """The data attributes of the answer on the page."""
    (tag,) = re.findall(r'<div class="q q-answer[^>]*>', page(at))
    return dict(re.findall(r'data-(\w+)="([^"]*)"', tag))


def sent(image: np.ndarray, **more) -> dict:
    """A finished drawing (H, W), white on black, as the browser sends it."""
    return {"ink": base64.b64encode(image.tobytes()).decode(), "number": 3, "strokes": 2, "done": True} | more


def draw(at: AppTest, image: Image.Image, **more) -> AppTest:
    """The app after a drawing (a picture of any size, white on black) was sent."""
    small = np.asarray(image.convert("L").resize((SIDE, SIDE)))
    at.session_state["live"], at.session_state["source"] = {"ink": sent(small, **more)}, "drawing"
    return at.run()


def zipped(files: dict[str, bytes], method=zipfile.ZIP_DEFLATED) -> bytes:
    """The bytes of a ZIP file of these."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
