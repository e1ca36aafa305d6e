"""Who vouches for the tokens that pipelines ask for: keys, who publishes keys, whom to ask."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, assert_never

from ostiary.compiler.tokens import AsksToken, same_token, sources_of, token_steps
from ostiary.config.model.document import Document
from ostiary.config.model.policies.tokens import IntrospectAction, JwtAction
from ostiary.config.model.url import parse_url
from ostiary.jose.keys import (
    HMAC,
    SHORTEST_SECRET,
    KeyRefused,
    VerificationKey,
    secret_or_public_key,
)
from ostiary.kernel.problems import Severity
from ostiary.x509.certificate import Certificate

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class FixedKeys:
    """Keys that the configuration names."""

    keys: tuple[VerificationKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedKeys:
    """A set of keys that its issuer publishes and changes."""

    url: str = field(repr=False)
    authorities: str = field(default="", repr=False)
    """PEM; empty: those of the system."""
    refresh: float
    """Seconds between two looks."""
    max_age: float
    """Seconds that the latest look counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspection:
    """An authorization server that tells about tokens (RFC 7662)."""

    url: str = field(repr=False)
    authorization: str | None = field(default=None, repr=False)
    """The header of that name."""
    authorities: str = field(default="", repr=False)
    """PEM; empty: those of the system."""
    seconds: float
    """How long an answer may take."""
    ttl: int
    """Seconds that an answer counts."""


TokenSource: TypeAlias = FixedKeys | PublishedKeys | Introspection


def shown(url: str) -> str:
    """Scheme, host and port: what is behind them may be a credential."""
    found = parse_url(url.partition("?")[0])
    return f"{found.scheme}://{found.authority}"


class Tell(Protocol):
    """Notes a problem at a path of the document."""

    def __call__(
        self, at: Path, message: str, way_out: str = "", severity: Severity = Severity.ERROR
    ) -> None:
        """Note it."""


@dataclass(frozen=True, slots=True)
class TokenReading:
    """How files that the document names are read; each tells its problems itself."""

    content: Callable[[Path, str], bytes | None]
    certificates: Callable[[Path, str], tuple[Certificate, ...]]
    tell: Tell


def token_sources(document: Document, reading: TokenReading) -> Mapping[str, TokenSource]:
    """By the name that judgements give them (``compiler.tokens.sources_of``); those that can't be
    used are told and left out."""
    found: dict[str, TokenSource] = {}
    for name, pipeline in document.pipelines.items():
        names = sources_of(name, pipeline)
        for (use, number), action in token_steps(pipeline):
            if names[same_token(action)] not in found:
                at = ("pipelines", name, "policies", use, "steps", number, "action")
                source = _source(at, action, reading)
                if source is not None:
                    found[names[same_token(action)]] = source
    return found


def _source(at: Path, action: AsksToken, reading: TokenReading) -> TokenSource | None:
    match action:
        case IntrospectAction():
            return Introspection(
                url=action.endpoint,
                authorization=action.authorization_value,
                authorities=_authorities((*at, "caFile"), action.ca_file, reading),
                seconds=action.timeout / 1000,
                ttl=action.ttl,
            )
        case JwtAction(jwks_url=str(url)):
            return PublishedKeys(
                url=url,
                authorities=_authorities((*at, "jwksCaFile"), action.jwks_ca_file, reading),
                refresh=action.refresh.total_seconds(),
                max_age=action.max_age.total_seconds(),
            )
        case JwtAction():
            return _keys(at, action, reading)
        case _:
            assert_never(action)


def _authorities(at: Path, file: str | None, reading: TokenReading) -> str:
    found = reading.certificates(at, file) if file is not None else ()
    return b"".join(one.pem for one in found).decode()


def _keys(at: Path, action: JwtAction, reading: TokenReading) -> FixedKeys | None:
    file = action.secret_or_public_key_file
    where = (*at, "secretOrPublicKey" if file is None else "secretOrPublicKeyFile")
    data = (action.secret_or_public_key or "").encode()
    if file is not None:
        content = reading.content(where, file)
        if content is None:
            return None
        data = content
    about = "the key" if file is None else repr(file)
    try:
        keys = secret_or_public_key(data)
    except KeyRefused as error:
        reading.tell(where, f"{about}: {error.sentence}", error.way_out)
        return None
    possible = {one for key in keys for one in key.algorithms}
    if action.algorithms and not possible & set(action.algorithms):
        said = f"none of these algorithms is for {about}, which takes {_listed(possible)}"
        reading.tell((*at, "algorithms"), said, "name one of those, or remove algorithms")
        return None
    _doubts(where, about, data, keys, reading)
    return FixedKeys(keys)


def _doubts(
    at: Path, about: str, data: bytes, keys: Iterable[VerificationKey], reading: TokenReading
) -> None:
    if any(key.short for key in keys):
        said = (
            f"{about}: a secret of less than {SHORTEST_SECRET} bytes can be guessed from any token"
        )
        way_out = "make one: openssl rand -hex 32"
        reading.tell(at, said, way_out, Severity.WARNING)
    if data.endswith(b"\n") and any(
        HMAC[0] in key.algorithms and key.material == data for key in keys
    ):
        said = f"{about}: the line's end is a part of the secret"
        reading.tell(at, said, "remove it, unless the issuer has it, too", Severity.WARNING)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
