"""nginx before two processes, for real: what it turns away, a process killed under load, a rolling restart."""

import asyncio
import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from browser import at_rest
from served import Served
from strokes import CANVAS, THREE, draw_by_mouse
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from analytics.benchmark.sessions import Session, drawings

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx: install it with the system's packages")
PATIENCE = 60  # seconds that a test waits for what must come, however busy the machine is


class Site(Served):
    """The app, as it is served."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def get(self, path="/", method="GET", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers)
            return connection.getresponse()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    served = Site(tmp_path_factory.mktemp("server"))
    yield served
    served.end()


def test_headers_guard_the_page(served):
    answer = served.get()
    assert answer.status == 200
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert re.fullmatch(r"qualm_process=[01]; Path=/; HttpOnly; SameSite=Lax", answer.headers["Set-Cookie"])


def test_people_stay_with_their_process(served):
    for process in "01":
        for _ in range(4):
            answer = served.get("/_stcore/health", Cookie=f"qualm_process={process}")
            assert f"qualm_process={process};" in " ".join(answer.headers.get_all("Set-Cookie"))


def test_strangers_are_turned_away(served):
    assert served.get(Host="qualm.example").status == 421
    assert served.get(Origin="http://qualm.example").status == 403
    assert served.get(Cookie="qualm_process=evil").status == 200
    too_much = {"Content-Length": str(200 * 2**20), "Expect": "100-continue"}
    assert served.get("/_stcore/upload_file/a/b", "PUT", **too_much).status == 413


async def heard(session, listening, condition):
    """Until the session meets a condition; raises what ended its connection, should that come first."""
    done = asyncio.create_task(session.until(condition))
    await asyncio.wait([done, listening], return_when=asyncio.FIRST_COMPLETED)
    if not done.done():
        done.cancel()
        raise listening.exception() or ConnectionError


async def person(served, images, answers, over):
    """Draws until it is over, coming back whenever the connection is gone; notes when each answer came."""
    cookie = ""
    while not over.is_set():
        try:
            async with connect(served.url.replace("http", "ws") + "/_stcore/stream", subprotocols=["streamlit"],
                               max_size=None, additional_headers={"Cookie": cookie}) as socket_:
                cookie = socket_.response.headers["Set-Cookie"].partition(";")[0]
                session = Session(socket_, images)
                listening = asyncio.create_task(session.listen())
                await session.send()
                await heard(session, listening, lambda s=session: s.finished and "live_drawing" in s.components)
                strokes = 0
                while not over.is_set():
                    strokes += 1
                    await session.draw(images[strokes % len(images)], strokes, True)
                    await heard(session, listening, lambda s=session, n=strokes: s.answer == (n, True))
                    answers.append(time.monotonic())
                    await asyncio.sleep(0.5)
                listening.cancel()
        except (ConnectionClosed, OSError):
            await asyncio.sleep(0.1)


async def happens(condition):
    """Wait until a condition holds. Raises TimeoutError where it does not in a while."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.05)


def test_a_process_killed_under_load_is_replaced_and_everybody_answered(served):
    """Four people draw; the process that one of them is with is killed, and all of them go on drawing."""
    async def crowd():
        answers, over = [[] for _ in range(4)], asyncio.Event()
        people = [asyncio.create_task(person(served, drawings(4), own, over)) for own in answers]
        await happens(lambda: all(answers))
        before, killed = served.children(), time.monotonic()
        os.kill(before[0], signal.SIGKILL)
        await happens(lambda: all(own[-1] > killed + 1 for own in answers))
        await happens(lambda: len(served.children()) == 2 and before[0] not in served.children())
        over.set()
        await asyncio.wait_for(asyncio.gather(*people), PATIENCE)
        return before

    with ThreadPoolExecutor(1) as aside:  # the browser of other tests has a loop of its own in this thread
        before = aside.submit(asyncio.run, crowd()).result()
    assert len(before) == 2 and before[1] in served.children()


@pytest.mark.slow
def test_a_rolling_restart_turns_nobody_away(served):
    seen, over = [], threading.Event()

    def visit():
        while not over.is_set():
            seen.append(served.get().status)
            seen.append(served.get("/_stcore/health").status)

    before, visitors = set(served.children()), [threading.Thread(target=visit) for _ in range(2)]
    for visitor in visitors:
        visitor.start()
    try:
        served.restart()
    finally:
        over.set()
        for visitor in visitors:
            visitor.join()
    assert len(seen) > 50 and set(seen) == {200}
    assert before.isdisjoint(served.children())


def until(true):
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextlib.contextmanager
def taken(port):
    """The port is somebody else's, who hangs up on everybody; waits until it is free for that."""
    def hang_up():
        with contextlib.suppress(OSError):
            while True:
                listener.accept()[0].close()

    def bound():
        with contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return True
        return False

    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        until(bound)
        listener.listen()
        thread = threading.Thread(target=hang_up)
        thread.start()
        yield
        listener.shutdown(socket.SHUT_RDWR)  # ends accept
        thread.join()


def port_of(process):
    words = Path(f"/proc/{process}/cmdline").read_text().split("\0")
    return int(words[words.index("--server.port") + 1])


@pytest.mark.ci
def test_a_process_that_cannot_start_leaves_the_others_serving_and_watched(tmp_path):
    """One that is killed finds its port taken in a rolling restart; the other one is killed meanwhile."""
    served = Site(tmp_path)
    try:
        first, second = served.children()
        port = port_of(first)
        os.kill(first, signal.SIGKILL)
        with taken(port):
            served.command.send_signal(signal.SIGHUP)
            for _ in range(50):
                assert {served.get("/_stcore/health", Cookie=f"qualm_process={i}").status for i in "01"} == {200}
                time.sleep(0.1)
            os.kill(second, signal.SIGKILL)
            until(lambda: served.get("/_stcore/health").status == 200 and second not in served.children())
            assert "was restarted" not in served.log.read_text(), "the port was free"
        served.wait_for("Process 2 of 2 was restarted", 120)
        assert len(served.children()) == 2
    finally:
        served.end()


@pytest.mark.slow
def test_a_drawing_outlives_its_process(served, browser):
    """The page says what became of it, and goes on: undo knows the strokes from before."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(60_000)
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    page.goto(served.url)
    page.wait_for_selector("[data-testid=answer][data-name='a clear 7']")
    page.wait_for_selector(CANVAS)
    at_rest(page)
    assert draw_by_mouse(page, THREE) == "3"
    own = next(cookie["value"] for cookie in context.cookies() if cookie["name"] == "qualm_process")
    os.kill(served.children()[int(own)], signal.SIGKILL)
    page.get_by_text("Your drawing is still here").first.wait_for()
    page.wait_for_selector("[data-testid=answer][data-name='your drawing'][data-strokes='1'][data-digit='3']")
    draw_by_mouse(page, [[(30, 250), (250, 250)]], done=1)
    page.get_by_role("button", name="Undo", exact=True).click()
    page.wait_for_selector("[data-testid=answer][data-strokes='1'][data-digit='3']")
    page.get_by_role("tab", name="Scientific audit").click()
    page.get_by_text("Confusion").first.wait_for()
    at_rest(page)
    assert faults == []
    context.close()
