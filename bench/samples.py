"""What one measurement gives, how it is taken, and what several of them amount to."""

import resource
import statistics
from dataclasses import dataclass

from bench import procfs
from bench.load.answers import Tally, Unreadable
from bench.load.tools import Tools
from bench.scenarios import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One gateway under one load for a few seconds. `cpu` is the CPU time of its whole process tree
    meanwhile, `foreign` that of processes which are no part of the run, `stolen` what the
    hypervisor took from the machine, all in seconds. A sample with `trouble` counts nothing and
    is shown."""

    contestant: str
    scenario: str
    round: int
    good: int
    seconds: float
    cpu: float
    foreign: float
    stolen: float
    trouble: str

    @property
    def rate(self) -> float:
        """Good answers per second."""
        return self.good / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of the gateway's CPU time per good answer."""
        return self.cpu / self.good * 1e6

    @property
    def busy(self) -> float:
        """How much of its core the gateway used; if not near 1, the load was the limit."""
        return self.cpu / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """CPU time spent so far, in seconds: by the gateway, by upstream and load tools, by all."""

    gateway: float
    load: float
    machine: procfs.MachineTime


def read_meter(gateway: int, upstream: int) -> Meter:
    """The arguments are roots of process trees; the load tools are children that have ended."""
    tools = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Meter(
        gateway=procfs.cpu_seconds(procfs.tree(gateway)),
        load=procfs.cpu_seconds(procfs.tree(upstream)) + tools.ru_utime + tools.ru_stime,
        machine=procfs.machine_time(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What loads every gateway alike: the tools, the upstream's process, and how long."""

    tools: Tools
    upstream: int
    seconds: float


def take(
    scenario: Scenario, who: str, turn: int, *, gateway: int, port: int, bench: Bench
) -> Sample:
    """Load one gateway, with all CPU time read right before and right after."""
    before = read_meter(gateway, bench.upstream)
    try:
        tally = scenario.ask(bench.tools, port, bench.seconds)
    except Unreadable as problem:
        tally = Tally(good=0, seconds=0.0, trouble=str(problem))
    after = read_meter(gateway, bench.upstream)
    cpu = after.gateway - before.gateway
    ours = cpu + after.load - before.load
    return Sample(
        contestant=who,
        scenario=scenario.key,
        round=turn,
        good=tally.good,
        seconds=tally.seconds,
        cpu=cpu,
        # the two counts tick differently, so a quiet machine may come out a little below zero
        foreign=max(0.0, after.machine.busy - before.machine.busy - ours),
        stolen=after.machine.stolen - before.machine.stolen,
        trouble=tally.trouble or ("nothing was answered" if tally.good == 0 else ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The median, and the smallest and largest of all."""

    middle: float
    low: float
    high: float


def spread(values: list[float]) -> Spread:
    """Raises statistics.StatisticsError without values."""
    return Spread(middle=statistics.median(values), low=min(values), high=max(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All good samples of one gateway in one scenario. The ratios are to the measure (static
    HAProxy) in the same round, so that a slow minute of the machine is slow for both; None if it
    has no sample.
    """

    rate: Spread
    cpu_us: Spread
    busy: float
    ratio: Spread | None
    cpu_ratio: Spread | None
    troubled: int


def summarise(samples: list[Sample], *, who: str, scenario: str, measure: str) -> Summary | None:
    """None if this gateway has no good sample here."""
    mine = [s for s in samples if (s.contestant, s.scenario) == (who, scenario)]
    good = [s for s in mine if not s.trouble]
    if not good:
        return None
    base = {
        s.round: s
        for s in samples
        if (s.contestant, s.scenario) == (measure, scenario) and not s.trouble
    }
    pairs = [(s, base[s.round]) for s in good if s.round in base]
    return Summary(
        rate=spread([s.rate for s in good]),
        cpu_us=spread([s.cpu_us for s in good]),
        busy=statistics.median(s.busy for s in good),
        ratio=spread([s.rate / b.rate for s, b in pairs]) if pairs else None,
        cpu_ratio=spread([b.cpu_us / s.cpu_us for s, b in pairs]) if pairs else None,
        troubled=len(mine) - len(good),
    )
