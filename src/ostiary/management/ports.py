"""What management needs from the gateway and from the world; wiring plugs the hands in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ostiary.config.effective import Managed
from ostiary.services.credentials import NO_PROOF, Proof
from ostiary.services.explanation import Explanation
from ostiary.services.list_sources import SourceState
from ostiary.services.ocsp_state import OcspState
from ostiary.services.prepare import Prepared
from ostiary.services.requests import Headers
from ostiary.trust.intermediates import Intermediates
from ostiary.x509.certificate import Certificate

Clock = Callable[[], datetime]
"""Tells the time, aware and in UTC."""
Dice = Callable[[int], bytes]
"""So many random bytes, fit for secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A change is in force, on every connection."""

    reloaded: bool
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileInForce:
    """The configuration file that is in force, and on the disk just so."""

    prepared: Prepared
    content: bytes
    environ: Mapping[str, str]
    """Variables that it was read with."""


@dataclass(frozen=True, slots=True)
class FileEdit:
    """Another content of the configuration file, for the one it was made of."""

    before: bytes
    after: bytes

    def back(self) -> "FileEdit":
        """What undoes it."""
        return FileEdit(before=self.after, after=self.before)


class Gatekeeper(Protocol):
    """The gateway that serves, or its configuration alone when it is stopped."""

    @property
    def prepared(self) -> Prepared:
        """What is in force: document, materials, effective settings, policies."""

    @property
    def not_applied(self) -> tuple[str, ...]:
        """Why what the store holds doesn't act, in sentences; empty when it does."""

    def list_sources(self) -> tuple[SourceState, ...]:
        """The URLs that revocation lists are fetched from; from any thread."""

    async def fetch_lists(self, source: str | None) -> None:
        """Fetch from this URL, or read this file again, or all of both, at once.

        Files are named by their absolute paths. Raises ConfigRefused where what is read can't be
        put in force, OstiaryError where nothing can be fetched.
        """

    def ocsp(self) -> OcspState:
        """What OCSP responders have told, and how they are; from any thread."""

    def intermediates(self) -> Intermediates:
        """A copy of those it remembers; from any thread."""

    def file(self) -> FileInForce:
        """The configuration file. Call it in a thread. Raises Conflicting where the disk has
        another one than is in force."""

    def prepare(
        self,
        managed: Managed,
        trusted: tuple[Certificate, ...],
        file: FileEdit | None = None,
    ) -> Prepared:
        """What would be in force; checks as ``ostiary check`` does. May take seconds: call it in
        a thread. Raises ConfigRefused."""

    async def apply(
        self,
        managed: Managed,
        trusted: tuple[Certificate, ...],
        file: FileEdit | None = None,
    ) -> Applied:
        """Put it in force, and the file on the disk; what acted before goes on acting, and the file
        is as it was, if anything is refused.

        Raises ConfigRefused, Conflicting where the file can't be written or was changed meanwhile,
        and OstiaryError where the engine fails.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A visit to be explained."""

    leaf: bytes
    """DER; empty: a client without a certificate."""
    chain: tuple[bytes, ...] = ()
    """DER, sent along."""
    api: str | None = None
    url: str | None = None
    method: str = "GET"
    at: datetime
    headers: Headers = ()
    client: str = ""
    """The client's address; empty: nothing is known of it."""
    proof: Proof = NO_PROOF
    may_try: bool = False
    """Whether secrets may be compared for whoever asks."""


class Explain(Protocol):
    """Why a visit ends as it does, by the configuration in force."""

    def __call__(self, asked: Asked) -> tuple[Explanation, ...]:
        """One for an API or URL, else one for each TLS entry.

        Credentials are judged as the agent does, and nothing is remembered or counted of it. Waits
        for the database: call it in a thread.
        Raises WrongUse for what can't be explained: an unknown API, a URL that is none; Forbidden
        where a secret would have to be compared and may not.
        """
