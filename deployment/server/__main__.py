"""The app for many people: nginx before several processes of it, `python -m deployment.server`.

Needs nginx (apt install nginx). Serves until it is stopped (Ctrl+C, SIGTERM); a process that ends is started anew, and
SIGHUP restarts all of them, one after another, while the others go on answering.
"""

import argparse
import os
import secrets
import signal
import sys
import threading
from pathlib import Path

from deployment.server.processes import App, Front, come_up, restart


def parse(argv=None):
    parser = argparse.ArgumentParser(prog="python -m deployment.server", description=__doc__.split("\n")[0])
    parser.add_argument("--processes", type=int, default=max(2, os.cpu_count() or 2),
                        help="of the app, about 350 MB each; as many as there are cores (%(default)s), at least two")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 for all (%(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="%(default)s")
    parser.add_argument("--name", action="append", dest="names", metavar="HOST",
                        help="a name people may ask for it by, such as qualm.example; may be given more than once; "
                             "localhost and 127.0.0.1 always are")
    parser.add_argument("--certificate", nargs=2, type=Path, metavar=("FILE", "KEY"),
                        help="serve over TLS; away from localhost, browsers allow the camera only then")
    args = parser.parse_args(argv)
    if args.processes < 1:
        parser.error("--processes: at least one")
    for path in args.certificate or ():
        if not path.is_file():
            parser.error(f"--certificate: there is no file {path}")
    args.certificate = args.certificate and tuple(path.resolve() for path in args.certificate)
    args.names = ["localhost", "127.0.0.1", *(args.names or [])]
    return args


def main(argv=None):
    args = parse(argv)
    wake, asked = threading.Event(), set()
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        signal.signal(getattr(signal, name), lambda number, _: (asked.add(number), wake.set()))
    secret, apps, front = secrets.token_hex(32), [], None
    restarting, over = None, object()
    try:
        apps.extend(App(args.names, secret) for _ in range(args.processes))
        come_up(apps)
        front = Front(apps, f"{args.host}:{args.port}", args.names, args.certificate)
        scheme = "https" if args.certificate else "http"
        print(f"Qualm is served on {scheme}://{args.host}:{args.port} by {len(apps)} processes. "
              f"kill -HUP {os.getpid()} restarts them one after another.", flush=True)
        while not asked & {signal.SIGTERM, signal.SIGINT}:
            wake.wait(0.2)
            wake.clear()
            if signal.SIGHUP in asked and restarting is None:
                asked.discard(signal.SIGHUP)
                restarting = restart(apps, front)
            for app in apps:
                app.keep()
            if restarting and next(restarting, over) is over:
                restarting = None
            if not front.running:
                raise RuntimeError(f"nginx ended; is port {args.port} free? Its last words stand above.")
    except (RuntimeError, ValueError) as error:
        sys.exit(f"{error}")
    finally:
        for part in filter(None, (front, *apps)):
            part.stop()


if __name__ == "__main__":
    main()
