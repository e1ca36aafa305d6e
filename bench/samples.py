"""What one measurement gives, how it is taken, and what several of them amount to."""

import statistics
from dataclasses import dataclass

from bench import procfs
from bench.load.answers import Tally, Unreadable
from bench.load.tools import Tools
from bench.scenarios import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One gateway under one load for a few seconds. `cpu` is the CPU time of its whole process tree
    meanwhile, `stolen` what the hypervisor took from the machine, all in seconds. A sample with
    `trouble` counts nothing and is shown."""

    contestant: str
    scenario: str
    round: int
    good: int
    seconds: float
    cpu: float
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


def take(
    scenario: Scenario, who: str, turn: int, *, pid: int, port: int, tools: Tools, seconds: float
) -> Sample:
    """Load one gateway, with its CPU time read right before and right after."""
    machine = procfs.machine_time()
    before = procfs.cpu_seconds(procfs.tree(pid))
    try:
        tally = scenario.ask(tools, port, seconds)
    except Unreadable as problem:
        tally = Tally(good=0, seconds=0.0, trouble=str(problem))
    cpu = procfs.cpu_seconds(procfs.tree(pid)) - before
    stolen = procfs.machine_time().stolen - machine.stolen
    trouble = tally.trouble or ("nothing was answered" if tally.good == 0 else "")
    return Sample(
        contestant=who,
        scenario=scenario.key,
        round=turn,
        good=tally.good,
        seconds=tally.seconds,
        cpu=cpu,
        stolen=stolen,
        trouble=trouble,
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
