"""How much memory a process has or took."""

import re
import resource
from pathlib import Path


def peak_megabytes():
    """The most that this process has had so far, in MB (2^20 bytes).

    Where the system tells it, its own: what `getrusage` tells begins with what the parent had when it started it.
    """
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return (int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024


def resident_megabytes(process="self"):
    """What a process, by its number or this one, has in memory now, in MB (2^20 bytes)."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
