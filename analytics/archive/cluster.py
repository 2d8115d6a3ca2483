"""Work on many processes or machines, by Dask: a cluster on this machine, or somebody's scheduler.

Workers on this machine are processes of one thread each, for which Dask asks BLAS for one thread, too. A worker that
dies is replaced, and what it was doing is done again by another.
"""

import logging
import os
from contextlib import contextmanager

LOST_TIMES = 2  # workers that may die over one piece of work before it counts as failed


def add_options(parser):
    parser.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="a Dask scheduler in place of a cluster on this "
                        "machine; its workers need this project installed")
    parser.add_argument("--workers", type=int, choices=range(1, 257), metavar="N", default=cores(),
                        help="processes on this machine (default: its cores, %(default)s)")


def cores():
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def cluster(scheduler=None, workers=None, processes=True):
    """A Dask Client, closed at the end together with the cluster on this machine, where there is one.

    processes: whether workers are processes of their own; as threads of this one they share its memory. Raises
    ValueError where the scheduler cannot be reached.
    """
    import dask
    from distributed import Client, LocalCluster

    dask.config.set({"distributed.scheduler.allowed-failures": LOST_TIMES,
                     # Dask has freed memory given back at once; then every batch's arrays are cleared pages again,
                     # which made an augmented training take 1.6 times as long
                     "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
                     # its profiler keeps nearly 200 kB for every second of the last hour
                     "distributed.worker.profile.enabled": False})
    if scheduler:
        try:
            with Client(scheduler, timeout="5s") as client:
                yield client
        except (OSError, ValueError) as error:
            raise ValueError(f"the scheduler {scheduler} could not be reached ({error}); name one as "
                             "tcp://HOST:PORT") from None
        return
    n = workers or cores()
    where = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"} if processes else {"dashboard_address": None}
    with (LocalCluster(n_workers=n, threads_per_worker=1, processes=processes, silence_logs=logging.CRITICAL,
                       **where) as local, Client(local) as client):
        local.adapt(minimum=n, maximum=n)  # replaces workers that died while they were being replaced, too
        yield client


def dashboard(client):
    """Where to watch the work, as a sentence; empty where the scheduler serves no such page."""
    try:
        link = client.dashboard_link
    except KeyError:
        link = None
    return f"Watch the workers at {link}" if link else ""
