"""A Dask cluster: processes on this machine, or an existing scheduler.

Local workers are single-threaded processes; Dask limits their BLAS to one thread, too. A worker that dies is replaced
and its tasks are repeated by another.
"""

import argparse
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Client

ALLOWED_FAILURES = 2  # workers that may die on one task before the task counts as failed


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="a Dask scheduler instead of a cluster on this "
                        "machine; its workers need this project installed")
    parser.add_argument("--workers", type=int, choices=range(1, 257), metavar="N", default=cores(),
                        help="processes on this machine (default: its cores, %(default)s)")


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def cluster(scheduler: str | None = None, workers: int | None = None, processes: bool = True) -> Iterator["Client"]:
    """A Dask Client; on exit it is closed, and so is the local cluster if there is one.

    processes: whether workers are separate processes; as threads they share this process's memory. Raises ValueError
    when the scheduler cannot be reached.
    """
    import dask.config
    from distributed import Client, LocalCluster

    dask.config.set({"distributed.scheduler.allowed-failures": ALLOWED_FAILURES,
                     # Dask trims freed memory at once, so every batch faults its pages in again, which made an
                     # augmented training take 1.6 times as long
                     "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
                     # the profiler stores nearly 200 kB for every second of the last hour
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
    host, dashboard_address = ("127.0.0.1", "127.0.0.1:0") if processes else (None, None)
    local = LocalCluster(n_workers=n, threads_per_worker=1, processes=processes, silence_logs=logging.CRITICAL,
                         host=host, dashboard_address=dashboard_address)  # pyright: ignore[reportArgumentType]: no stub
    with local, Client(local) as client:
        local.adapt(minimum=n, maximum=n)  # also replaces workers that die while they are being replaced
        yield client


def dashboard(client: "Client") -> str:
    """A sentence with the dashboard's address; empty when the scheduler serves none."""
    try:
        link = client.dashboard_link
    except KeyError:
        link = None
    return f"Watch the workers at {link}" if link else ""
