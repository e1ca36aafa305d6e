"""What a device may call itself beside its name, where no operator looks at what it asks for."""

import re
from collections.abc import Sequence

from ostiary.ca.requests import Request
from ostiary.ca.signing import Naming
from ostiary.management.authority.errors import NotIssued, Why
from ostiary.management.authority.profile import NAME, Profile
from ostiary.trust.names.pattern import Pattern

_PLAIN = re.compile(r"[A-Za-z0-9*][A-Za-z0-9@*._-]*")
"""Names that mean the same wherever they are put in: none brings a path or a scheme with it."""


def refuse_unbound(profile: Profile, read: Request, name: str) -> None:
    """Raises NotIssued where a request has more names than a token for ``name`` stands for.

    Without that, a token for one device would be good for the names of all others.
    """
    more = [key for key in read.attributes if key != "CN"]
    if more and profile.allowed.distinguished_names is None:
        raise NotIssued(
            Why.NOT_ALLOWED,
            f"with a token the subject may not have {more[0]}",
            "ask for CN alone, or say what subjects may be, in allowed.distinguishedNames of "
            "profile.yml",
        )
    own = _own(profile, name)
    for asked in read.alternatives:
        if _alike(asked) not in own:
            raise NotIssued(
                Why.NOT_ALLOWED,
                f"{asked!r} is not an alternative name for {name!r} with a token",
                "leave it out, use a token with approval, or name it in "
                "enrolment.alternativeNames of profile.yml",
            )


def refuse_registrar(registrars: Sequence[Pattern], naming: Naming) -> None:
    """Nobody becomes a registrar by enrolling. Raises NotIssued."""
    subject = naming.subject_attributes()
    if any(one.fits(subject) for one in registrars):
        raise NotIssued(
            Why.NOT_ALLOWED,
            f"{naming.subject_text()!r} is the name of a registrar, which can't be enrolled",
            "have the operator issue it: ostiary ca issue",
        )


def _own(profile: Profile, name: str) -> frozenset[str]:
    plain = _PLAIN.fullmatch(name) is not None
    return frozenset(
        _alike(one.replace(NAME, name))
        for one in profile.enrolment.alternative_names
        if plain or NAME not in one or one == f"ip:{NAME}"
    )


def _alike(alternative: str) -> str:
    """Names of hosts are the same in capitals (RFC 4343)."""
    return alternative.lower() if alternative.startswith("dns:") else alternative
