"""Pictures given to the page in a real browser: files, ZIPs, what is refused, the clipboard, the camera."""

import base64
import zipfile

import numpy as np
import pytest
from app import EXAMPLES, zipped
from browser import at_rest
from PIL import Image
from playwright.sync_api import expect
from strokes import CANVAS, SEVEN, THREE, draw, wait_for_answer

from analytics.studies.renderings.paper import photograph_of_paper

SHEET = 7  # the seed of a sheet with a dozen lines


def test_files_are_read_and_many_make_a_contact_sheet(page, screen):
    """The picture stands in the canvas's place; of several uploads the newest; and there is a way back to the
    drawing."""
    chooser, canvas, name = page.locator("input[type=file]"), page.locator(CANVAS), page.locator("[data-testid=file]")
    draw(page, screen, SEVEN)
    place = canvas.bounding_box()
    chooser.set_input_files(EXAMPLES / "two.png")
    assert wait_for_answer(page, name="two.png") == "2"
    expect(canvas).to_be_hidden()
    at_rest(page)
    shown = page.locator("[data-testid=boxed]").bounding_box()
    assert abs(shown["y"] - place["y"]) < 60 and shown["width"] > 0.9 * place["width"]
    chooser.set_input_files(EXAMPLES / "paper.png")  # the network is surer of it than of the 2
    assert wait_for_answer(page, name="paper.png") == "3"
    expect(name).to_have_text("paper.png")
    chooser.set_input_files([EXAMPLES / "scribble.png", EXAMPLES / "seven.png"])
    wait_for_answer(page, name="scribble.png")  # of two that come at once that in more doubt
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV", exact=True).click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0].startswith("file,answer,confidence")
    assert [line.split(",")[0] for line in lines[1:]] == ["two.png", "paper.png", "scribble.png", "seven.png"]
    page.get_by_role("button", name="Back to drawing").click()
    assert wait_for_answer(page, name="your drawing", strokes=2) == "7"
    expect(page.locator("[data-testid=stDataFrame]")).to_have_count(0)


def test_a_zip_with_labels_becomes_an_audit(page, tmp_path):
    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, label in (("two", 2), ("seven", 7), ("paper", 8)):
            archive.write(EXAMPLES / f"{name}.png", f"mine/{label}_{name}.png")
    page.locator("input[type=file]").set_input_files(path)
    page.locator("[data-testid=upload-figures]").get_by_text("2 of 3", exact=True).wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the audit to print").click()
    printed = page.context.new_page()
    printed.set_content(download.value.path().read_text(encoding="utf-8"))
    expect(printed.get_by_role("heading", level=1)).to_have_text("Qualm on 3 labelled pictures")
    assert printed.locator("[data-testid=upload-tiles]").first.inner_text().startswith("8 → 3")


TINTS = """(picture) => {
  const { naturalWidth: width, naturalHeight: height } = picture, count = { ink: 0, lines: 0, pale: 0 };
  const pen = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
  pen.drawImage(picture, 0, 0);
  const data = pen.getImageData(0, 0, width, height).data;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] > 180 && data[i + 2] < 80) count.ink += 1;
    else if (data[i] < 80 && data[i + 2] > 140) count.lines += 1;
    else if (data[i] > 200 && data[i + 2] > 200) count.pale += 1;
  }
  return [count.ink, count.lines, count.pale].map((n) => n / (width * height));
}"""


def test_a_digit_on_ruled_paper_is_read_and_its_ink_and_lines_are_shown(page, tmp_path):
    """A part that is marked by keyboard is read alone, until the whole is asked for."""
    seven = np.asarray(Image.open(EXAMPLES / "seven.png").convert("L").resize((28, 28)))
    (tmp_path / "ruled.jpg").write_bytes(photograph_of_paper(seven, np.random.default_rng(SHEET)))
    page.locator("input[type=file]").set_input_files(tmp_path / "ruled.jpg")
    assert wait_for_answer(page, name="ruled.jpg") == "7"
    picture = page.get_by_role("img", name="ink in vermilion")
    ink, lines, paper = picture.evaluate(TINTS)
    assert 0.005 < ink < 0.1 and 0.01 < lines < 0.2 and paper > 0.7
    at_rest(page)
    shown, boxed = picture.bounding_box(), page.locator("[data-testid=boxed] img").bounding_box()
    assert shown["width"] == pytest.approx(boxed["width"], abs=2) and shown["y"] > boxed["y"] + boxed["height"]
    page.get_by_role("slider").first.press("ArrowRight")
    name = page.locator("[data-testid=file]")
    expect(name).to_have_text("ruled.jpg, the marked part alone")
    assert wait_for_answer(page, name="ruled.jpg") == "7"
    page.get_by_role("button", name="Read the whole picture").click()
    expect(name).to_have_text("ruled.jpg")


def sparse(path, megabytes):
    """A file of that size that takes no room on the disk."""
    with open(path, "wb") as file:
        file.truncate(int(megabytes * 2**20))
    return path


@pytest.mark.slow
def test_a_refused_file_takes_the_place_of_the_answer_and_the_next_stroke_is_read(page, screen, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no")
    (tmp_path / "notes.docx").write_bytes(b"PK\x03\x04 and words")
    (tmp_path / "cut.zip").write_bytes(zipped({"7_a.png": (EXAMPLES / "seven.png").read_bytes()})[:-30])
    refused = {
        "bad.png": ["not a picture that can be read"],
        "notes.docx": ["not a picture"],
        "cut.zip": ["cannot be opened as a ZIP"],
        "large.png": ["30 MB", "20 MB"],
        "huge.zip": ["120.0 MB", "100 MB"],
    }
    sparse(tmp_path / "large.png", 30), sparse(tmp_path / "huge.zip", 120)
    chooser = page.locator("input[type=file]")
    for name, sentence in refused.items():
        chooser.set_input_files(tmp_path / name)
        told = page.locator(".st-key-answer").get_by_role("status").filter(has_text=f"“{name}”")
        told.wait_for()
        for words in sentence:
            expect(told).to_contain_text(words)
        expect(page.locator("[data-testid=answer]")).to_have_count(0)  # the former answer is gone
        assert draw(page, screen, SEVEN[:1]) is not None
        page.get_by_role("button", name="Clear", exact=True).click()
        page.get_by_text("The canvas is empty").wait_for()
    assert draw(page, screen, THREE) == "3"


def test_a_picture_is_pasted(page):
    picture = base64.b64encode((EXAMPLES / "two.png").read_bytes()).decode()
    # false once the page has taken it: its script may come a moment after the rest
    page.wait_for_function("""(picture) => {
      const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0)), hand = new DataTransfer();
      hand.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
      return !document.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData: hand, bubbles: true, cancelable: true }));
    }""", arg=picture)
    assert wait_for_answer(page, name="pasted.png") == "2"


def test_a_phone_takes_a_photograph(page, screen):
    """The browser's camera shows a moving pattern: what is read of it is of no matter, but that it is."""
    if not screen.touch:
        expect(page.get_by_text("Take a photograph")).to_be_hidden()
        return
    page.locator("label").filter(has_text="Take a photograph").click()
    shutter = page.get_by_role("button", name="Take Photo")
    shutter.scroll_into_view_if_needed()
    page.wait_for_function("[...document.querySelectorAll('video')].some((video) => video.videoWidth)")
    at_rest(page)  # what is photographed while the script still runs might be lost
    shutter.click()
    page.locator(".st-key-answer :is([data-name*=camera], .q-notice)").first.wait_for()
