"""What the kernel says about processes and CPUs: CPU time, memory, steal. Linux only, reads nothing but /proc."""

import contextlib
import os
import pathlib
import platform
import time
from collections.abc import Collection, Iterator

_TICKS = os.sysconf("SC_CLK_TCK")
_CPUCLOCK_SCHED = 2  # the scheduler's sum over all threads of a process, in nanoseconds, ended threads included


def cpu_seconds(pid: int) -> float:
    """CPU time of one process since it began; what clock_getcpuclockid(3) gives, which Python does not wrap."""
    return time.clock_gettime((~pid << 3) | _CPUCLOCK_SCHED)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on: the second is the name, which may hold anything."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _everyone() -> Iterator[int]:
    return (int(entry) for entry in os.listdir("/proc") if entry.isdigit())


def tree(root: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for pid in _everyone():
        with contextlib.suppress(OSError):  # it ended while we looked
            children.setdefault(int(_stat(pid)[1]), []).append(pid)
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def cpu_seconds_of_all(but: Collection[int]) -> float:
    """CPU time of all processes there are except these, and of the ended ones that those have waited for: what came and
    went between two calls is in the difference, unless its parent does not wait for its children."""
    total = 0.0
    for pid in _everyone():
        if pid in but:
            continue
        with contextlib.suppress(OSError):  # it ended while we looked
            of_children = sum(int(ticks) for ticks in _stat(pid)[13:15])
            total += cpu_seconds(pid) + of_children / _TICKS
    return total


def writes(pid: int) -> int:
    """How often a process has called write(2)."""
    for line in pathlib.Path(f"/proc/{pid}/io").read_text().splitlines():
        if line.startswith("syscw:"):
            return int(line.split()[1])
    raise LookupError(f"/proc/{pid}/io has no syscw")


def pss_bytes(root: int) -> int:
    """Proportional set size: pages shared with other processes count by their share."""
    total = 0
    for pid in tree(root):
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def stolen_seconds(cpu: int) -> float:
    """What the hypervisor took of one CPU since boot. This the kernel adds up by time; the other columns of /proc/stat
    it may count by what it meets at each tick, which says nothing about work that comes at a constant rate."""
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name == f"cpu{cpu}":
            return int(ticks[7]) / _TICKS
    raise LookupError(f"there is no CPU {cpu}")


def machine() -> dict[str, object]:
    model = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    virtual = "hypervisor" in pathlib.Path("/proc/cpuinfo").read_text()
    return {
        "cpu": model,
        "cpus": os.cpu_count(),
        "virtual": virtual,
        "memory_gib": round(pages / 2**30, 1),
        "kernel": platform.release(),
        "system": _pretty_name(),
    }


def _pretty_name() -> str:
    for line in pathlib.Path("/etc/os-release").read_text().splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return platform.system()
