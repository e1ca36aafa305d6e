"""What the names in a certificate come to, in the words of a decision."""

from dataclasses import dataclass
from typing import assert_never

from ostiary.trust.names.facts import Facts
from ostiary.trust.names.index import Denied, NameIndex, NotTrusted, Passed
from ostiary.trust.reason import Reason
from ostiary.x509.certificate import Certificate


@dataclass(frozen=True, slots=True)
class NameFinding:
    """Whether names may pass: ``reason`` is None if so."""

    reason: Reason | None
    told: str
    """What let them pass, or what is wrong with them."""


def look_at_names(whom: Certificate | Facts, names: NameIndex) -> NameFinding:
    """Judge by names alone: a certificate, or its stored facts, as a preview has them."""
    verdict = names.judge(whom)
    match verdict:
        case Passed(by):
            return NameFinding(None, f"matched by {by}" if names.rules else by)
        case NotTrusted(detail):
            return NameFinding(Reason.NAME_NOT_TRUSTED, detail)
        case Denied(rule):
            return NameFinding(Reason.DENIED_BY_RULE, f"denied by rule {rule!r}")
        case _:
            assert_never(verdict)
