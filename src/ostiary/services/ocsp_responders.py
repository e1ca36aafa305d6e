"""The OCSP responders that a document names, with the certificates that sign their answers."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

from ostiary.config.model.client_auth import GatewayAuth
from ostiary.config.model.ocsp import OcspResponder
from ostiary.kernel.problems import Severity
from ostiary.trust.names.reading import parse_pattern
from ostiary.trust.names.refusal import PatternRefused
from ostiary.trust.ocsp import Responder
from ostiary.x509.certificate import Certificate

Path = tuple[str | int, ...]

_PLACE = ("clientCertificateAuth", "revocation", "ocsp", "responders")


class Tell(Protocol):
    """Notes a problem at a place of the document."""

    def __call__(
        self, at: Path, message: str, way_out: str = "", severity: Severity = Severity.ERROR
    ) -> None:
        """``message`` without a full stop."""


def named_responders(
    auth: GatewayAuth,
    read: Callable[[Path, str], tuple[Certificate, ...]],
    tell: Tell,
    now: datetime,
) -> tuple[Responder, ...]:
    """``read`` gives the certificates of a file, none where it has told a problem."""
    if auth.revocation is None or auth.revocation.ocsp is None:
        return ()
    named = auth.revocation.ocsp.responders
    return tuple(
        Responder(url=one.url, issuer=one.issuer, certificate=signer)
        for number, one in enumerate(named)
        for signer in _signer((*_PLACE, number), one, read, tell, now)
    )


def _signer(
    at: Path,
    one: OcspResponder,
    read: Callable[[Path, str], tuple[Certificate, ...]],
    tell: Tell,
    now: datetime,
) -> Iterator[Certificate | None]:
    """Nothing where there is a problem."""
    try:
        parse_pattern("**" if one.issuer is None else one.issuer)
    except PatternRefused as error:
        tell((*at, "issuer"), error.message, error.way_out)
        return
    if one.certificate is None:
        yield None
        return
    at = (*at, "certificate")
    found = read(at, one.certificate)
    if len(found) > 1:
        few = "name the file with the one that signs the answers"
        tell(at, f"{one.certificate!r} holds {len(found)} certificates", few)
    elif found:
        if not found[0].not_before <= now <= found[0].not_after:
            message = f"{one.certificate!r} is not valid now: no answer signed by it is believed"
            tell(at, message, "put the current one there", Severity.WARNING)
        yield found[0]
