"""How the app answers when many draw at once: `python -m analytics.benchmark.sessions [20 50 100] [--seconds 30]`.

Starts the app on a free port and draws in so many sessions, from this process, over websockets as a browser does
(deployment/assets/live.js): a stroke of one second, read on the way whenever the answer before has come, two seconds of
rest, in which the reasons are asked for, then the next stroke. Prints the time from the end of a stroke to its answer
and between answers on the way, what went wrong, and how the server's memory grew.

With --uploads 200, one session in a browser has so many photographs read instead (uploads.py): the memory of the
server at the first page, after them, and two minutes after the tab was closed.
"""

import argparse
import asyncio
import base64
import json
import re
import statistics
import time

import numpy as np
from PIL import Image
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from analytics.benchmark import uploads
from analytics.benchmark.latency import serve
from analytics.benchmark.memory import resident_megabytes
from core.digits.data import load_split, read_checked
from deployment.pages.draw.live import SIDE

STROKE, REST, EVERY, THINK = 1.0, 2.0, 0.07, 0.5  # seconds: of a stroke, of rest, between drawings, until the reasons
PATIENCE = 30.0  # seconds after which an answer counts as lost
ANSWER = re.compile(r'data-testid="answer"[^>]*?data-strokes="(\d+)"[^>]*?data-live="(yes|no)"', re.DOTALL)


class Session:
    """One person's page: what it shows, and the strokes drawn on it."""

    def __init__(self, socket, images):
        self.socket, self.images, self.shown = socket, images, asyncio.Condition()
        self.components, self.told, self.finished = {}, {}, 0  # name -> (element, fragment); what live.js was told
        self.answer = None  # of the last one shown: strokes, and whether the pen was up
        self.number, self.up, self.between = 0, [], []

    async def listen(self):
        async for data in self.socket:
            message = ForwardMsg.FromString(data)
            async with self.shown:
                self._take(message)
                self.shown.notify_all()

    def _take(self, message):
        element = message.delta.new_element
        if message.WhichOneof("type") == "script_finished":
            self.finished += 1
        elif element.WhichOneof("type") == "bidi_component":
            component = element.bidi_component
            name = component.component_name.rpartition(".")[2]
            self.components[name] = component.id, message.delta.fragment_id
            if name == "live_drawing":
                self.told = json.loads(component.json)
        elif element.WhichOneof("type") == "html" and (found := ANSWER.search(element.html.body)):
            self.answer = int(found[1]), found[2] == "no"

    async def until(self, condition, seconds=PATIENCE):
        async with asyncio.timeout(seconds), self.shown:
            await self.shown.wait_for(condition)

    async def send(self, component=None, **state):
        """Ask for a run: of the whole page, or of the fragment in which a component now has this state."""
        message = BackMsg()
        message.rerun_script.query_string = ""
        if component:
            element, message.rerun_script.fragment_id = self.components[component]
            widget = message.rerun_script.widget_states.widgets.add()
            widget.id, widget.json_value = element, json.dumps(state)
        await self.socket.send(message.SerializeToString())

    async def draw(self, image, strokes, done):
        self.number += 1
        ink = base64.b64encode(image.tobytes()).decode()
        await self.send("live_drawing", ink={"number": self.number, "done": done, "strokes": strokes, "ink": ink})

    async def stroke(self, strokes):
        """Draw a digit row by row, then lift the pen; notes both kinds of seconds."""
        image = self.images[strokes % len(self.images)]
        began = sent = time.perf_counter()
        while (now := time.perf_counter()) < began + STROKE:
            if self.told.get("answered", 0) >= self.number and not self.told.get("pause") and now - sent >= EVERY:
                if self.number and strokes > 1:
                    self.between.append(now - sent)
                part = image.copy()
                part[int(SIDE * (0.25 + 0.7 * (now - began) / STROKE)) :] = 0
                await self.draw(part, strokes - 1, False)
                sent = now
            await asyncio.sleep(0.005)
        up = time.perf_counter()
        await self.draw(image, strokes, True)
        await self.until(lambda: self.answer == (strokes, True) and self.told.get("answered") == self.number)
        self.up.append(time.perf_counter() - up)
        await asyncio.sleep(THINK)
        await self.send("pen_rests", rested=self.told["token"])
        await asyncio.sleep(REST - THINK)


async def person(url, images, delay, until):
    """One session from connecting to the end: (its Session or None, what went wrong or None)."""
    await asyncio.sleep(delay)
    session, listening = None, None
    try:
        async with connect(url, subprotocols=["streamlit"], max_size=None) as socket:
            session = Session(socket, images)
            listening = asyncio.create_task(session.listen())
            await session.send()
            await session.until(lambda: session.finished and "live_drawing" in session.components)
            strokes = 0
            while time.perf_counter() < until:
                strokes += 1
                await session.stroke(strokes)
        return session, None
    except (OSError, TimeoutError, ValueError) as error:
        return session, f"{type(error).__name__} {error}"
    finally:
        if listening:
            listening.cancel()


async def crowd(url, count, seconds, images):
    """Sessions that come within the first five seconds, and each one's fault or None."""
    until = time.perf_counter() + 5 + seconds
    address = url.replace("http", "ws") + "/_stcore/stream"
    return await asyncio.gather(*(person(address, np.roll(images, i, axis=0), 5 * i / count, until)
                                  for i in range(count)))


def drawings(count=40):
    """Digits as the browser sends them: (count, SIDE, SIDE) uint8."""
    images = read_checked("train-images-idx3-ubyte")[load_split()["validation"][:count]]
    return np.stack([np.asarray(Image.fromarray(image).resize((SIDE, SIDE))) for image in images])


def line(seconds):
    """Median, 95 % and largest of a list of seconds, in milliseconds."""
    ms = sorted(1000 * value for value in seconds)
    if not ms:
        return "none"
    return f"median {statistics.median(ms):.0f}, 95 % {ms[int(0.95 * len(ms))]:.0f}, largest {ms[-1]:.0f} ms"


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m analytics.benchmark.sessions", description=__doc__.split("\n")[0])
    parser.add_argument("sessions", nargs="*", type=int, default=[20, 50, 100])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--uploads", type=int, metavar="N",
                        help="instead, N photographs in one session, and the memory they leave")
    args = parser.parse_args(argv)
    if args.uploads:
        with serve() as server:
            stages = uploads.watch(server.url, args.uploads, lambda: resident_megabytes(server.process))
        print("memory: " + ", ".join(f"{stage} {size:.0f} MB" for stage, size in stages.items()))
        return
    images = drawings()
    with serve() as server:
        for count in args.sessions:
            before = resident_megabytes(server.process)
            found = asyncio.run(crowd(server.url, count, args.seconds, images))
            up, between = ([value for session, _ in found if session for value in getattr(session, name)]
                           for name in ("up", "between"))
            faults = [fault for _, fault in found if fault]
            print(f"{count} sessions, {len(up)} strokes: pen-up to answer {line(up)}; between answers on the way "
                  f"({len(between)}) {line(between)}; faults {len(faults)} {sorted(set(faults))[:3]}; "
                  f"memory {before:.0f} to {resident_megabytes(server.process):.0f} MB", flush=True)


if __name__ == "__main__":
    main()
