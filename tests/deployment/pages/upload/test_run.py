"""Many pictures are read in steps, which can be stopped and taken up again, within a budget of work."""

import io

import pytest
from app import EXAMPLES
from PIL import Image

from deployment.deploy_mnist import MNISTDeployer
from deployment.pages.upload import run
from deployment.reader.picture.archive import Picture
from deployment.reader.picture.opening import InputError

SEVEN, PAPER = ((EXAMPLES / f"{name}.png").read_bytes() for name in ("seven", "paper"))


@pytest.fixture(scope="module")
def deployer():
    return MNISTDeployer()


def pictures(*contents):
    return [Picture(f"{i}.png", lambda data=data: data) for i, data in enumerate(contents)]


def test_steps_can_be_stopped_and_taken_up(deployer):
    read = run.Run(pictures(SEVEN, b"no picture", PAPER), [])
    read.step(deployer, 0)
    assert read.done == 0 and read.going
    read.stopped = True
    read.step(deployer, 60)
    assert read.done == 0 and not read.going
    read.stopped = False
    read.step(deployer, 60)
    first, second, third = read.results
    assert (first.digit, third.digit) == (7, 3) and "“1.png” is not a picture" in str(second)
    assert not read.going and read.names == ["0.png", "1.png", "2.png"]


def test_a_step_ends_after_its_time(deployer):
    read = run.Run(pictures(*[SEVEN] * 5000), [])
    read.step(deployer, 0.05)
    assert 0 < read.done < 5000 and read.going


def test_an_upload_has_a_budget_of_work(deployer, monkeypatch):
    monkeypatch.setattr(run, "MOST_WORK", 2.5 * run.work(SEVEN))
    read = run.Run(pictures(SEVEN, SEVEN, SEVEN, SEVEN), [])
    read.step(deployer, 60)
    assert [isinstance(result, InputError) for result in read.results] == [False, False, True, True]
    assert "“2.png” was not read" in str(read.results[2])


def test_the_pages_of_a_tiff_that_are_not_read_are_told(deployer):
    pages = [Image.open(io.BytesIO(data)).convert("L") for data in (SEVEN, PAPER)]
    buffer, one = io.BytesIO(), io.BytesIO()
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:])
    pages[0].save(one, "TIFF")
    read = run.Run(pictures(buffer.getvalue(), one.getvalue(), SEVEN, b"no picture"), [])
    read.step(deployer, 60)
    assert read.results[0].digit == 7 and read.sentences == ["“0.png” has several pages: only the first was read."]


def test_work_is_told_by_the_header():
    assert run.work(SEVEN) == pytest.approx(28 * 28 / 1e6)
    assert run.work(b"no picture") == 0
