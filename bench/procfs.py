"""What /proc knows: process trees, their CPU time and memory, and how busy the machine is."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One line of /proc/<pid>/stat (proc(5)). `cpu` is in seconds: user and system time of the
    process and of those children it has already waited for. `started` is in clock ticks."""

    pid: int
    parent: int
    name: str
    state: str
    cpu: float
    started: int


def parse_stat(text: str) -> Process:
    """The name may hold spaces and parentheses, so it is cut at the last one.

    >>> parse_stat("7 (a) b) S 1 7 7 0 -1 0 0 0 0 0 3 4 1 2 20 0 1 0 99").name
    'a) b'
    """
    head, rest = text.rsplit(")", 1)
    pid, name = head.split("(", 1)
    field = rest.split()
    return Process(
        pid=int(pid),
        parent=int(field[1]),
        name=name,
        state=field[0],
        cpu=sum(int(ticks) for ticks in field[11:15]) * TICK,
        started=int(field[19]),
    )


def everything() -> list[Process]:
    """Every process there is; those that end while we look are left out."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found.append(parse_stat((entry / "stat").read_text()))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def tree(root: int) -> list[Process]:
    """The process and all its descendants, parents first; empty if it is gone."""
    known = everything()
    found = [p for p in known if p.pid == root]
    for parent in found:  # grows while we walk it
        found.extend(p for p in known if p.parent == parent.pid)
    return found


def alive(process: Process) -> bool:
    """Is this very process (not a later one with its number) still there, and no zombie?"""
    try:
        now = parse_stat(Path(f"/proc/{process.pid}/stat").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return False
    return now.started == process.started and now.state != "Z"


def cpu_seconds(processes: Iterable[Process]) -> float:
    """User and system time of them all."""
    return sum(p.cpu for p in processes)


def resident_bytes(pid: int) -> int:
    """VmRSS of one process; 0 once it is gone (a process that ended holds no memory)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineTime:
    """Seconds of all cores since boot: busy with user and system code, taken by the hypervisor."""

    busy: float
    stolen: float


def parse_machine_time(text: str) -> MachineTime:
    """The first line of /proc/stat (proc(5)): user nice system idle iowait irq softirq steal.

    Interrupts are left out: the kernel charges them to no process, ours or others'."""
    ticks = [int(word) for word in text.split("\n", 1)[0].split()[1:]]
    busy = ticks[0] + ticks[1] + ticks[2]
    return MachineTime(busy=busy * TICK, stolen=ticks[7] * TICK)


def machine_time() -> MachineTime:
    """How much CPU time the machine has spent so far."""
    return parse_machine_time(Path("/proc/stat").read_text())
