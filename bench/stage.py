"""The stage of a run: certificates, upstream, load tools, and the gateways that were found fit."""

import contextlib
import os
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import certificates, upstream
from bench.certificates import Pki
from bench.check import Unfit, check
from bench.children import Child, DidNotStart, Launch, free_port, serving
from bench.contestants.contestant import Contestant, Missing, Site, on_path
from bench.contestants.nginx import PACKED as PACKED_NGINX
from bench.load.tools import NotBuilt, Tools, build
from bench.outcome import Absent, Entrant
from bench.paths import ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all gateways of a run share."""

    folder: Path
    pki: Pki
    upstream_port: int
    gateway_core: int
    upstream: int
    nginx: Path
    tools: Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A gateway that was started and found fit."""

    who: Contestant
    launch: Launch
    child: Child
    version: str


@contextlib.contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """Certificates, load tools and the upstream. Raises NotBuilt, DidNotStart."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise NotBuilt("two CPU cores are needed: one for the gateway, one for load and upstream")
    pki = certificates.make(folder / "pki")
    tools = build(cores[1], pki.client)
    nginx = on_path("nginx", otherwise=PACKED_NGINX)
    if isinstance(nginx, Missing):
        raise NotBuilt(nginx.why)
    launch = upstream.prepare(nginx, folder / "upstream", free_port())
    with serving(launch, core=cores[1]) as service:
        yield Ground(
            folder=folder,
            pki=pki,
            upstream_port=launch.port,
            gateway_core=cores[0],
            upstream=service.pid,
            nginx=nginx,
            tools=tools,
        )


def enter(who: Contestant, on: Ground, stack: contextlib.ExitStack) -> Running | Absent:
    """Start one gateway and check it; a gateway that is missing or unfit is left out, with the
    reason.
    """
    place = who.locate()
    if isinstance(place, Missing):
        return Absent(key=who.key, title=who.title, why=place.why)
    site = Site(
        folder=on.folder / who.key,
        port=free_port(),
        upstream_port=on.upstream_port,
        pki=on.pki,
    )
    site.folder.mkdir()
    with contextlib.ExitStack() as own:
        try:
            launch = who.prepare(place, site)
            child = own.enter_context(serving(launch, core=on.gateway_core))
            check(who, site.port, on.pki)
        except (DidNotStart, Unfit, OSError) as problem:
            return Absent(key=who.key, title=who.title, why=plain(str(problem), on.folder))
        stack.push(own.pop_all())
    return Running(who=who, launch=launch, child=child, version=who.version(place))


def plain(text: str, folder: Path) -> str:
    """Without the paths of this machine: folders are named by what they are."""
    for place, name in ((str(folder), "$RUN"), (sys.prefix, "$VENV"), (str(ROOT), ".")):
        text = text.replace(place, name)
    return text


def entrant(one: Running, folder: Path) -> Entrant:
    """As the report shows it."""
    program, *words = one.launch.argv
    command = plain(shlex.join([Path(program).name, *words]), folder)
    return Entrant(
        key=one.who.key,
        title=one.who.title,
        rule=one.who.rule,
        version=one.version,
        command=command,
    )
