"""Load test of the app with many drawing sessions: `python -m analytics.benchmark.sessions [20 50 100] [--seconds 30]`.

Starts the app on a free port and simulates sessions over websockets, with the browser's messages
(deployment/assets/live.js): a stroke of one second with live answers, two seconds of rest in which the explanation is
requested, then the next stroke. Prints the time from the end of a stroke to its answer and between live answers, the
errors, and the growth of the server's memory. With --labs 2, two pages train in the lab meanwhile.

With --uploads 200, one browser session uploads 200 photographs instead (uploads.py). Prints the server's memory at the
first page, after the uploads, and two minutes after the tab is closed.
"""

import argparse
import asyncio
import base64
import re
import statistics
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from analytics.benchmark import labs, uploads
from analytics.benchmark.app import Server, serve
from analytics.benchmark.page import Page
from analytics.benchmark.rss import resident_megabytes
from core.digits.data import load_split, read_checked
from deployment.pages.draw.live import SIDE

STROKE, REST = 1.0, 2.0  # seconds of a stroke, and of rest after it
EVERY, EXPLAIN_AFTER = 0.07, 0.5  # seconds between drawings sent, and of rest until the explanation is requested
ANSWER = re.compile(r'data-testid="answer"[^>]*?data-strokes="(\d+)"[^>]*?data-live="(yes|no)"', re.DOTALL)


class Session(Page):
    """A simulated page that draws, and the latencies in seconds after (`up`) and between live answers (`between`)."""

    def __init__(self, socket: ClientConnection, images: NDArray[np.uint8]):
        super().__init__(socket)
        self.images = images
        self.answer: tuple[int, bool] | None = None  # of the last answer: strokes, and whether the pen was up
        self.number, self.up, self.between = 0, [], []

    def update(self, message: ForwardMsg) -> None:
        super().update(message)
        element = message.delta.new_element
        if element.WhichOneof("type") == "html" and (answer := ANSWER.search(element.html.body)):
            self.answer = int(answer[1]), answer[2] == "no"

    @property
    def live(self) -> dict:
        """The data last sent to live.js."""
        return self.data.get("live_drawing", {})

    async def draw(self, image: NDArray[np.uint8], strokes: int, done: bool) -> None:
        self.number += 1
        ink = base64.b64encode(image.tobytes()).decode()
        await self.send("live_drawing", ink={"number": self.number, "done": done, "strokes": strokes, "ink": ink})

    async def stroke(self, strokes: int) -> None:
        """Draw a digit row by row, then lift the pen and record the latencies."""
        image = self.images[strokes % len(self.images)]
        began = sent = time.perf_counter()
        while (now := time.perf_counter()) < began + STROKE:
            answered = self.live.get("answered", 0) >= self.number and not self.live.get("pause")
            if answered and now - sent >= EVERY:
                if self.number and strokes > 1:
                    self.between.append(now - sent)
                part = image.copy()
                part[int(SIDE * (0.25 + 0.7 * (now - began) / STROKE)) :] = 0
                await self.draw(part, strokes - 1, False)
                sent = now
            await asyncio.sleep(0.005)
        up = time.perf_counter()
        await self.draw(image, strokes, True)
        await self.until(lambda: self.answer == (strokes, True) and self.live.get("answered") == self.number)
        self.up.append(time.perf_counter() - up)
        await asyncio.sleep(EXPLAIN_AFTER)
        await self.send("pen_rests", rested=self.live["token"])
        await asyncio.sleep(REST - EXPLAIN_AFTER)


async def run_session(url: str, images: NDArray[np.uint8], delay: float, until: float
                      ) -> tuple[Session | None, str | None]:
    """One session from connecting to the end: (its Session, its error), each None if there is none."""
    await asyncio.sleep(delay)
    session, listening = None, None
    try:
        async with connect(url, subprotocols=[Subprotocol("streamlit")], max_size=None) as socket:
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


async def run_sessions(url: str, count: int, seconds: float, images: NDArray[np.uint8], training: int = 0
                       ) -> tuple[list[tuple[Session | None, str | None]], list[str]]:
    """Results of `run_session` for sessions that start within the first five seconds, and what `training` pages of the
    lab have reached meanwhile."""
    until = time.perf_counter() + 5 + seconds
    address = url.replace("http", "ws") + "/_stcore/stream"
    trained = [asyncio.create_task(labs.train(address, i + 1, until)) for i in range(training)]
    results = await asyncio.gather(*(run_session(address, np.roll(images, i, axis=0), 5 * i / count, until)
                                     for i in range(count)))
    return results, [await one for one in trained]


def drawings(count: int = 40) -> NDArray[np.uint8]:
    """Digits as the browser sends them: (count, SIDE, SIDE)."""
    images = read_checked("train-images-idx3-ubyte")[load_split()["validation"][:count]]
    return np.stack([np.asarray(Image.fromarray(image).resize((SIDE, SIDE))) for image in images])


def line(seconds: Sequence[float]) -> str:
    """Median, 95 % quantile and maximum, in milliseconds."""
    ms = sorted(1000 * value for value in seconds)
    if not ms:
        return "none"
    return f"median {statistics.median(ms):.0f}, 95 % {ms[int(0.95 * len(ms))]:.0f}, largest {ms[-1]:.0f} ms"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m analytics.benchmark.sessions",
                                     description="Load test of the app with many drawing sessions.")
    parser.add_argument("sessions", nargs="*", type=int, default=[20, 50, 100])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--uploads", type=int, metavar="N",
                        help="measure the memory of N photographs uploaded in one session instead")
    parser.add_argument("--labs", type=int, default=0, metavar="N", help="pages that train in the lab at the same time")
    args = parser.parse_args(argv)
    if args.uploads:
        with serve() as server:
            stages = uploads.watch(server.url, args.uploads, lambda: resident_megabytes(server.process))
        print("memory: " + ", ".join(f"{stage} {size:.0f} MB" for stage, size in stages.items()))
        return
    images = drawings()
    with serve() as server:
        for count in args.sessions:
            print(measure(server, count, args.seconds, images, args.labs), flush=True)


def measure(server: Server, count: int, seconds: float, images: NDArray[np.uint8], training: int) -> str:
    """A sentence on `count` sessions that draw for some seconds, while `training` pages train in the lab."""
    before = resident_megabytes(server.process)
    results, reached = asyncio.run(run_sessions(server.url, count, seconds, images, training))
    up, between = ([value for session, _ in results if session for value in getattr(session, name)]
                   for name in ("up", "between"))
    faults = [fault for _, fault in results if fault]
    return "\n".join([
        f"{count} sessions, {len(up)} strokes: pen-up to answer {line(up)}; between live answers "
        f"({len(between)}) {line(between)}; faults {len(faults)} {sorted(set(faults))[:3]}; "
        f"memory {before:.0f} to {resident_megabytes(server.process):.0f} MB", *reached])


if __name__ == "__main__":
    main()
