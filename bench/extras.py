"""What is asked of this gateway alone: start to ready, first sight of certificates, memory."""

import time
from dataclasses import dataclass
from pathlib import Path

from bench import procfs
from bench.certificates import Pair
from bench.children import Child, DidNotStart, Launch, serving, tail
from bench.load.answers import Unreadable
from bench.load.tools import Tools

ENGINE = "haproxy"
READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSight:
    """Certificates never seen before, one connection and one request each. `agent_cpu` is the
    CPU time of the Python processes, `engine_cpu` of HAProxy, in seconds; the two share one
    core, so `seconds` is bounded by the handshakes, and `per_agent_core` is what one core of the
    agent alone could do.
    """

    certificates: int
    seconds: float
    agent_cpu: float
    engine_cpu: float
    trouble: str

    @property
    def per_second(self) -> float:
        """As seen from outside, handshakes included, everything on one core."""
        return self.certificates / self.seconds

    @property
    def per_agent_core(self) -> float:
        """Certificates per second of the Python processes' CPU time."""
        return self.certificates / self.agent_cpu


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Resident bytes after the whole run: the Python processes together, and the engine's."""

    python: int
    engine: int


def _split(pid: int) -> tuple[list[procfs.Process], list[procfs.Process]]:
    """(Python processes, engine processes) of the gateway's tree."""
    tree = procfs.tree(pid)
    return [p for p in tree if p.name != ENGINE], [p for p in tree if p.name == ENGINE]


def first_sight(child: Child, port: int, tools: Tools, many: Pair, limit: float) -> FirstSight:
    """Show every certificate of `many` once. Raises Unreadable."""
    python, engine = (procfs.cpu_seconds(part) for part in _split(child.pid))
    tally = tools.handshake(port, limit, "fresh", many)
    python_after, engine_after = (procfs.cpu_seconds(part) for part in _split(child.pid))
    if tally.good == 0 or python_after <= python:
        raise Unreadable(f"no new certificate was judged: {tally.trouble or 'agent used no CPU'}")
    return FirstSight(
        certificates=tally.good,
        seconds=tally.seconds,
        agent_cpu=python_after - python,
        engine_cpu=engine_after - engine,
        trouble=tally.trouble,
    )


def memory(child: Child) -> Memory:
    """What the gateway's processes hold now."""
    python, engine = _split(child.pid)
    return Memory(
        python=sum(procfs.resident_bytes(p.pid) for p in python),
        engine=sum(procfs.resident_bytes(p.pid) for p in engine),
    )


def start_to_ready(launch: Launch, *, core: int, times: int) -> list[float]:
    """Seconds from exec to the word `ready` on the output, several starts. Raises DidNotStart."""
    found = []
    for _ in range(times):
        with serving(launch, core=core) as child:
            found.append(_ready(child) - child.began)
    return found


def _ready(child: Child, patience: float = 10.0) -> float:
    deadline = time.monotonic() + patience
    while not _said(child.log):
        if time.monotonic() > deadline:
            raise DidNotStart(f"never said {READY!r}: {tail(child.log)}")
        time.sleep(0.005)
    return time.monotonic()


def _said(log: Path) -> bool:
    return READY in log.read_text(errors="replace").split()
