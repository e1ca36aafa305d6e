"""What this gateway should reach, and whether a run shows it."""

import statistics
from dataclasses import dataclass

from bench.bite import Bite, told
from bench.contestants.policies import TITLES, rival_of
from bench.extras import FirstSight
from bench.outcome import Extras, Outcome
from bench.paths import BITE
from bench.samples import summarise

OWN = "ostiary"
MEGABYTE = 1_000_000
BITES_WITHIN = 250.0
"""Milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One target: its words, what was measured, and whether it is reached (None: not measured)."""

    target: str
    measured: str
    reached: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """At least `least` times the throughput of a rival in one scenario."""

    scenario: str
    rival: str
    least: float


AGAINST = (
    Against(scenario="keep-alive", rival="haproxy", least=0.90),
    Against(scenario="keep-alive", rival="nginx", least=1.0),
    Against(scenario="keep-alive", rival="envoy", least=2.0),
    Against(scenario="keep-alive", rival="caddy", least=3.0),
    Against(scenario="keep-alive", rival="express-gateway", least=15.0),
    Against(scenario="full-handshake", rival="haproxy", least=0.95),
    Against(scenario="full-handshake", rival="nginx", least=0.95),
    Against(scenario="resumed-handshake", rival="haproxy", least=0.95),
    Against(scenario="resumed-handshake", rival="nginx", least=0.95),
)

SHAPES = (
    "ostiary-1-name",
    "ostiary-1000-names",
    "ostiary-1-api",
    "ostiary-1000-apis",
    "ostiary-10000-trusted",
    "ostiary-header",
    "ostiary-headers",
)
"""Each at least 0.90 of this gateway with the recipe, in the same run."""


POLICIES = tuple(key for key, _ in TITLES)
"""With many consumers in the store each is at least 0.85 of this gateway with the recipe, and 15
times Express Gateway with the same policy (limits: without)."""


def verdicts(outcome: Outcome) -> list[Verdict]:
    """All of them, in the order of the list above, then those of this gateway alone."""
    return [_against(outcome, target) for target in AGAINST] + [
        *(_shape(outcome, key) for key in SHAPES),
        *(_shape(outcome, f"ostiary-{key}", 0.85) for key in POLICIES),
        *(_policy(outcome, key) for key in POLICIES),
        _bite(told(BITE)),
        *_crowded(outcome.extras),
        *_alone(outcome.extras),
    ]


def _bite(bite: Bite | None) -> Verdict:
    target = "from a block to 403 on an open connection: 99 of 100 within 250 ms, no other failed"
    if bite is None:
        return Verdict(target=target, measured=_told(None, ""), reached=None)
    failed = int(bite.others["errors"])
    return Verdict(
        target=target,
        measured=f"{bite.refused.p99:.0f} ms at {bite.connections:,} connections, {failed} failed",
        reached=bite.refused.p99 <= BITES_WITHIN and not failed,
    )


def _policy(outcome: Outcome, key: str) -> Verdict:
    mine, rival = f"ostiary-{key}", rival_of(key)
    words = f"keep-alive: {mine} at least 15 times {rival}"
    return _verdict(outcome, words, who=mine, measure=rival, least=15.0)


def _shape(outcome: Outcome, key: str, least: float = 0.90) -> Verdict:
    words = f"keep-alive: {key} at least {least:.2f} of {OWN}"
    return _verdict(outcome, words, who=key, measure=OWN, least=least)


def _verdict(outcome: Outcome, words: str, *, who: str, measure: str, least: float) -> Verdict:
    got = summarise(outcome.samples, who=who, scenario="keep-alive", measure=measure)
    if got is None or got.ratio is None or got.cpu_ratio is None:
        return Verdict(target=words, measured="not measured", reached=None)
    ratio = got.ratio
    told = f"{ratio.middle:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"
    told += f"; by CPU time {got.cpu_ratio.middle:.2f}"
    return Verdict(target=words, measured=told, reached=ratio.middle >= least)


def _against(outcome: Outcome, target: Against) -> Verdict:
    rival = outcome.measure if target.rival == "haproxy" else target.rival
    words = f"{target.scenario}: at least {target.least:.2f} of {rival}"
    got = summarise(outcome.samples, who=OWN, scenario=target.scenario, measure=rival)
    if got is None or got.ratio is None or got.cpu_ratio is None:
        return Verdict(target=words, measured="not measured", reached=None)
    ratio, cpu = got.ratio, got.cpu_ratio
    told = f"{ratio.middle:.2f} ({ratio.low:.2f} to {ratio.high:.2f}); by CPU time {cpu.middle:.2f}"
    return Verdict(target=words, measured=told, reached=ratio.middle >= target.least)


def _alone(extras: Extras | None) -> list[Verdict]:
    memory = None if extras is None else extras.memory
    held = None if memory is None else memory.python / MEGABYTE
    return [
        _sight("first sight", None if extras is None else extras.first_sight, least=1500),
        _start("ready within 1.5 s of start", [] if extras is None else extras.ready, most=1.5),
        Verdict(
            target="agent and supervisor under 120 MB together",
            measured=_told(held, "{:.0f} MB"),
            reached=None if held is None else held < 120,
        ),
        _sight(
            "first sight with 1,000 names and 1,000 trusted certificates",
            None if extras is None else extras.policy_sight,
            least=1200,
        ),
        _start(
            "ready within 5 s of start with 10,000 trusted certificates and 1,000 APIs",
            [] if extras is None else extras.large_ready,
            most=5.0,
        ),
    ]


def _crowded(extras: Extras | None) -> list[Verdict]:
    """Memory is that under load with keys in turn."""
    memory = None if extras is None else extras.crowd_memory
    held = None if memory is None else (memory.python + memory.engine) / MEGABYTE
    return [
        _start(
            "ready within 10 s of start with many consumers in the store",
            [] if extras is None else extras.crowd_ready,
            most=10.0,
        ),
        Verdict(
            target="gateway and engine under 600 MB with many consumers in the store",
            measured=_told(held, "{:.0f} MB"),
            reached=None if held is None else held < 600,
        ),
    ]


def _sight(what: str, sight: FirstSight | None, *, least: int) -> Verdict:
    per_core = None if sight is None or sight.trouble else sight.per_agent_core
    return Verdict(
        target=f"{what}: at least {least:,} new certificates/s per agent core",
        measured=_told(per_core, "{:,.0f}/s"),
        reached=None if per_core is None else per_core >= least,
    )


def _start(words: str, ready: list[float], *, most: float) -> Verdict:
    middle = statistics.median(ready) if ready else None
    return Verdict(
        target=words,
        measured=_told(middle, "{:.2f} s"),
        reached=None if middle is None else middle <= most,
    )


def _told(value: float | None, form: str) -> str:
    return "not measured" if value is None else form.format(value)
