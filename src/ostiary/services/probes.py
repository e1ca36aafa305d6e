"""Where to attack one's own listeners: what must stay shut to a client without a certificate."""

from collections.abc import Iterator
from dataclasses import dataclass

from ostiary.compiler.tls import Asking, Entry
from ostiary.services.explain import Explainer
from ostiary.services.explanation import Shown
from ostiary.services.handshake import choose_entry
from ostiary.services.visits import Scheme, Visit, sample_path

_NOBODY = Shown(b"")
_MOST_A_NAME = 2
_NOT_PROTECTION = (400, 404)
"""Answers that do not depend on who asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A request that must be refused to whoever shows no certificate."""

    entry: str
    name: str
    """For SNI and Host."""
    path: str
    expected: int | None
    """The status of the refusal; None: the handshake refuses."""

    def __str__(self) -> str:
        return f"https://{self.name}{self.path}"


def example_name(entry: Entry) -> str:
    """A name that the entry answers for; ``.invalid`` is nobody's (RFC 2606)."""
    if entry.name == "default":
        return "ostiary-doctor.invalid"
    return entry.name.replace("*", "ostiary-doctor", 1)


def probes(explainer: Explainer) -> tuple[Probe, ...]:
    """What is shut, by the configuration: one probe for a strict entry, a few for another."""
    found: list[Probe] = []
    for entry in explainer.entries:
        if entry.asking is Asking.TRUSTED:
            name = example_name(entry)
            found.append(Probe(entry=entry.name, name=name, path="/", expected=None))
        else:
            found.extend(_shut(entry, explainer))
    return tuple(found)


def doorways(explainer: Explainer) -> tuple[Entry, ...]:
    """Entries at which a client without a certificate gets a TLS session."""
    return tuple(one for one in explainer.entries if one.asking is not Asking.TRUSTED)


def _shut(entry: Entry, explainer: Explainer) -> list[Probe]:
    found: list[Probe] = []
    for visit in _visits(entry, explainer):
        status = explainer.visit(visit, _NOBODY).answer.status
        if status is not None and status >= 400 and status not in _NOT_PROTECTION:
            found.append(Probe(entry=entry.name, name=visit.name, path=visit.path, expected=status))
        if len(found) == _MOST_A_NAME:
            break
    return found


def _visits(entry: Entry, explainer: Explainer) -> Iterator[Visit]:
    for route in explainer.table.routes:
        path = sample_path(route.shape)
        if path is None or route.host_regex or (route.methods and "GET" not in route.methods):
            continue
        name = route.host.replace("*", "any", 1) or example_name(entry)
        if choose_entry(explainer.entries, name) == entry:
            yield Visit(scheme=Scheme.HTTPS, name=name, host=name, path=path)
