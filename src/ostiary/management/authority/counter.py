"""Where devices come to: who asks is found out, bad tokens are slowed down, others enrolled."""

from collections.abc import Callable, Iterator, Sequence
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
from ostiary.management.authority.errors import BadToken, NoEnrolment, NotIssued, Why
from ostiary.management.authority.house import House
from ostiary.management.authority.inviting import token_of
from ostiary.management.authority.orders import Certified
from ostiary.store.database.records import AuditEntry
from ostiary.store.ledger.records import Written
from ostiary.trust.names.pattern import Pattern
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
    audit: Callable[[AuditEntry], None]
    """Write this into the audit log; may wait, must not raise."""


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

        Remembered for ten seconds: anybody may ask, as often as he likes. Raises NoEnrolment.
        """
        self._in_force()
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

        Raises NoEnrolment, NeedsCredential, BadToken, TooManyAttempts, NotIssued, and what the
        authority does.
        """
        settings = self._in_force()
        registrars = tuple(map(parse_pattern, settings.registrars))
        with self._watched(asker), self._holder.open("est") as house:
            bearer = self._bearer(house, asker, registrars, approval=settings.approval)
            actor, shown = _called(bearer), _shown_as(bearer)
            house.hands = replace(house.hands, actor=actor)
            done = enrol(house, bearer, request, purpose, registrars=registrars)
        self._tell(asker, done)
        self._audit("ca.enrol", actor, done, {**shown, "address": asker.address})
        return done

    def renew(self, asker: Asker, request: bytes) -> Certified:
        """The next certificate of whoever shows one of ours. Raises as ``enrol`` does."""
        asker = replace(asker, secret=None)
        with self._watched(asker), self._holder.open("est") as house:
            shown = self._shown(house, asker)
            if shown is None:
                raise NeedsCredential("show the certificate to be renewed, in the handshake")
            actor = f"est:certificate:{shown.entry.name}"
            house.hands = replace(house.hands, actor=actor)
            done = reenrol(house, shown, request)
        self._tell(asker, done)
        told = {"shown": f"{shown.entry.serial:032x}", "address": asker.address}
        self._audit("ca.reenrol", actor, done, told)
        return done

    def greet(self, asker: Asker) -> None:
        """Before anything is read of whoever asks, and without the authority, which costs something
        to open: who has nothing to show gets no further, nor who has shown what is worth nothing
        too often. Raises NoEnrolment, NeedsCredential, TooManyAttempts."""
        self._in_force()
        self._attempts.refuse(asker.address, self._around.clock())
        if asker.secret is None and asker.fingerprint is None:
            raise NeedsCredential(
                "send a token, as the password of HTTP Basic authentication, or a certificate"
            )

    def _in_force(self) -> Est:
        found = self._around.settings()
        if found is None:
            raise NoEnrolment("no devices enrol here just now")
        return found

    @contextmanager
    def _watched(self, asker: Asker) -> Iterator[None]:
        """Credentials that are worth nothing are counted. Raises what ``greet`` does."""
        self.greet(asker)
        try:
            yield
        except BadToken:
            self._attempts.failed(asker.address, self._around.clock())
            raise
        except NotIssued as refused:
            self._tell_refused(asker, refused)
            raise
        self._attempts.succeeded(asker.address)

    def _bearer(
        self, house: House, asker: Asker, registrars: Sequence[Pattern], *, approval: bool
    ) -> Bearer:
        if asker.secret is not None:
            found = token_of(house, asker.secret)
            return Invited(found, approval=approval or found.token.approval)
        shown = self._shown(house, asker)
        if shown is None:
            raise NeedsCredential("this certificate isn't one of this authority (send a token)")
        subject = parse(shown.entry.der).names.subject
        if not any(one.fits(subject) for one in registrars):
            raise NeedsCredential(
                "this certificate may not ask for others (send a token; simplereenroll renews it)"
            )
        return Registrar(shown, approval=approval)

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

    def _audit(
        self, action: str, actor: str, done: Certified | Waiting, told: dict[str, str]
    ) -> None:
        """What is new; who asks again for what is there changes nothing."""
        match done:
            case Waiting(request, new):
                about, what = str(request), {"state": "waits"}
            case Certified():
                about, new = f"{done.serial:032x}", not done.there_already
                what = {"state": "issued", "name": done.name}
        if new:
            entry = AuditEntry(
                at=self._around.clock(),
                actor=actor,
                action=action,
                object=about,
                before=None,
                after={**what, **told},
                request_id="",
            )
            self._around.audit(entry)


def _shown_as(bearer: Bearer) -> dict[str, str]:
    """For the audit log: what was shown, as operators know it."""
    match bearer:
        case Invited(token):
            return {"token": token.token.name}
        case Registrar(certificate):
            return {"shown": f"{certificate.entry.serial:032x}"}


def _called(bearer: Bearer) -> str:
    """For the ledger: by whom it was asked for."""
    match bearer:
        case Invited(token):
            return f"est:token:{token.id}"
        case Registrar(certificate):
            return f"est:certificate:{certificate.entry.name}"
