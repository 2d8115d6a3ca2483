"""Submit parts to the workers, a few at a time, and store each result as it arrives."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from analytics.archive.read import read_part
from analytics.archive.store import Store

if TYPE_CHECKING:
    from distributed import Client, Future

PARTS_A_WORKER = 3  # parts submitted per worker: no worker waits, and little is lost
Row = dict[str, object]


def read_all(client: "Client", store: Store, model: str | None, sha256: str,
             on_done: Callable[[int], object] = lambda pictures: None,
             read: Callable[..., tuple[list[Row], str]] = read_part) -> None:
    """Read the missing parts of the Store with `read` on the workers. Calls on_done(pictures) after each part.

    A part on which several workers died is retried after all others, because another part may have caused the crash.
    It is then halved until the picture that crashes its worker is isolated; that picture's row has an error. Raises
    ValueError when a worker has another model.
    """
    from distributed import KilledWorker, as_completed

    def send(start: int, stop: int) -> "Future":
        return client.submit(read, store.items[start:stop], model, store.numbers, pure=False)

    def result(future: "Future") -> list[Row]:
        rows, model_sha256 = future.result()
        future.release()
        if model_sha256 != sha256:
            raise ValueError("a worker has another model; install the same project on all machines")
        return rows

    def write(part: int, rows: Sequence[Row]) -> None:
        store.write(part, rows)
        on_done(len(rows))

    waiting, suspects = store.missing()[::-1], []
    submitted, done = {}, as_completed()

    def fill():
        while waiting and len(submitted) < PARTS_A_WORKER * max(1, len(cast("dict[str, int]", client.nthreads()))):
            part = waiting.pop()
            future = send(*store.rows_of(part))
            submitted[future] = part
            done.add(future)

    fill()
    for future in done:
        part = submitted.pop(future)
        try:
            write(part, result(future))
        except KilledWorker:
            suspects.append(part)
        fill()

    def isolated(start: int, stop: int) -> list[Row]:
        """Rows of the pictures start..stop, read while nothing else is."""
        try:
            return result(send(start, stop))
        except KilledWorker:
            if stop - start == 1:
                return [{"path": store.items[start].name, "error": "Reading the picture ended the worker each time."}]
            middle = (start + stop) // 2
            return isolated(start, middle) + isolated(middle, stop)

    for part in suspects:
        write(part, isolated(*store.rows_of(part)))
