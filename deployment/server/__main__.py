"""Serve the app with nginx in front of several processes: `python -m deployment.server`.

Needs nginx (apt install nginx). Runs until Ctrl+C or SIGTERM. A process that ends is started again; SIGHUP restarts all
processes one after another, without interruption of the service.
"""

import argparse
import os
import secrets
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from deployment.server.processes import App, Front, come_up, restart


def parse(argv: Sequence[str] | None = None, prog: str = "python -m deployment.server") -> argparse.Namespace:
    """The command-line arguments, checked."""
    parser = argparse.ArgumentParser(prog=prog,
                                     description="Serve the app with nginx in front of several processes.")
    parser.add_argument("--processes", type=int, default=max(2, os.cpu_count() or 2),
                        help="of the app, about 350 MB each; default: number of cores, at least two (%(default)s)")
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
    args = parser.parse_args(argv)
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
    wake, signals = threading.Event(), set()
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        signal.signal(getattr(signal, name), lambda number, _: (signals.add(number), wake.set()))
    secret, apps, front = secrets.token_hex(32), [], None
    restarting, over = None, object()
    try:
        apps.extend(App(args.names, secret, args.lab) for _ in range(args.processes))
        come_up(apps)
        front = Front(apps, f"{args.host}:{args.port}", args.names, args.certificate)
        scheme = "https" if args.certificate else "http"
        print(f"Qualm is served on {scheme}://{args.host}:{args.port} by {len(apps)} processes. "
              f"kill -HUP {os.getpid()} restarts them one after another.", flush=True)
        while not signals & {signal.SIGTERM, signal.SIGINT}:
            wake.wait(0.2)
            wake.clear()
            if signal.SIGHUP in signals and restarting is None:
                signals.discard(signal.SIGHUP)
                restarting = restart(apps, front)
            for app in apps:
                app.keep()
            if restarting and next(restarting, over) is over:
                restarting = None
            if not front.running:
                raise RuntimeError(f"nginx ended; is port {args.port} free? See its messages above.")
    except (RuntimeError, ValueError) as error:
        sys.exit(f"{error}")
    finally:
        for part in filter(None, (front, *apps)):
            part.stop()


if __name__ == "__main__":
    main()
