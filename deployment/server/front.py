"""Configuration of nginx in front of the app's processes, from the template nginx.conf."""

import re
from collections.abc import Sequence
from pathlib import Path
from string import Template

from deployment.reader.picture.archive import MOST_ZIP
from deployment.reader.picture.limits import MOST_BYTES

# Content security policy: only this server. Streamlit and Plotly need inline styles and scripts; components are blobs.
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
    "frame-ancestors 'self'",  # the animation in the head is a frame
))
HOST = re.compile(r"[A-Za-z0-9.-]+")


class _ConfigTemplate(Template):
    delimiter = "@"  # nginx uses the dollar for variables


def configuration(listen: str, ports: list[int], names: list[str], down: int | None = None,
                  certificate: tuple[Path, Path] | None = None) -> str:
    """The text of nginx.conf.

    listen: address and port of nginx; ports: of the app's processes on this machine; names: accepted host names; down:
    index of a process without new visitors; certificate: files of a TLS certificate and its key, or None for HTTP.
    Raises ValueError for an invalid host name.
    """
    for name in names:
        if not HOST.fullmatch(name):
            raise ValueError(f"'{name}' is not the name of a host: give one without scheme and port, such as a.example")
    count = len(ports)
    groups = (f"upstream app{i} {{ {_servers(ports, i, down)} }}" for i in range(count))
    share = (f"{100 / count:.2f}% {i};" for i in range(count - 1))
    return _ConfigTemplate(Path(__file__).with_name("nginx.conf").read_text()).substitute(
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


def _servers(ports: Sequence[int], first: int, down: int | None) -> str:
    """The servers of one group: process `first`, and the others as backups."""
    def server(i: int) -> str:
        return f"server 127.0.0.1:{ports[i]} max_fails=1 fail_timeout=1s{' down' if i == down else ''}"
    rest = [i for i in range(len(ports)) if i != first]
    if first == down and rest:  # nginx needs one server that is up and not a backup
        return " ".join(f"{server(i)};" for i in rest)
    return " ".join((f"{server(first)};", *(f"{server(i)} backup;" for i in rest)))
