"""The app in Streamlit's test harness, and what stands on its page."""

import io
import re
import zipfile
from pathlib import Path

from streamlit.testing.v1 import AppTest

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


def zipped(files: dict[str, bytes], method=zipfile.ZIP_DEFLATED) -> bytes:
    """The bytes of a ZIP file of these."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
