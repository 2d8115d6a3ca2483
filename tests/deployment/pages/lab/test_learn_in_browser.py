"""A training watched in a real browser: started, stepped, changed while it runs, mended, followed back in time."""

import contextlib
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from browser import until
from playwright.sync_api import expect

PATIENCE = 60_000  # ms
FRAME = 33  # ms: of the time machine's slider
FRAMES = """(slider) => new Promise((done) => {
  const { time } = slider.getRootNode().querySelector(".lab").room;
  time.frames = [];
  const step = (left) => {
    if (!left) { done(time.frames); return; }
    slider.value = left % (Number(slider.max) + 1);
    slider.dispatchEvent(new Event("input"));
    requestAnimationFrame(() => requestAnimationFrame(() => step(left - 1)));
  };
  step(40);
})"""
HIDE = """(state) => {
  Object.defineProperty(document, "visibilityState", { get: () => state, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def opened(page):
    """The room, with few training images, so that an epoch is short."""
    page.get_by_role("tab", name="Lab").click()
    page.wait_for_selector(".lab[data-ready=yes]")
    turn(page, "share", 0.45)
    return page.locator(".lab")


def turn(page, knob, share):
    """Move a knob to this share of its way."""
    slider = page.locator(f"#knob-{knob}")
    most, step = (float(slider.get_attribute(name)) for name in ("max", "step"))
    slider.fill(f"{round(share * most / step) * step:g}")


def count(lab, what):
    return int(lab.get_attribute(f"data-{what}"))


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def trained(page, lab, epochs):
    """Train some epochs, then pause."""
    press(page, "Start")
    until(page, lambda: count(lab, "epochs") > epochs)
    press(page, "Pause")
    expect(lab).to_have_attribute("data-state", "paused")


def drawn(page, chart):
    """Whether anything is drawn on the canvas of a chart."""
    return page.locator(f"[data-chart={chart}] canvas").first.evaluate(
        "(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)")


def processes():
    """The training processes below this one."""
    parents, workers = {}, []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            process = int(folder.name)
            parents[process] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if b"deployment.lab.worker" in (folder / "cmdline").read_bytes():
                workers.append(process)

    def ours(process):
        return process == os.getpid() or (process in parents and ours(parents[process]))

    return [process for process in workers if ours(process)]


def test_a_network_learns_step_by_step_and_the_time_machine_goes_back(page, screen):
    lab = opened(page)
    press(page, "One batch")
    until(page, lambda: count(lab, "batches") == 1)
    expect(page.locator(".status")).to_have_text("Paused.")
    trained(page, lab, 2)
    assert all(drawn(page, chart) for chart in ("loss", "accuracy", "units", "layers"))
    expect(page.locator(".yours tr.best")).to_have_count(1)
    assert page.locator(".ten b").count() == 10 and page.locator(".gate tr").count() == 10
    slider, words = page.get_by_label("Epoch", exact=True), page.locator(".slide output")
    last = count(lab, "epochs") - 1
    expect(words).to_contain_text(f"Epoch {last} of {last}")
    slider.fill("0")
    expect(words).to_contain_text(f"Epoch 0 of {last}")
    cells = [int(text or 0) for text in page.locator(".confusion tbody td").all_inner_texts()]
    assert len(cells) == 100 and sum(cells) == 2000
    bar = page.get_by_role("button", name="Start", exact=True).bounding_box()
    assert bar and 0 <= bar["y"] < 100, "the buttons stay in sight"


@pytest.mark.slow
def test_a_knob_acts_while_it_trains_and_stands_in_the_address(page, app_url):
    lab = opened(page)
    press(page, "Start")
    until(page, lambda: count(lab, "batches") > 10)
    key, before = lab.get_attribute("data-key"), count(lab, "batches")
    turn(page, "label_noise", 0.5)
    expect(page.locator("[data-knob=label_noise] .words")).to_contain_text("45 %")
    until(page, lambda: "lab_label_noise=0.45" in page.url)
    until(page, lambda: count(lab, "batches") > before + 10)
    assert lab.get_attribute("data-key") == key and lab.get_attribute("data-state") == "running"
    page.reload()
    page.wait_for_selector(".lab[data-ready=yes]")
    expect(page.locator("[data-knob=label_noise] .words")).to_contain_text("45 %")
    assert count(lab, "batches") == 0 and "tab=Lab" in page.url


@pytest.mark.slow
def test_a_hint_says_why_and_its_button_mends_it(page):
    lab = opened(page)
    trained(page, lab, 2)
    turn(page, "lr", 1)
    press(page, "Start")
    card = page.locator("[data-hint=diverging]")
    card.wait_for()
    card.get_by_role("button", name="Why?").click()
    expect(page.locator("[data-chart=loss]")).to_have_class("framed")
    card.locator("button.main").click()
    card.wait_for(state="detached")
    expect(lab).to_have_attribute("data-state", "running")
    assert page.locator("#knob-lr").input_value() != page.locator("#knob-lr").get_attribute("max")


@pytest.mark.slow
def test_reset_takes_the_changed_network_and_begins_anew(page):
    lab = opened(page)
    trained(page, lab, 1)
    key = lab.get_attribute("data-key")
    page.locator(".structure summary").click()
    page.get_by_label("Units in layer 1").select_option("128")
    expect(page.locator(".note")).to_have_text("Changed; acts at Reset.")
    assert lab.get_attribute("data-key") == key
    press(page, "Reset")
    until(page, lambda: lab.get_attribute("data-key") != key)
    until(page, lambda: "lab_hidden=128" in page.url)
    assert count(lab, "batches") == 0
    expect(page.locator(".note")).to_be_empty()
    page.get_by_label("Settings of").select_option("plain-ann-as-stated")
    press(page, "Reset")
    expect(page.get_by_label("Optimiser")).to_have_value("sgd")
    trained(page, lab, 1)


@pytest.mark.slow
def test_the_slider_draws_each_frame_in_time(page):
    lab = opened(page)
    trained(page, lab, 12)
    frames = page.get_by_label("Epoch", exact=True).evaluate(FRAMES)
    assert len(frames) >= 40 and np.median(frames) <= FRAME


@pytest.mark.slow
def test_a_hidden_tab_asks_nothing_and_follows_again_when_it_is_shown(page):
    lab = opened(page)
    press(page, "Start")
    until(page, lambda: count(lab, "batches") > 5)
    page.evaluate(HIDE, "hidden")
    page.wait_for_timeout(2500)  # until the last answer is there
    before = count(lab, "batches")
    asked = lab.evaluate("(root) => root.room.sent")
    page.wait_for_timeout(2000)
    assert lab.evaluate("(root) => root.room.sent") == asked and count(lab, "batches") == before
    page.evaluate(HIDE, "visible")
    until(page, lambda: count(lab, "batches") > before)


@pytest.mark.slow
def test_a_killed_training_is_a_sentence_and_goes_on(page):
    lab = opened(page)
    until(page, lambda: not processes())  # of the tests before
    press(page, "Start")
    until(page, lambda: count(lab, "epochs") > 2)
    (process,) = processes()
    os.kill(process, signal.SIGKILL)
    expect(page.locator(".status")).to_contain_text("Press Start: it goes on from the last epoch")
    epochs = count(lab, "epochs")
    assert drawn(page, "loss"), "the history stays"
    press(page, "Start")
    until(page, lambda: count(lab, "epochs") > epochs)
    expect(lab).to_have_attribute("data-state", "running")


@pytest.mark.slow
def test_a_closed_tab_leaves_no_process(page, contexts, app_url, screen):
    until(page, lambda: not processes())
    other = contexts(screen).new_page()
    other.goto(f"{app_url}?tab=Lab&lab_share=0.02")
    other.wait_for_selector(".lab[data-ready=yes]", timeout=PATIENCE)
    press(other, "Start")
    other.wait_for_selector(".lab[data-state=running]", timeout=PATIENCE)
    assert len(processes()) == 1
    other.close()
    until(page, lambda: not processes())


@pytest.mark.slow
def test_the_weights_are_downloaded(page):
    lab = opened(page)
    trained(page, lab, 1)
    with page.expect_download() as download:
        press(page, "Download")
    with np.load(download.value.path(), allow_pickle=False) as arrays:
        assert arrays["hidden1_W"].shape == (784, 64)
