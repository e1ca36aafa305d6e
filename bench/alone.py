"""What is asked of this gateway alone, with the run still warm."""

from pathlib import Path

from bench import certificates, extras
from bench.certificates import Pair
from bench.children import DidNotStart, free_port
from bench.contestants.contestant import Contestant, Site
from bench.contestants.policies import KEY_AUTH
from bench.contestants.shapes import LARGE
from bench.extras import FirstSight
from bench.load.answers import Unreadable
from bench.outcome import Extras
from bench.stage import Ground, Running, plain

OWN = "ostiary"
NAMED = "ostiary-names-trusted"
_LIMIT = 60.0
"""Seconds that first sights may take."""


def own_numbers(running: list[Running], on: Ground, *, count: int, starts: int) -> Extras | None:
    """None if this gateway took no part. ``count``: certificates for the first sight."""
    by_key = {one.who.key: one for one in running}
    own = by_key.get(OWN)
    if own is None:
        return None
    crowded = by_key.get(KEY_AUTH.key)
    troubles: list[str] = []
    many = certificates.many_clients(on.folder, on.pki, count)
    binary = Path(own.launch.argv[0])
    return Extras(
        first_sight=_sight(own, many, on, troubles),
        policy_sight=_sight(by_key.get(NAMED), many, on, troubles),
        memory=extras.memory(own.child),
        ready=_starts(own.who, binary, on, starts, troubles),
        large_ready=_starts(LARGE, binary, on, starts, troubles),
        crowd_ready=_starts(KEY_AUTH, binary, on, starts, troubles) if crowded else [],
        crowd_memory=extras.memory(crowded.child) if crowded else None,
        troubles=troubles,
    )


def _sight(one: Running | None, many: Pair, on: Ground, troubles: list[str]) -> FirstSight | None:
    if one is None:
        return None
    try:
        return extras.first_sight(one.child, one.launch.port, on.tools, many, _LIMIT)
    except Unreadable as problem:
        troubles.append(plain(f"first sight, {one.who.key}: {problem}", on.folder))
        return None


def _starts(
    who: Contestant, binary: Path, on: Ground, times: int, troubles: list[str]
) -> list[float]:
    folder = on.folder / f"{who.key}-again"
    folder.mkdir()
    site = Site(folder=folder, port=free_port(), upstream_port=on.upstream_port, pki=on.pki)
    try:
        launch = who.prepare(binary, site)
        return extras.start_to_ready(launch, core=on.gateway_core, times=times)
    except DidNotStart as problem:
        troubles.append(plain(f"start to ready, {who.key}: {problem}", on.folder))
        return []
