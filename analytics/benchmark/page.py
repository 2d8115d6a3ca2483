"""A page of the app without a browser: the messages of Streamlit over a websocket."""

import asyncio
import json
from collections.abc import Callable

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection

TIMEOUT = 30.0  # seconds after which an answer counts as lost


class Page:
    """The components of a page by name: their element and fragment, and the data last sent to each."""

    def __init__(self, socket: ClientConnection, query: str = "") -> None:
        self.socket, self.query, self.changed = socket, query, asyncio.Condition()
        self.components: dict[str, tuple[str, str]] = {}  # name -> (element id, fragment id)
        self.data: dict[str, dict] = {}
        self.finished = 0  # script runs

    async def listen(self) -> None:
        """Take the server's messages, until cancelled."""
        async for data in self.socket:
            assert isinstance(data, bytes)  # the server sends binary frames
            message = ForwardMsg.FromString(data)
            async with self.changed:
                self.update(message)
                self.changed.notify_all()

    def update(self, message: ForwardMsg) -> None:
        """Take one message."""
        element = message.delta.new_element
        if message.WhichOneof("type") == "script_finished":
            self.finished += 1
        elif element.WhichOneof("type") == "bidi_component":
            component = element.bidi_component
            name = component.component_name.rpartition(".")[2]
            self.components[name] = component.id, message.delta.fragment_id
            self.data[name] = json.loads(component.json or "{}")

    async def until(self, condition: Callable[[], object], seconds: float = TIMEOUT) -> None:
        """Wait until a condition holds after a message. Raises TimeoutError."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(lambda: bool(condition()))

    async def send(self, component: str | None = None, **state: object) -> None:
        """Request a run of the whole page, or of the fragment of a component with this new state."""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        if component:
            element, message.rerun_script.fragment_id = self.components[component]
            widget = message.rerun_script.widget_states.widgets.add()
            widget.id, widget.json_value = element, json.dumps(state)
        await self.socket.send(message.SerializeToString())
