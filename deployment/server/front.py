"""Configuration of nginx in front of processes of the app or of the server for programs, from nginx.conf, app.conf and
api.conf."""

import json
import re
from collections.abc import Mapping, Sequence
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


SENTENCES = {  # blanks of the templates
    "other_host": "This address does not serve that host.",
    "other_site": "A page of another site may not use this one.",
    "too_large": f"The picture is too large: give at most {MOST_BYTES / 2**20:.3g} MB.",
    "too_many": "Too many requests from your address: send fewer at once, and this one again in a few seconds.",
    "no_process": "No process of the server answers at the moment: send the picture again in a few seconds.",
}


class _ConfigTemplate(Template):
    delimiter = "@"  # nginx uses the dollar for variables


def configuration(listen: str, ports: list[int], names: list[str], down: int | None = None,
                  certificate: tuple[Path, Path] | None = None, api: bool = False) -> str:
    """The text of nginx.conf.

    listen: address and port of nginx; ports: of the processes on this machine; names: accepted host names; down: index
    of a process without new visitors; certificate: files of a TLS certificate and its key, or None for HTTP; api:
    whether the processes are of the server for programs, not of the app. Raises ValueError for an invalid host name.
    """
    for name in names:
        if not HOST.fullmatch(name):
            raise ValueError(f"'{name}' is not the name of a host: give one without scheme and port, such as a.example")
    blanks = {
        "listen": f"{listen} ssl" if certificate else listen,
        "tls": f"ssl_certificate {certificate[0]}; ssl_certificate_key {certificate[1]};" if certificate else "",
        "names": "|".join(map(re.escape, names)),
        **(_for_api(ports, down) if api else _for_app(ports, down)),
    }
    service = _filled("api.conf" if api else "app.conf", blanks)
    return _filled("nginx.conf", {**blanks, "service": service.replace("\n", "\n    ")})


def _filled(file: str, blanks: Mapping[str, str]) -> str:
    return _ConfigTemplate(Path(__file__).with_name(file).read_text()).substitute(blanks)


def _for_app(ports: list[int], down: int | None) -> dict[str, str]:
    """The blanks of nginx.conf and app.conf that depend on what is served."""
    count = len(ports)
    groups = (f"upstream app{i} {{ {_servers(ports, i, down)} }}" for i in range(count))
    share = (f"{100 / count:.2f}% {i};" for i in range(count - 1))
    return {
        "most": str(max(MOST_BYTES, MOST_ZIP) + 2**20),
        "grace": "3s",
        "groups": "\n".join(groups),
        "dealt": " ".join((*share, f"* {count - 1};")),
        "known": " ".join(f"{i} {i};" for i in range(count)),
        "answered": " ".join(f'"~:{port}$" {i};' for i, port in enumerate(ports)),
        "policy": POLICY,
        **{name: f'"{sentence}\\n"' for name, sentence in SENTENCES.items()},
    }


def _for_api(ports: list[int], down: int | None) -> dict[str, str]:
    """The same for api.conf."""
    # a process that is gone refuses a connection at once, so each request may try: none is ever taken for lost
    servers = (f"server 127.0.0.1:{port} max_fails=0{' down' if i == down else ''};" for i, port in enumerate(ports))
    return {
        "most": str(MOST_BYTES + 2**20),
        "grace": "1m",
        "processes": " ".join(("least_conn;", *servers)),
        **{name: f"'{json.dumps({'error': sentence})}'" for name, sentence in SENTENCES.items()},
    }


def _servers(ports: Sequence[int], first: int, down: int | None) -> str:
    """The servers of one group: process `first`, and the others as backups."""
    def server(i: int) -> str:
        return f"server 127.0.0.1:{ports[i]} max_fails=1 fail_timeout=1s{' down' if i == down else ''}"
    rest = [i for i in range(len(ports)) if i != first]
    if first == down and rest:  # nginx needs one server that is up and not a backup
        return " ".join(f"{server(i)};" for i in rest)
    return " ".join((f"{server(first)};", *(f"{server(i)} backup;" for i in rest)))
