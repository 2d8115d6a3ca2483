"""Parts dealt to workers, a few at a time, and kept as they come back."""

from analytics.archive.read import read_part

AHEAD = 3  # parts a worker has waiting or in hand: no worker waits, and little is lost


def read_all(client, store, model, sha256, on_done=lambda pictures: None, read=read_part):
    """Read what the Store lacks, by `read` on the workers. on_done(pictures) after each part.

    A part over which several workers died waits until all others are done, as it may have died of another's picture.
    Then it is read alone, halved until the picture that kills its reader stands alone; that one gets a row that says
    so. Raises ValueError where a worker has another model, or fails otherwise.
    """
    from distributed import KilledWorker, as_completed

    def send(start, stop):
        return client.submit(read, store.items[start:stop], model, store.numbers, pure=False)

    def rows(future):
        found, of_model = future.result()
        future.release()
        if of_model != sha256:
            raise ValueError("a worker has another model; install the same project on all machines")
        return found

    def keep(part, found):
        store.write(part, found)
        on_done(len(found))

    waiting, suspects = store.missing()[::-1], []
    in_hand, done = {}, as_completed()

    def fill():
        while waiting and len(in_hand) < AHEAD * max(1, len(client.nthreads())):
            part = waiting.pop()
            future = send(*store.rows_of(part))
            in_hand[future] = part
            done.add(future)

    fill()
    for future in done:
        part = in_hand.pop(future)
        try:
            keep(part, rows(future))
        except KilledWorker:
            suspects.append(part)
        fill()

    def alone(start, stop):
        """Rows of the pictures from start to stop, nothing else being read meanwhile."""
        try:
            return rows(send(start, stop))
        except KilledWorker:
            if stop - start == 1:
                return [{"path": store.items[start].name, "error": "Reading the picture ended the worker each time."}]
            middle = (start + stop) // 2
            return alone(start, middle) + alone(middle, stop)

    for part in suspects:
        keep(part, alone(*store.rows_of(part)))
