"""What a plug-in sees, what it declares, and what it answers."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

LONGEST_TIME_LIMIT = 1.5
"""Seconds: HAProxy waits two for the answer."""
LONGEST_LIFETIME = 86_400.0
"""Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it is where the step stands: what earlier steps changed is changed.

    Texts hold each byte as one character, as WSGI has it (PEP 3333): a header is no Unicode.
    """

    method: str = "GET"
    scheme: str = "https"
    host: str = ""
    """The Host header, with its port if there is one."""
    path: str = "/"
    """As it is forwarded, percent-encoded, in its one form."""
    query: str = ""
    """What follows the question mark, as it came."""
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """Values by name in lower case, in their order."""
    client: str = "127.0.0.1"
    """Address: that of the connection, or what the PROXY protocol says."""
    api: str = ""
    """Name of the API endpoint."""
    id: str = ""
    """The request's id, as in the access log."""

    def header(self, name: str, default: str = "") -> str:
        """All values of a header, joined with a comma (RFC 9110 section 5.3)."""
        return ", ".join(self.headers.get(name.lower(), (default,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Facts about the client's certificate."""

    subject: str
    """Distinguished name as RFC 2253 writes it; likewise ``issuer``."""
    issuer: str
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Values of the subject by short name (``CN``, ``OU``, ``UID``, else dotted numbers)."""
    alternative_names: tuple[str, ...] = ()
    """``DNS:…``, ``email:…``, ``URI:…``, ``IP:…``."""
    serial: str = ""
    """Upper-case hex, whole bytes."""
    fingerprint: str = ""
    """SHA-256 of the certificate, lower-case hex."""
    not_before: datetime | None = None
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks, as far as the gateway has found out. A client that was refused is nobody."""

    certificate: Certificate | None = None
    """The admitted client's; None without one, and where it wasn't welcome."""
    consumer: str = ""
    """Id of the user or app whose credential a step before has found good; else empty."""


@dataclass(frozen=True, slots=True)
class PerCredential:
    """An answer is remembered for whoever it was about, so many seconds, in this step.

    Such a plug-in must look at the identity alone: touching the request is an error, since the
    first request would decide for all others.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class PerRequest:
    """Nothing is remembered."""


PER_REQUEST = PerRequest()
Lifetime: TypeAlias = PerRequest | PerCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class Continue:
    """The request goes on, changed like this. Names must be among the policy's ``headers``."""

    set_headers: Mapping[str, str] = field(default_factory=dict)
    """Values by name: printable ASCII, at most 4096 characters."""
    remove_headers: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Refuse:
    """The request ends here, with a problem document (RFC 9457)."""

    status: int = 403
    """One of REFUSALS."""
    reason: str = ""
    """For the client: printable ASCII, at most 200 characters."""


REFUSALS = (400, 401, 402, 403, 404, 409, 410, 429, 451, 503)
"""Statuses that a plug-in may refuse with."""


class Plugin(BaseModel, ABC):
    """What both kinds have in common. The fields of a plug-in are its parameters.

    They are written in camelCase in the configuration. The class's docstring says, in its first
    line, what it is for. It is made once for each step and process; plain methods are called in
    several threads, ``async`` ones in one event loop.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=True,
        hide_input_in_errors=True,
    )

    lifetime: ClassVar[Lifetime] = PER_REQUEST
    time_limit: ClassVar[float] = 1.0
    """Seconds for one answer; at most LONGEST_TIME_LIMIT."""


class Condition(Plugin):
    """A condition of steps."""

    @abstractmethod
    def holds(self, request: Request, identity: Identity) -> bool | Awaitable[bool]:
        """Whether the step acts; may be ``async``. Whatever it raises refuses the request."""


Answer: TypeAlias = Continue | Refuse


class Policy(Plugin):
    """A policy."""

    def headers(self) -> Collection[str]:
        """Names of the request's headers that ``decide`` may set or remove.

        They are asked for when the configuration is read, and stand in HAProxy's rules.
        """
        return ()

    @abstractmethod
    def decide(self, request: Request, identity: Identity) -> Answer | Awaitable[Answer]:
        """What becomes of the request; may be ``async``. Whatever it raises refuses it."""
