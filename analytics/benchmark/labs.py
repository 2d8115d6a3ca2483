"""Pages that train in the lab while analytics.benchmark.sessions measures others who draw: the questions of
deployment/assets/lab_learn.js without the drawing of the answers."""

import asyncio
import time

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from analytics.benchmark.page import Page

NAME = "lab_learn"


async def train(url: str, number: int, until: float) -> str:
    """Train in the lab until this time (of time.perf_counter); returns what was reached."""
    async with connect(url, subprotocols=[Subprotocol("streamlit")], max_size=None) as socket:
        page = Page(socket, "tab=Lab")
        listening = asyncio.create_task(page.listen())
        try:
            await page.send()
            await page.until(lambda: page.finished and NAME in page.components)
            began, asked, commands, have = time.perf_counter(), 0, [{"id": 1, "do": "start"}], {}
            while time.perf_counter() < until:
                asked += 1
                await page.send(NAME, ask={"client": f"lab {number}", "n": asked, "have": have, "file": 0,
                                           "knows": ["spec", "pictures"] if have else [], "commands": commands})
                await page.until(lambda n=asked: page.data[NAME]["n"] == n)
                answer = page.data[NAME]
                have = {name: answer["delta"][name] for name in ("key", "b", "t", "e")}
                commands = [one for one in commands if one["id"] > answer["done"]]
                await asyncio.sleep(answer["pause"] / 1000)
            rate = asked / (time.perf_counter() - began)
            return f"lab {number}: {page.data[NAME]['state']}, {have['b']:,} batches, {rate:.1f} updates a second"
        finally:
            listening.cancel()
