"""Serve the app with nginx in front of several processes: `python -m deployment.server`; with --api, the server for
programs, deployment/api, instead.

Needs nginx (apt install nginx). Runs until Ctrl+C or SIGTERM. A process that ends is started again; SIGHUP restarts all
processes one after another, without interruption of the service.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from core.command import need, sentence_of
from deployment.api.command import TOKEN, check_host, token_of
from deployment.server.processes import Front, Process, api, app, come_up, restart


def parse(argv: Sequence[str] | None = None, prog: str = "python -m deployment.server") -> argparse.Namespace:
    """The command-line arguments, checked."""
    parser = argparse.ArgumentParser(prog=prog,
                                     description="Serve the app, or with --api the server for programs, with nginx in "
                                                 "front of several processes.")
    parser.add_argument("--processes", type=int, default=max(2, os.cpu_count() or 2),
                        help="about 350 MB each; default: number of cores, at least two (%(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 for all (%(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="%(default)s")
    parser.add_argument("--name", action="append", dest="names", metavar="HOST",
                        help="a host name of the server, such as qualm.example; may be given more than once; "
                             "localhost and 127.0.0.1 are always included")
    parser.add_argument("--certificate", nargs=2, type=Path, metavar=("FILE", "KEY"),
                        help="serve over TLS; except on localhost, browsers allow the camera only with TLS")
    parser.add_argument("--lab", choices=("off", "train", "keep"), default="off",
                        help="whether visitors may train networks in the lab, at most two at once, about 120 MB each: "
                             "train, or keep, which also saves them as runs (%(default)s)")
    parser.add_argument("--api", action="store_true",
                        help="serve the server for programs (qualm api), not the app; a token is needed if other "
                             "machines reach it")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="with --api: a file with the token that each "
                        f"request must carry, “Authorization: Bearer TOKEN”; or the variable {TOKEN}")
    args = parser.parse_args(argv)
    for option, given, with_api in (("--lab", args.lab != "off", False), ("--token-file", args.token_file, True)):
        if given and args.api != with_api:
            parser.error(f"{option}: only {'with' if with_api else 'without'} --api")
    if args.processes < 1:
        parser.error("--processes: at least one")
    for path in args.certificate or ():
        if not path.is_file():
            parser.error(f"--certificate: there is no file {path}")
    args.certificate = args.certificate and tuple(path.resolve() for path in args.certificate)
    args.names = ["localhost", "127.0.0.1", *(args.names or [])]
    return args


def main(argv: Sequence[str] | None = None, prog: str = "python -m deployment.server") -> None:
    """Start the processes and nginx, and supervise them until a signal arrives. prog: the name in its help."""
    args = parse(argv, prog)
    need("fastapi" if args.api else "streamlit", "api" if args.api else "app", prog)
    wake, signals = threading.Event(), set()
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        signal.signal(getattr(signal, name), lambda number, _: (signals.add(number), wake.set()))
    processes, front = [], None
    restarting, over = None, object()
    try:
        service = api(_token(args)) if args.api else app(args.names, args.lab)
        processes.extend(Process(service) for _ in range(args.processes))
        come_up(processes)
        front = Front(processes, f"{args.host}:{args.port}", args.names, args.certificate, args.api)
        scheme = "https" if args.certificate else "http"
        print(f"Qualm is served on {scheme}://{args.host}:{args.port} by {len(processes)} processes. "
              f"kill -HUP {os.getpid()} restarts them one after another.", flush=True)
        while not signals & {signal.SIGTERM, signal.SIGINT}:
            wake.wait(0.2)
            wake.clear()
            if signal.SIGHUP in signals and restarting is None:
                signals.discard(signal.SIGHUP)
                restarting = restart(processes, front)
            for process in processes:
                process.keep()
            if restarting and next(restarting, over) is over:
                restarting = None
            if not front.running:
                raise RuntimeError(f"nginx ended; is port {args.port} free? See its messages above.")
    except (RuntimeError, ValueError, OSError) as error:
        sys.exit(sentence_of(error))
    finally:
        for part in filter(None, (front, *processes)):
            part.stop()


def _token(args: argparse.Namespace) -> str:
    """The token of the server for programs. Raises ValueError if other machines reach it without one."""
    token = token_of(args.token_file)
    check_host(args.host, token)
    return token


if __name__ == "__main__":
    main()
