"""What the kernel says about processes and CPUs: CPU time, memory, steal. Linux only, reads nothing but /proc."""

import os
import pathlib
import platform
import time

_TICKS = os.sysconf("SC_CLK_TCK")
_CPUCLOCK_SCHED = 2  # the scheduler's sum over all threads of a process, in nanoseconds, ended threads included


def cpu_seconds(pid: int) -> float:
    """CPU time of one process since it began; what clock_getcpuclockid(3) gives, which Python does not wrap."""
    return time.clock_gettime((~pid << 3) | _CPUCLOCK_SCHED)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on: the second is the name, which may hold anything."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def tree(root: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            children.setdefault(int(_stat(int(entry))[1]), []).append(int(entry))
        except OSError:
            continue  # it ended while we looked
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def tree_cpu_seconds(root: int) -> float:
    return sum(cpu_seconds(pid) for pid in tree(root))


def pss_bytes(root: int) -> int:
    """Proportional set size: pages shared with other processes count by their share."""
    total = 0
    for pid in tree(root):
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def cpu_times(cpu: int) -> tuple[float, float]:
    """(busy, stolen) seconds of one CPU since boot. Busy is everything but idle, waiting for disks, and stolen."""
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name == f"cpu{cpu}":
            user, nice, system, _idle, _iowait, irq, softirq, steal = (int(t) / _TICKS for t in ticks[:8])
            return user + nice + system + irq + softirq, steal
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
