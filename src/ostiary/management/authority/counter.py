"""Where devices come to: who asks is found out, bad tokens are slowed down, others enrolled."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from ostiary.ca.packing import certificates_only
from ostiary.ca.signing import Purpose
from ostiary.config.model.pki import Est
from ostiary.management.attempts import Attempts
from ostiary.management.authority.enrolling import (
    Bearer,
    Invited,
    Registrar,
    Waiting,
    enrol,
    reenrol,
)
from ostiary.management.authority.errors import BadToken, NotIssued, Why
from ostiary.management.authority.house import House
from ostiary.management.authority.inviting import token_of
from ostiary.management.authority.orders import Certified
from ostiary.store.ledger.records import Written
from ostiary.trust.names.reading import parse_pattern
from ostiary.x509.certificate import parse

_REMEMBERED = timedelta(seconds=10)


class Holder(Protocol):
    """The way to the authority."""

    def open(self, actor: str) -> AbstractContextManager[House]:
        """It, for this actor alone, until the end of the ``with``. Raises OstiaryError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Whoever asks for a certificate, as far as the connection tells."""

    address: str
    secret: str | None = None
    """A token, if one was shown."""
    fingerprint: bytes | None = None
    """SHA-256 of the certificate that the handshake showed; its key is there, no more is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the counter needs beside the authority."""

    clock: Callable[[], datetime]
    settings: Callable[[], Est | None]
    """``pki.est`` as it is in force."""
    blocked: Callable[[bytes], bool]
    """Whether the gateway blocks the certificate with this DER."""


class NeedsCredential(BadToken):
    """Neither a token nor a certificate that may ask."""


class Counter:
    """Enrolment, for one thread at a time: its methods may wait for the authority."""

    def __init__(self, holder: Holder, around: Around) -> None:
        self._holder = holder
        self._around = around
        # Tokens can't be guessed; who tries many keeps nobody but himself from being heard.
        self._attempts = Attempts(overall=False)
        self._remembered: tuple[datetime, bytes] | None = None
        self._log = structlog.get_logger("ostiary.enrolment")

    def authorities(self) -> bytes:
        """The authorities that are good, as CMS, the root among them (RFC 7030 4.1).

        Remembered for ten seconds: anybody may ask, as often as he likes.
        """
        now = self._around.clock()
        if self._remembered is None or not now - self._remembered[0] < _REMEMBERED:
            self._remembered = (now, self._authorities())
        return self._remembered[1]

    def _authorities(self) -> bytes:
        with self._holder.open("est") as house:
            now = house.hands.clock()
            return certificates_only(
                [one.entry.der for one in house.authorities() if one.good_at(now)]
            )

    def enrol(
        self, asker: Asker, request: bytes, purpose: Purpose | None = None
    ) -> Certified | Waiting:
        """A first certificate, or a request that waits.

        Raises NeedsCredential, BadToken, TooManyAttempts, NotIssued, and what the authority does.
        """
        with self._watched(asker), self._holder.open("est") as house:
            bearer = self._bearer(house, asker)
            house.hands = replace(house.hands, actor=_called(bearer))
            done = enrol(house, bearer, request, purpose)
        self._tell(asker, done)
        return done

    def renew(self, asker: Asker, request: bytes) -> Certified:
        """The next certificate of whoever shows one of ours. Raises as ``enrol`` does."""
        asker = replace(asker, secret=None)
        with self._watched(asker), self._holder.open("est") as house:
            shown = self._shown(house, asker)
            if shown is None:
                raise NeedsCredential("show the certificate to be renewed, in the handshake")
            house.hands = replace(house.hands, actor=f"est:certificate:{shown.entry.name}")
            done = reenrol(house, shown, request)
        self._tell(asker, done)
        return done

    @contextmanager
    def _watched(self, asker: Asker) -> Iterator[None]:
        """Opening the authority costs something: who has nothing to show doesn't get that far, nor
        who has shown what is worth nothing too often. Raises NeedsCredential, TooManyAttempts."""
        now = self._around.clock()
        self._attempts.refuse(asker.address, now)
        if asker.secret is None and asker.fingerprint is None:
            raise NeedsCredential(
                "send a token, as the password of HTTP Basic authentication, or a certificate"
            )
        try:
            yield
        except BadToken:
            self._attempts.failed(asker.address, now)
            raise
        except NotIssued as refused:
            self._tell_refused(asker, refused)
            raise
        self._attempts.succeeded(asker.address)

    def _bearer(self, house: House, asker: Asker) -> Bearer:
        settings = self._around.settings() or Est(port=1)
        if asker.secret is not None:
            found = token_of(house, asker.secret)
            return Invited(found, approval=settings.approval or found.token.approval)
        shown = self._shown(house, asker)
        if shown is None:
            raise NeedsCredential("this certificate isn't one of this authority (send a token)")
        subject = parse(shown.entry.der).names.subject
        if not any(parse_pattern(one).fits(subject) for one in settings.registrars):
            raise NeedsCredential(
                "this certificate may not ask for others (send a token; simplereenroll renews it)"
            )
        return Registrar(shown, approval=settings.approval)

    def _shown(self, house: House, asker: Asker) -> Written | None:
        """The good certificate of this authority that was shown. Raises NotIssued."""
        if asker.fingerprint is None:
            return None
        found = house.ledger.of_fingerprint(asker.fingerprint)
        if found is None:
            return None
        if not found.good_at(house.hands.clock()) or self._around.blocked(found.entry.der):
            raise NotIssued(
                Why.NOT_GOOD, "the certificate that was shown is revoked, blocked, or has ended"
            )
        return found

    def _tell_refused(self, asker: Asker, refused: NotIssued) -> None:
        """Operators read more of it than the device is told."""
        self._log.warning(
            "enrolment-refused", reason=refused.why.value, error=str(refused), client=asker.address
        )

    def _tell(self, asker: Asker, done: Certified | Waiting) -> None:
        match done:
            case Waiting(request):
                self._log.info("enrolment-waits", request=request, client=asker.address)
            case Certified():
                self._log.info(
                    "enrolled", name=done.name, serial=f"{done.serial:032x}", client=asker.address
                )


def _called(bearer: Bearer) -> str:
    """For the ledger: by whom it was asked for."""
    match bearer:
        case Invited(token):
            return f"est:token:{token.id}"
        case Registrar(certificate):
            return f"est:certificate:{certificate.entry.name}"
