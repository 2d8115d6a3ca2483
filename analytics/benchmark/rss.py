"""Peak and current memory of a process."""

import re
import resource
from pathlib import Path


def peak_megabytes() -> float:
    """Peak resident memory of this process in MB (2^20 bytes).

    From /proc where it exists, because `getrusage` includes the parent's memory at the time of the fork.
    """
    status = Path("/proc/self/status")
    peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return (int(peak[1]) if peak else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024


def resident_megabytes(process: int | str = "self") -> float:
    """Resident memory of a process, by its id or this one, in MB (2^20 bytes)."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
