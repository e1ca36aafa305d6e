"""`python -m bench.run`: every gateway, every scenario, interleaved, in one run."""

import argparse
import contextlib
import datetime
import shlex
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from bench import machine, outcome, report, samples
from bench.alone import OWN, own_numbers
from bench.children import DidNotStart
from bench.contestants.contestant import Contestant
from bench.contestants.registry import ALL as GATEWAYS
from bench.load.answers import Unreadable
from bench.load.tools import NotBuilt, Tools
from bench.outcome import Absent, Outcome
from bench.paths import PUBLISHED, RESULTS
from bench.samples import Bench, Sample
from bench.scenarios import ALL as SCENARIOS
from bench.scenarios import Scenario
from bench.stage import Ground, Running, enter, entrant, ground

MEASURES = ("haproxy", "haproxy-wheel")
WARM_UP = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was asked for on the command line."""

    rounds: int
    seconds: float
    gateways: tuple[Contestant, ...]
    scenarios: tuple[Scenario, ...]
    certificates: int
    starts: int
    publish: bool


def plan(argv: list[str]) -> Plan:
    """Read the command line."""
    names, loads = [g.key for g in GATEWAYS], [s.key for s in SCENARIOS]
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="of one measurement")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="GATEWAY")
    parser.add_argument("--scenarios", nargs="+", choices=loads, default=loads, metavar="SCENARIO")
    parser.add_argument("--certificates", type=int, default=3000, help="for the first sight")
    parser.add_argument("--starts", type=int, default=3, help="for start to ready")
    parser.add_argument("--publish", action="store_true", help="write docs/benchmarks.md")
    given = parser.parse_args(argv)
    return Plan(
        rounds=given.rounds,
        seconds=given.seconds,
        gateways=tuple(g for g in GATEWAYS if g.key in given.only),
        scenarios=tuple(s for s in SCENARIOS if s.key in given.scenarios),
        certificates=given.certificates,
        starts=given.starts,
        publish=given.publish,
    )


def say(words: str) -> None:
    """Progress, at once."""
    print(words, flush=True)


def measure(todo: Plan, running: list[Running], on: Ground) -> list[Sample]:
    """Round by round, scenario by scenario, each gateway in turn; another one begins each round."""
    found: list[Sample] = []
    bench = Bench(tools=on.tools, upstream=on.upstream, seconds=todo.seconds)
    for turn in range(todo.rounds):
        shift = turn % max(1, len(running))
        for scenario in todo.scenarios:
            for one in running[shift:] + running[:shift]:
                if not _takes_part(one, scenario):
                    continue
                sample = samples.take(
                    scenario,
                    one.who.key,
                    turn,
                    gateway=one.child.pid,
                    port=one.launch.port,
                    bench=replace(bench, tools=armed(one, on)),
                )
                found.append(sample)
                say(_line(sample))
    return found


def _takes_part(one: Running, scenario: Scenario) -> bool:
    if one.who.scenarios and scenario.key not in one.who.scenarios:
        return False
    return one.who.http2 or not scenario.needs_http2


def armed(one: Running, on: Ground) -> Tools:
    """The tools, with the headers that a balancer would send to this gateway."""
    return replace(on.tools, headers=one.who.headers(on.pki))


def _line(sample: Sample) -> str:
    head = f"  {sample.round + 1}  {sample.scenario:18} {sample.contestant:16}"
    if sample.trouble:
        return f"{head} not counted: {sample.trouble}"
    others = sample.foreign / sample.seconds
    return (
        f"{head} {sample.rate:9.0f}/s {sample.cpu_us:8.1f} us CPU  "
        f"core {sample.busy:4.0%} busy, others {others:4.0%}"
    )


def warm_up(todo: Plan, running: list[Running], on: Ground) -> None:
    """Let compilers in the gateways settle and connections to the upstream open; not counted."""
    for one in running:
        with contextlib.suppress(Unreadable):
            todo.scenarios[0].ask(armed(one, on), one.launch.port, WARM_UP)


def run(todo: Plan, folder: Path, command: str) -> Outcome:
    """The whole run. Raises NotBuilt, DidNotStart."""
    with contextlib.ExitStack() as stack:
        on = stack.enter_context(ground(folder))
        everybody = [enter(who, on, stack) for who in todo.gateways]
        running = [one for one in everybody if isinstance(one, Running)]
        absent = [one for one in everybody if isinstance(one, Absent)]
        for gone in absent:
            say(f"  not taking part: {gone.title}: {gone.why}")
        keys = [one.who.key for one in running]
        warm_up(todo, running, on)
        taken = measure(todo, running, on)
        return Outcome(
            when=datetime.datetime.now(datetime.UTC).date().isoformat(),
            command=command,
            seconds=todo.seconds,
            rounds=todo.rounds,
            machine=machine.describe(wrk=on.tools.wrk, h2load=on.tools.h2load, nginx=on.nginx),
            measure=next((key for key in MEASURES if key in keys), MEASURES[0]),
            entrants=[entrant(one, folder) for one in running],
            absent=absent,
            samples=taken,
            extras=own_numbers(running, on, count=todo.certificates, starts=todo.starts),
        )


def _leave(signum: int, _frame: object) -> None:
    raise SystemExit(128 + signum)


def main(argv: list[str]) -> int:
    """0 if all samples count (rivals may be missing, which is told), 1 if one is void or this
    gateway is missing, 2 if nothing could be measured."""
    todo = plan(argv)
    signal.signal(signal.SIGTERM, _leave)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        try:
            got = run(todo, Path(folder), shlex.join(["python", "-m", "bench.run", *argv]))
        except (NotBuilt, DidNotStart) as problem:
            say(f"bench: {problem}")
            return 2
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    outcome.save(got, RESULTS / f"{stamp}.json")
    if todo.publish:
        outcome.save(got, PUBLISHED)
        report.publish(got)
    say(f"\n{report.table(got)}\nraw: {RESULTS / stamp}.json, {time.monotonic() - began:.0f} s")
    own_absent = any(gone.key == OWN for gone in got.absent)
    return 1 if own_absent or any(s.trouble for s in got.samples) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
