"""Strokes on the canvas of the page, by mouse and by finger."""

THREE = [[(85, 80), (140, 55), (190, 85), (175, 120), (135, 135), (185, 160), (190, 200), (140, 230), (85, 205)]]
SEVEN = [[(80, 70), (140, 70), (205, 68)], [(205, 68), (170, 140), (130, 230)]]


def wait_for_answer(page, **attributes):
    """The answer with these data attributes, as soon as it is on the page: its digit."""
    conditions = "".join(f'[data-{name}="{value}"]' for name, value in attributes.items())
    return page.wait_for_selector(f"[data-testid=answer]{conditions}").get_attribute("data-digit")


def canvas_place(page):
    """Left, top and scale of the canvas as it stands; strokes here are written for one of 280 pixels a side."""
    canvas = page.locator("canvas.upper-canvas")
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
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        digit = wait_for_answer(page, name="your drawing", strokes=count, live="no")
    return digit


def draw(page, screen, strokes, done=0):
    """By finger on a phone, by mouse elsewhere."""
    return draw_by_touch(page, strokes, done) if screen.touch else draw_by_mouse(page, strokes, done)
