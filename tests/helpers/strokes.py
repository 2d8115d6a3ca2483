"""Strokes on the canvas of the page, by mouse and by finger, and the picture that stands on it."""

import base64
import hashlib

import numpy as np
from browser import at_rest, until

CANVAS = "canvas.upper-canvas"  # of st_canvas, on which the pen draws
INK = "canvas.ink"  # what stands there
TAP = 80  # ms: as short as a person's
THREE = [[(85, 80), (140, 55), (190, 85), (175, 120), (135, 135), (185, 160), (190, 200), (140, 230), (85, 205)]]
SEVEN = [[(80, 70), (140, 70), (205, 68)], [(205, 68), (170, 140), (130, 230)]]
BARRED_SEVEN = [[(80, 70), (205, 68)], [(205, 68), (170, 140), (130, 230)], [(110, 145), (220, 140)]]
CROSS = [[(70, 60), (210, 220)], [(205, 65), (75, 225)]]
DIGITS = {  # and signs, of a side of 1, y down
    "0": [[(0.5, 0), (0.15, 0.25), (0.12, 0.7), (0.5, 1), (0.85, 0.7), (0.85, 0.25), (0.5, 0)]],
    ".": [[(0.5, 1)]],
    "/": [[(0.9, -0.1), (0.1, 1.1)]],
    "1": [[(0.5, 0), (0.5, 0.5), (0.5, 1)]],
    "2": [[(0.1, 0.2), (0.5, 0), (0.85, 0.25), (0.1, 1), (0.95, 1)]],
    "3": [[(0.1, 0.12), (0.5, 0), (0.9, 0.2), (0.45, 0.46), (0.92, 0.74), (0.5, 1), (0.05, 0.9)]],
    "4": [[(0.6, 0), (0.08, 0.65), (0.95, 0.65)], [(0.72, 0.35), (0.7, 1)]],
    "5": [[(0.88, 0), (0.22, 0), (0.17, 0.44), (0.6, 0.4), (0.9, 0.7), (0.55, 1), (0.1, 0.92)]],
    "6": [[(0.7, 0), (0.25, 0.4), (0.1, 0.8), (0.5, 1), (0.85, 0.75), (0.5, 0.55), (0.15, 0.75)]],
    "9": [[(0.85, 0.18), (0.45, 0.02), (0.12, 0.25), (0.4, 0.5), (0.85, 0.2), (0.78, 1)]],
}
STANDS = """(canvas) => {
  const width = canvas.width > 1000 ? 420 : 112, height = Math.round(canvas.height * width / canvas.width);
  const small = Object.assign(document.createElement("canvas"), { width, height });
  const context = small.getContext("2d", { willReadFrequently: true });
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(canvas, 0, 0, width, height);
  const grey = context.getImageData(0, 0, width, height).data.filter((_, i) => i % 4 === 0);
  return btoa(String.fromCharCode(...grey.slice(0, 50000)) + String.fromCharCode(...grey.slice(50000)));
}"""


def number(text):
    """Strokes of a number that fills the width of a surface, in shares of that."""
    slot = 0.94 / len(text)
    return [[(0.03 + slot * (place + 0.15 + 0.7 * x), 0.05 + min(1.6 * slot, 0.22) * y) for x, y in points]
            for place, digit in enumerate(text) for points in DIGITS[digit]]


def on_canvas(page):
    """The picture that stands on the canvas, as small as Python is sent it: grey values, row by row."""
    return np.frombuffer(base64.b64decode(page.locator(INK).evaluate(STANDS)), np.uint8)


def read_as_it_stands(page):
    """Wait until what the server has read is what stands on the canvas."""
    def same():
        read = page.locator(INK).get_attribute("data-read")
        return read == hashlib.sha256(on_canvas(page).tobytes()).hexdigest()

    until(page, same, 10)


def wait_for_answer(page, **attributes):
    """The answer with these data attributes, as soon as it is on the page: its digit. Where it is that to a whole
    drawing, that is the one on the canvas."""
    conditions = "".join(f'[data-{name}="{value}"]' for name, value in attributes.items())
    digit = page.wait_for_selector(f".st-key-answer .q-answer{conditions}").get_attribute("data-digit")
    if attributes.get("name") == "your drawing" and attributes.get("live") != "yes":
        read_as_it_stands(page)
    return digit


def numbers(page):
    """Choose to draw a number; its example is read, and the page at rest with the wide canvas."""
    page.get_by_text("A number", exact=True).click()
    page.wait_for_selector('[data-testid=number][data-text="2026"]')
    until(page, lambda: page.locator(f".st-key-wide {CANVAS}").count() == 1)
    at_rest(page)


def canvas_place(page):
    """Left, top and scale of the canvas as it stands; strokes here are written for one of 280 pixels a side."""
    canvas = page.locator(CANVAS)
    canvas.evaluate("(canvas) => canvas.scrollIntoView({block: 'center'})")  # the finger cannot go where nothing shows
    before, box = None, canvas.bounding_box()
    while box != before:  # what was cleared above or below may still be moving the page
        page.wait_for_timeout(100)
        before, box = box, canvas.bounding_box()
    return box["x"], box["y"], box["width"] / 280


def draw_by_mouse(page, strokes, done=0):
    """Draw strokes one by one, each after the one before has been read; the digit read at the end."""
    left, top, scale = canvas_place(page)
    for count, points in enumerate(strokes, done + 1):
        page.mouse.move(left + scale * points[0][0], top + scale * points[0][1])
        page.mouse.down()
        for x, y in points[1:]:
            page.mouse.move(left + scale * x, top + scale * y, steps=4)
        if len(points) == 1:
            page.wait_for_timeout(TAP)
        page.mouse.up()
        digit = wait_for_answer(page, name="your drawing", strokes=count, live="no")
    return digit


def draw_by_touch(page, strokes, done=0):
    left, top, scale = canvas_place(page)
    finger = page.context.new_cdp_session(page)
    for count, points in enumerate(strokes, done + 1):
        for i, (x, y) in enumerate(points):
            place = {"x": left + scale * x, "y": top + scale * y}
            kind = "touchMove" if i else "touchStart"
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
        if len(points) == 1:
            page.wait_for_timeout(TAP)
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        digit = wait_for_answer(page, name="your drawing", strokes=count, live="no")
    return digit


def draw(page, screen, strokes, done=0):
    """By finger on a phone, by mouse elsewhere."""
    return draw_by_touch(page, strokes, done) if screen.touch else draw_by_mouse(page, strokes, done)
