"""Attacks on the gateway's own listeners: nothing may open to who shows no certificate.

The faults looked for: a session begun without a certificate counts as authenticated when it is
resumed; a session of an open name opens a strict one; a Host of another name slips by its rules.
"""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field

from ostiary.services.diagnosis import Finding, doubtful, fine, wrong
from ostiary.services.explain import Explainer
from ostiary.services.probes import Probe, doorways, example_name, probes
from ostiary.wiring.attacks import VERSIONS, Call, Heard, Listener, call, context, resume

_MOST_TRIES = 24
_WAY_OUT = "stop the gateway and report this; nothing about the client was proven"


@dataclass
class _Tally:
    tries: int = 0
    resumed: int = 0
    unreachable: int = 0
    faults: list[str] = field(default_factory=list)


def besiege(explainer: Explainer, listener: Listener) -> Iterator[Finding]:
    """One finding for each attack and TLS version; asks a bounded number of times."""
    shut = probes(explainer)
    for version in VERSIONS:
        told = version.name.replace("TLSv", "TLS ").replace("_", ".")
        yield _finding(
            f"anonymous session resumed, {told}", _same_name(explainer, shut, listener, version)
        )
        if len(explainer.entries) > 1:
            yield _finding(
                f"session of another name resumed, {told}",
                _other_name(explainer, shut, listener, version),
            )
            yield _finding(f"Host of another name, {told}", _hosts(explainer, listener, version))


def _same_name(
    explainer: Explainer, shut: tuple[Probe, ...], listener: Listener, version: ssl.TLSVersion
) -> _Tally:
    tally = _Tally()
    begin = {entry.name for entry in doorways(explainer)}
    for probe in shut[:_MOST_TRIES]:
        wanted = _call_of(probe)
        if probe.entry in begin:
            _try(tally, listener, version, wanted, probe)
        else:
            _judge(tally, call(listener, context(version), wanted), probe)
    return tally


def _other_name(
    explainer: Explainer, shut: tuple[Probe, ...], listener: Listener, version: ssl.TLSVersion
) -> _Tally:
    tally = _Tally()
    pairs = ((entry, probe) for probe in shut for entry in doorways(explainer))
    for entry, probe in pairs:
        if entry.name == probe.entry or tally.tries >= _MOST_TRIES:
            continue
        name = example_name(entry)
        _try(tally, listener, version, Call(sni=name, host=name), probe)
    return tally


def _hosts(explainer: Explainer, listener: Listener, version: ssl.TLSVersion) -> _Tally:
    tally = _Tally()
    for entry in doorways(explainer):
        for other in explainer.entries:
            if other == entry or tally.tries >= _MOST_TRIES:
                continue
            wanted = Call(sni=example_name(entry), host=example_name(other))
            heard = call(listener, context(version), wanted)
            tally.tries += 1
            tally.unreachable += heard.unreachable
            if heard.status not in (None, 421):
                tally.faults.append(f"SNI {wanted.sni}, Host {wanted.host}: {heard}, not 421")
    return tally


def _try(
    tally: _Tally, listener: Listener, version: ssl.TLSVersion, first: Call, probe: Probe
) -> None:
    done = resume(listener, version, first, _call_of(probe))
    if done.second is None:
        tally.tries += 1
        tally.unreachable += done.first.unreachable
        return
    tally.resumed += done.second.resumed
    _judge(tally, done.second, probe)


def _judge(tally: _Tally, heard: Heard, probe: Probe) -> None:
    tally.tries += 1
    tally.unreachable += heard.unreachable
    if not heard.refused and not heard.unreachable and heard.status != probe.expected:
        tally.faults.append(f"{probe} answered {heard}")


def _call_of(probe: Probe) -> Call:
    return Call(sni=probe.name, host=probe.name, path=probe.path)


def _finding(subject: str, tally: _Tally) -> Finding:
    if tally.faults:
        return wrong(f"attack: {subject}", "; ".join(tally.faults), _WAY_OUT)
    if tally.unreachable:
        return doubtful(
            f"attack: {subject}",
            f"{tally.unreachable} of {tally.tries} tries got no connection",
            "see the finding about ports",
        )
    if not tally.tries:
        return fine(f"attack: {subject}", "nothing here is shut to anonymous clients")
    resumed = f" ({tally.resumed} with a resumed session)" if tally.resumed else ""
    return fine(f"attack: {subject}", f"refused {tally.tries} of {tally.tries} tries{resumed}")
