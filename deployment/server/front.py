"""The configuration of nginx before the app's processes: nginx.conf with its blanks filled in."""

import re
from pathlib import Path
from string import Template

from deployment.reader.picture.archive import MOST_ZIP
from deployment.reader.picture.limits import MOST_BYTES

# What a page may load and speak to: this server alone. Streamlit and Plotly write styles and small scripts into the
# page, and components arrive as blobs.
POLICY = "; ".join((
    "default-src 'self'",
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self' ws: wss: data: blob:",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'self'",  # the ten dots in the head are a frame
))
HOST = re.compile(r"[A-Za-z0-9.-]+")


class _Blanks(Template):
    delimiter = "@"  # nginx has its own use for the dollar


def configuration(listen: str, ports: list[int], names: list[str], down: int | None = None,
                  certificate: tuple[Path, Path] | None = None) -> str:
    """What nginx reads.

    listen: address and port of the front door; ports: of the app's processes on this machine; names: hosts it answers
    to; down: a process that gets nobody; certificate: files of a TLS certificate and its key, or None for plain HTTP.
    Raises ValueError for a name that is not a host's.
    """
    for name in names:
        if not HOST.fullmatch(name):
            raise ValueError(f"'{name}' is not the name of a host: give one without scheme and port, such as a.example")
    count = len(ports)
    groups = (f"upstream app{i} {{ {_servers(ports, i, down)} }}" for i in range(count))
    share = (f"{100 / count:.2f}% {i};" for i in range(count - 1))
    return _Blanks(Path(__file__).with_name("nginx.conf").read_text()).substitute(
        listen=f"{listen} ssl" if certificate else listen,
        tls=f"ssl_certificate {certificate[0]}; ssl_certificate_key {certificate[1]};" if certificate else "",
        most=max(MOST_BYTES, MOST_ZIP) + 2**20,
        groups="\n    ".join(groups),
        dealt=" ".join((*share, f"* {count - 1};")),
        known=" ".join(f"{i} {i};" for i in range(count)),
        answered=" ".join(f'"~:{port}$" {i};' for i, port in enumerate(ports)),
        names="|".join(map(re.escape, names)),
        policy=POLICY,
    )


def _servers(ports, own, down):
    """The servers of one group: its own process first, the others should that one not answer."""
    def server(i):
        return f"server 127.0.0.1:{ports[i]} max_fails=1 fail_timeout=1s{' down' if i == down else ''}"
    rest = [i for i in range(len(ports)) if i != own]
    if own == down and rest:  # nginx wants one server that is no backup and is up
        return " ".join(f"{server(i)};" for i in rest)
    return " ".join((f"{server(own)};", *(f"{server(i)} backup;" for i in rest)))
