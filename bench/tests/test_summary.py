"""Medians, ratios and targets follow from the samples; void samples never count."""

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import outcome, plot, report
from bench.extras import FirstSight, Memory
from bench.outcome import Absent, Entrant, Extras, Outcome
from bench.paths import ROOT
from bench.samples import Sample, summarise
from bench.stage import plain
from bench.targets import verdicts


def sample(who: str, turn: int, good: int, *, cpu: float = 2.0, trouble: str = "") -> Sample:
    return Sample(
        contestant=who,
        scenario="keep-alive",
        round=turn,
        good=good,
        seconds=2.0,
        cpu=cpu,
        foreign=0.0,
        stolen=0.0,
        trouble=trouble,
    )


def run(*samples: Sample, extras: Extras | None = None) -> Outcome:
    names = sorted({s.contestant for s in samples})
    return Outcome(
        when="2026-01-01",
        command="bench",
        seconds=2.0,
        rounds=3,
        machine={"processor": "one"},
        measure="haproxy",
        entrants=[
            Entrant(key=n, title=n.title(), rule="r", version="1", command="c") for n in names
        ],
        absent=[Absent(key="gone", title="Gone", why="not | installed\nhere")],
        samples=list(samples),
        extras=extras,
    )


BOTH = (
    sample("ostiary", 0, 900),
    sample("haproxy", 0, 1000),
    sample("ostiary", 1, 480),
    sample("haproxy", 1, 500),
    sample("ostiary", 2, 940),
    sample("haproxy", 2, 1000),
)


def test_the_ratio_is_taken_round_by_round_so_a_slow_round_is_slow_for_both() -> None:
    got = summarise(list(BOTH), who="ostiary", scenario="keep-alive", measure="haproxy")
    assert got is not None
    assert got.ratio is not None
    assert (got.ratio.low, got.ratio.middle, got.ratio.high) == (0.9, 0.94, 0.96)
    assert (got.rate.low, got.rate.middle, got.rate.high) == (240, 450, 470)


def test_a_void_sample_is_left_out_and_told() -> None:
    samples = [*BOTH, sample("ostiary", 3, 9999, trouble="7 failed")]
    got = summarise(samples, who="ostiary", scenario="keep-alive", measure="haproxy")
    assert got is not None
    assert got.troubled == 1
    assert got.rate.high == 470


def test_only_void_samples_give_no_number_but_a_row_with_the_reason() -> None:
    samples = [sample("haproxy", 0, 1000), sample("ostiary", 0, 5, trouble="7 failed")]
    assert summarise(samples, who="ostiary", scenario="keep-alive", measure="haproxy") is None
    assert "| Ostiary | void: 7 failed |" in report.table(run(*samples))


def test_cpu_ratio_is_above_one_for_the_cheaper_gateway() -> None:
    samples = [sample("haproxy", 0, 1000, cpu=2.0), sample("ostiary", 0, 1000, cpu=1.0)]
    got = summarise(samples, who="ostiary", scenario="keep-alive", measure="haproxy")
    assert got is not None
    assert got.cpu_ratio is not None
    assert got.cpu_ratio.middle == 2.0


@pytest.mark.parametrize(("good", "reached"), [(899, False), (900, True)])
def test_a_target_is_reached_from_its_number_on(good: int, reached: bool) -> None:
    found = verdicts(run(sample("haproxy", 0, 1000), sample("ostiary", 0, good)))
    assert found[0].reached is reached
    assert found[1].reached is None  # nginx took no part: unknown, neither reached nor missed


@pytest.mark.parametrize(("cpu", "reached"), [(1.0, True), (1.01, False)])
def test_first_sight_counts_the_agents_own_time(cpu: float, reached: bool) -> None:
    sight = FirstSight(certificates=1500, seconds=9.0, agent_cpu=cpu, engine_cpu=5.0, trouble="")
    alone = Extras(
        ready=[0.9, 1.0, 2.0],
        first_sight=sight,
        memory=Memory(python=119_000_000, engine=1),
        troubles=[],
    )
    first, ready, memory = verdicts(run(*BOTH, extras=alone))[-5:-2]
    assert first.reached is reached
    assert (ready.measured, ready.reached) == ("1.00 s", True)
    assert (memory.measured, memory.reached) == ("119 MB", True)


def test_a_first_sight_with_trouble_reaches_nothing() -> None:
    sight = FirstSight(certificates=9, seconds=1, agent_cpu=0.001, engine_cpu=1, trouble="1 failed")
    alone = Extras(ready=[], first_sight=sight, memory=None, troubles=[])
    assert [v.reached for v in verdicts(run(*BOTH, extras=alone))[-5:-2]] == [None, None, None]


@pytest.mark.parametrize(("cpu", "seconds", "reached"), [(1.0, 5.0, True), (1.01, 5.1, False)])
def test_policies_have_targets_of_their_own(cpu: float, seconds: float, reached: bool) -> None:
    sight = FirstSight(certificates=1200, seconds=9.0, agent_cpu=cpu, engine_cpu=5.0, trouble="")
    alone = Extras(
        ready=[],
        first_sight=None,
        memory=None,
        troubles=[],
        policy_sight=sight,
        large_ready=[seconds],
    )
    whole = run(*BOTH, extras=alone)
    assert [one.reached for one in verdicts(whole)[-2:]] == [reached, reached]
    assert "with 1,000 names and 1,000 trusted: 1,200 certificates" in report.table(whole)
    assert f"10,000 trusted certificates and 1,000 APIs: {seconds:.2f} s" in report.table(whole)


@pytest.mark.parametrize(("seconds", "engine", "reached"), [(10.0, 399, True), (10.1, 400, False)])
def test_a_crowd_in_the_store_has_targets_of_its_own(
    seconds: float, engine: int, reached: bool
) -> None:
    memory = Memory(python=200_000_000, engine=engine * 1_000_000)
    alone = Extras(
        ready=[], first_sight=None, memory=None, troubles=[],
        crowd_ready=[seconds], crowd_memory=memory,
    )  # fmt: skip
    whole = run(*BOTH, extras=alone)
    found = [one for one in verdicts(whole) if "many consumers in the store" in one.target]
    assert [one.reached for one in found] == [reached, reached]
    assert f"many consumers in the store: {seconds:.2f} s" in report.table(whole)
    assert f"Python 200 MB, HAProxy {engine} MB" in report.table(whole)


def test_every_policy_is_held_against_the_recipe_and_against_express_gateway() -> None:
    told = [one.target for one in verdicts(run(*BOTH))]
    for policy in ("key-auth", "keys", "jwt", "tokens"):
        assert f"keep-alive: ostiary-{policy} at least 0.85 of ostiary" in told
        assert f"keep-alive: ostiary-{policy} at least 15 times express-gateway-{policy}" in told
    assert "keep-alive: ostiary-consumer at least 15 times express-gateway" in told


def test_a_run_from_before_policies_were_measured_can_still_be_read(tmp_path: Path) -> None:
    alone = Extras(ready=[1.0], first_sight=None, memory=None, troubles=[])
    path = tmp_path / "run.json"
    outcome.save(run(*BOTH, extras=alone), path)
    raw = json.loads(path.read_text())
    for later in ("policy_sight", "large_ready", "crowd_ready", "crowd_memory"):
        del raw["extras"][later]
    path.write_text(json.dumps(raw))
    assert outcome.load(path).extras == alone


def test_a_run_reads_back_as_it_was_written(tmp_path: Path) -> None:
    sight = FirstSight(certificates=9, seconds=1.0, agent_cpu=0.5, engine_cpu=1.0, trouble="")
    alone = Extras(
        ready=[1.0],
        first_sight=sight,
        memory=Memory(python=1, engine=2),
        troubles=["x"],
        policy_sight=sight,
        large_ready=[2.0],
    )
    whole = run(*BOTH, extras=alone)
    outcome.save(whole, tmp_path / "run.json")
    assert outcome.load(tmp_path / "run.json") == whole


def test_the_page_names_who_did_not_take_part_in_one_line() -> None:
    assert "| Gone | - | did not take part: not / installed here |" in report.page(run(*BOTH))


def test_a_noisy_machine_is_told_first() -> None:
    noisy = Sample(
        contestant="haproxy",
        scenario="keep-alive",
        round=0,
        good=1,
        seconds=2.0,
        cpu=1.0,
        foreign=0.5,
        stolen=0.0,
        trouble="",
    )
    assert report.table(run(noisy)).startswith("**The machine was not quiet: others took 25%")
    assert "not quiet" not in report.table(run(*BOTH))


def test_the_picture_has_a_bar_for_each_gateway_measured() -> None:
    picture = plot.draw(run(*BOTH))
    assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert picture.count("<path ") == 2
    assert ">Ostiary</text>" in picture


def test_paths_of_the_machine_stay_out_of_the_page(tmp_path: Path) -> None:
    told = plain(f"{sys.prefix}/bin/x -c {tmp_path}/a.cfg in {ROOT}/src", tmp_path)
    assert told == "$VENV/bin/x -c $RUN/a.cfg in ./src"
