"""Files of several pages: counted, one at a time, bounded, and refused in a sentence."""

import io

import numpy as np
import pytest
from PIL import Image

from deployment.deploy_mnist import main
from deployment.reader.picture import pages
from deployment.reader.picture.limits import BoundsError
from deployment.reader.picture.load import load_pixels
from deployment.reader.picture.opening import InputError, page_count, page_of, unread_pages

LOCKED = b"""%%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>endobj
4 0 obj<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>endobj
trailer<</Root 1 0 R/Encrypt 4 0 R/ID[<00><00>]/Size 5>>
%%%%EOF""" % (b"41" * 32, b"42" * 32)


def file(kind, count=3):
    """Pages of growing grey as the bytes of a PDF or TIFF file."""
    images = [Image.fromarray(np.full((60, 90), 60 * i + 40, np.uint8)).convert("RGB") for i in range(count)]
    data = io.BytesIO()
    images[0].save(data, kind, save_all=True, append_images=images[1:])
    return data.getvalue()


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_pages_are_counted_and_read_one_at_a_time(kind):
    data = file(kind)
    assert pages.count(data) == 3
    greys = [float(load_pixels(page_of(data, number, "my scan")).grey.mean()) for number in range(3)]
    assert greys == sorted(greys) and greys[2] - greys[0] > 0.3


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_a_reading_of_one_page_says_so(kind):
    assert unread_pages(file(kind), "my scan") == ["My scan has several pages: only the first was read."]
    assert unread_pages(file(kind, 1)) == []


@pytest.mark.parametrize("data, sentence", [(LOCKED, "locked with a password"),
                                            (b"%PDF-1.7 nothing", "damaged PDF")])
def test_a_locked_or_damaged_pdf_is_refused(data, sentence):
    with pytest.raises(BoundsError, match=sentence):
        pages.count(data)
    for opened in (load_pixels, page_count, lambda data, name: page_of(data, 1, name)):
        with pytest.raises(InputError, match=f"My scan is .*{sentence}"):
            opened(data, "my scan")


def test_a_page_has_no_more_pixels_than_a_screen_of_it():
    data = io.BytesIO()
    Image.new("L", (6000, 3000), 200).save(data, "PDF", resolution=72)
    assert max(pages.page(data.getvalue(), 0).size) == pages.SIDE
    with pytest.raises(BoundsError, match="no page 2"):
        pages.page(data.getvalue(), 1)


def test_a_later_page_has_the_limits_of_the_first():
    data, small = io.BytesIO(), Image.new("L", (60, 60), 200)
    small.save(data, "TIFF", save_all=True, append_images=[Image.new("L", (6_000, 4_000))], compression="packbits")
    with pytest.raises(InputError, match="My scan cannot be 6000 x 4000"):
        page_of(data.getvalue(), 1, "my scan")
    with pytest.raises(InputError, match="My scan is not a picture that can be read"):
        page_of(data.getvalue(), 2, "my scan")


def test_tables_of_all_pages_by_command(tmp_path, capsys):
    (tmp_path / "blank.pdf").write_bytes(file("PDF", 2))
    assert main(["--table", str(tmp_path / "blank.pdf")]) == 1
    said = capsys.readouterr().err
    assert "page 1" in said and "page 2" in said and "No table was found" in said
