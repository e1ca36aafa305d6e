"""Everything the doctor looks at, in order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ostiary.kernel.problems import ConfigRefused, Severity
from ostiary.services.diagnosis import Finding, Level, certificates, doubtful, fine, wrong
from ostiary.services.explain import Explainer
from ostiary.services.prepare import Prepared
from ostiary.wiring import world
from ostiary.wiring.attacks import Listener
from ostiary.wiring.doctor.engine import examine_engine
from ostiary.wiring.doctor.host import examine_clock, examine_files, examine_limits
from ostiary.wiring.doctor.running import (
    Running,
    examine_gateway,
    examine_ports,
    gateway_on,
    own_address,
)
from ostiary.wiring.doctor.siege import besiege
from ostiary.wiring.ground import addresses, prepare_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What was found."""

    findings: tuple[Finding, ...]
    usable: bool
    """Whether the configuration could be read; without it half of this could not be looked at."""

    @property
    def failed(self) -> bool:
        """Something is wrong."""
        return any(finding.level is Level.FAIL for finding in self.findings)


def examine(config: Path, state: Path, progress: Callable[[str], None]) -> Examination:
    """Look at everything; changes nothing. Raises nothing for what it may find."""
    now = world.now()
    prepared, findings = _configuration(config)
    progress("looking at the engine, the files and the host")
    findings += examine_engine(prepared, now)
    findings.append(examine_clock(config, now))
    findings += examine_limits(prepared.document if prepared else None)
    running = gateway_on(state)
    findings.append(examine_gateway(state, running))
    if prepared:
        findings += examine_files(prepared.document, config.absolute(), state)
        findings += certificates(prepared.materials, now)
        findings += examine_ports(addresses(prepared), running)
        if running:
            progress("attacking the gateway's own listeners")
        findings += _siege(prepared, running)
    return Examination(findings=tuple(findings), usable=prepared is not None)


def _configuration(config: Path) -> tuple[Prepared | None, list[Finding]]:
    try:
        prepared = prepare_file(config)
    except ConfigRefused as refused:
        return None, [
            wrong("configuration", str(problem), "see: ostiary check")
            for problem in refused.problems
            if problem.severity is Severity.ERROR
        ]
    told = fine("configuration", f"{str(config)!r} can be used")
    return prepared, [
        told,
        *(doubtful("configuration", str(problem), "") for problem in prepared.warnings),
    ]


def _siege(prepared: Prepared, running: Running | None) -> Iterator[Finding]:
    https = prepared.document.https
    if https is None:
        return
    if running is None:
        yield fine("attacks", "not made: no gateway runs on this state folder")
        return
    listener = Listener(address=own_address(https.hostname or ""), port=https.port)
    yield from besiege(Explainer(prepared, world.now()), listener)
