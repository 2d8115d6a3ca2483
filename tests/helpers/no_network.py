"""Refuses and notes whatever a Python process asks of the network beyond this machine.

A folder in which this file is called sitecustomize.py, on PYTHONPATH, puts it into every process that is started; the
variable NETWORK_LOG names the file for its notes, one line each: "started", or what was refused.
"""

import os
import sys

HERE = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "", None}
NAMED = {"socket.getaddrinfo", "socket.gethostbyname"}  # audit events of Python whose first argument is a host
REACHED = {"socket.connect", "socket.sendto"}  # and those whose second is an address


def _note(line):
    descriptor = os.open(os.environ["NETWORK_LOG"], os.O_WRONLY | os.O_APPEND)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


def refuse(event, args):
    if event in NAMED:
        host = args[0]
    elif event in REACHED and isinstance(args[1], tuple):  # a name in the file system is of this machine
        host = args[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host not in HERE:
        _note(f"{event} {host}")
        raise PermissionError(f"{event} {host}: no network here")


if "NETWORK_LOG" in os.environ:
    _note("started")
    sys.addaudithook(refuse)
