"""The command that serves the readers over HTTP: `qualm api [--host HOST] [--port PORT] ...`, in a checkout also
`python -m deployment.api`."""

import argparse
import contextlib
import ipaddress
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from core.blas import use_one_thread
from core.command import Refusal, refusing
from deployment.reader.picture.limits import MOST_BYTES

TOKEN = "QUALM_TOKEN"  # variable of the environment
LEAST_TOKEN = 16  # characters
MOST_MB = MOST_BYTES // 2**20  # a picture may not have more


def arguments(argv: Sequence[str] | None, prog: str = "python -m deployment.api") -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=prog, description="Answer POST /read, /number and /table with what a picture shows, "
        "as JSON. /docs describes them.")
    parser.add_argument("--host", default="127.0.0.1",
                        help="address to listen on; any other than this machine's needs a token (%(default)s)")
    parser.add_argument("--port", type=int, default=8600, help="0 for a free one (%(default)s)")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="a file with the token that each request must "
                        f"carry, “Authorization: Bearer TOKEN”; or the variable {TOKEN}")
    parser.add_argument("--most-mb", type=float, default=MOST_MB, metavar="MB",
                        help=f"largest upload, at most {MOST_MB} (%(default)s)")
    parser.add_argument("--model", type=Path, metavar="DIR", help="folder of a model; default: the shipped one")
    args = parser.parse_args(argv)
    if not 0 < args.most_mb <= MOST_MB:
        parser.error(f"--most-mb: more than 0, at most {MOST_MB}")
    if not 0 <= args.port < 2**16:
        parser.error(f"--port: from 0 to {2**16 - 1}")
    return args


def main(argv: Sequence[str] | None = None, prog: str = "python -m deployment.api") -> int:
    """Serve until Ctrl+C, then 0, or SIGTERM, which ends the process. Raises Refusal where it cannot start. prog: the
    command's name in its help."""
    args = arguments(argv, prog)
    use_one_thread()  # before NumPy is imported: one digit is too little work for two
    try:
        import fastapi  # noqa: F401
        import python_multipart  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise Refusal(f'api: {error.name} is missing; install it with: pip install "qualm-reader[api]"') from None
    with refusing("api"):
        token = token_of(args.token_file)
        check_host(args.host, token)
        listener = listen(args.host, args.port)
    with listener:
        with refusing("api"):
            from deployment.api.application import application
            from deployment.deploy_mnist import SHIPPED, MNISTDeployer
            from deployment.reader.malloc import bound_arenas

            bound_arenas()
            app = application(MNISTDeployer(args.model or SHIPPED), token, int(args.most_mb * 2**20))
        address = f"[{args.host}]" if ":" in args.host else args.host
        print(f"Qualm answers on http://{address}:{listener.getsockname()[1]}; /docs describes how. Ctrl+C ends it.",
              flush=True)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False, lifespan="off",
                                               timeout_graceful_shutdown=10))
        with contextlib.suppress(KeyboardInterrupt):  # which uvicorn raises again once it has shut down
            server.run(sockets=[listener])
    return 0


def token_of(path: Path | None) -> str:
    """The token in a file or, without one, in the environment; empty for none. Raises ValueError if it is unfit."""
    token = os.environ.get(TOKEN, "") if path is None else path.read_text().strip()
    where = f"the variable {TOKEN}" if path is None else f"{path}"
    if (token or path) and (len(token) < LEAST_TOKEN or not token.isascii() or not token.isprintable()
                            or " " in token):
        raise ValueError(f"the token in {where} must have at least {LEAST_TOKEN} letters and digits, without spaces; "
                         "make one with: openssl rand -hex 32")
    return token


def check_host(host: str, token: str) -> None:
    """Raise ValueError for an address that other machines reach, without a token."""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local and not token:
        raise ValueError(f"other machines reach {host}, so a token is needed: name a file with --token-file FILE, set "
                         f"{TOKEN}, or serve on 127.0.0.1.")


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises ValueError where the address is taken or is none of this machine."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise ValueError(f"{host}:{port} cannot be served ({reason}): choose another --host or --port.") from None
