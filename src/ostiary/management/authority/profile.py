"""What the authority issues: a file of YAML that its operator edits, and the rules made of it."""

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, Final, TypeVar

import yaml
from pydantic import AfterValidator, Field, ValidationError

from ostiary.ca.addresses import Addresses
from ostiary.ca.signing import Naming, Purpose
from ostiary.config.model.base import FileName, Listed, Model, Number, Wrong
from ostiary.config.model.url import parse_url
from ostiary.management.authority.errors import BadProfile, NotIssued, Why
from ostiary.trust.names.pattern import Pattern
from ostiary.trust.names.reading import parse_pattern
from ostiary.trust.names.refusal import PatternRefused
from ostiary.trust.names.scoped import DNS, EMAIL, URI, Kind, Scoped

T = TypeVar("T")

LARGEST_PROFILE: Final = 1024 * 1024
_MOST_DAYS = 36_500

_Patterns = Annotated[tuple[str, ...], Listed] | None
_Days = Annotated[Number, Field(ge=1, le=_MOST_DAYS)]


class Allowed(Model):
    """Patterns of names; a list that is left out allows every name of its kind, an empty one none.

    They are written as trusted distinguished names and rules about alternative names are.
    """

    distinguished_names: _Patterns = None
    dns: _Patterns = None
    ips: _Patterns = None
    uris: _Patterns = None
    emails: _Patterns = None


class Days(Model):
    """How long certificates are valid, in days."""

    client: _Days = 365
    server: _Days = 397
    longest: _Days = 825
    """The most that may be asked for."""


NAME: Final = "{name}"
"""Stands for the common name."""


def _alternative(value: str) -> str:
    """Raises ValueError."""
    kind, _, rest = value.partition(":")
    if kind not in {"dns", "ip", "uri", "email"} or not rest:
        raise ValueError(f"{value[:80]!r} is no alternative name (write dns:{NAME}.example)")
    return value


class Enrolment(Model):
    """What devices may ask for that no operator looks at."""

    alternative_names: Annotated[
        tuple[Annotated[str, AfterValidator(_alternative)], ...], Listed
    ] = (f"dns:{NAME}", f"ip:{NAME}")
    """Beside the common name, with a token; ``allowed`` holds, too."""
    most_good: Annotated[Number, Field(ge=1, le=1_000)] = 8
    """Certificates that may be good at a time of those that came of one by renewals."""


class Lists(Model):
    """Revocation lists."""

    days: _Days = 7
    """Until the next one of an issuing authority is due."""
    root_days: _Days = 180
    """Until the root's next one is due; its key may be kept elsewhere meanwhile."""
    files: Annotated[tuple[FileName, ...], Listed] = ()
    """Written anew at each revocation; relative names are below the authority's folder."""


def _public_url(value: str) -> str:
    """Without a slash at its end. Raises ValueError."""
    try:
        found = parse_url(value)
    except Wrong as error:
        raise ValueError(f"{error.message} (write http://pki.example)") from error
    if found.scheme != "http":
        # RFC 5280 section 8: who fetches it by TLS would have to verify a certificate for that.
        raise ValueError(f"{value[:80]!r} isn't plain HTTP, as lists are fetched (write http://…)")
    return value.rstrip("/")


class Publishing(Model):
    """Where everybody gets lists, OCSP answers and the authorities' certificates."""

    url: Annotated[str, AfterValidator(_public_url)] | None = None
    """How the gateway's ``pki`` listener is called from outside; stands in what is issued."""
    ocsp_minutes: Annotated[Number, Field(ge=1, le=7 * 24 * 60)] = 60
    """How long an OCSP answer holds, and may be kept by whoever asked."""

    def addresses_of(self, name: str) -> Addresses | None:
        """Of the authority that is published under this name; None: nothing is told."""
        if self.url is None:
            return None
        return Addresses(
            certificate=f"{self.url}/ca/{name}.crt",
            crl=f"{self.url}/crl/{name}.crl",
            delta=f"{self.url}/crl/{name}-delta.crl",
            ocsp=f"{self.url}/ocsp",
        )


class Profile(Model):
    """The whole file."""

    allowed: Allowed = Allowed()
    days: Days = Days()
    enrolment: Enrolment = Enrolment()
    crl: Lists = Lists()
    publish: Publishing = Publishing()

    def days_for(self, purpose: Purpose, wanted: int | None) -> int:
        """How long a certificate is to be valid. Raises NotIssued."""
        usual = self.days.client if purpose is Purpose.CLIENT else self.days.server
        days = usual if wanted is None else wanted
        if days > self.days.longest:
            raise NotIssued(
                Why.TOO_LONG,
                f"{days} days are more than the {self.days.longest} that the profile allows",
                "ask for fewer, or change days.longest in profile.yml",
            )
        return days


_HEAD = """\
# What this certificate authority issues. Read at every command; edit it as you like.
# A list of `allowed` that is left out allows every name of its kind, an empty one none.
"""


def text_of(profile: Profile) -> str:
    """The file."""
    content = profile.model_dump(mode="json", by_alias=True, exclude_none=True)
    return _HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def read_profile(data: bytes, where: str) -> Profile:
    """The file's content. Raises BadProfile, which tells all that is wrong with it."""
    try:
        found = yaml.safe_load(data.decode())
        profile = Profile.model_validate({} if found is None else found)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}"
            for one in error.errors(include_url=False, include_input=False)
        ]
        raise BadProfile(f"{where}: {'; '.join(faults)}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        told = " ".join(str(error).split())
        raise BadProfile(f"{where} can't be read as YAML: {told}") from error
    Rules(profile.allowed, where)
    return profile


class Rules:
    """The lists of names, ready to be asked."""

    def __init__(self, allowed: Allowed, where: str) -> None:
        """Raises BadProfile for a pattern that can't be read; ``where`` names the file."""
        self._where = where
        self._allowed = allowed
        self._subjects = self._made("distinguishedNames", allowed.distinguished_names, _subject)
        self._kinds = {
            "dns": self._made("dns", allowed.dns, _scoped(DNS)),
            "uri": self._made("uris", allowed.uris, _scoped(URI)),
            "email": self._made("emails", allowed.emails, _scoped(EMAIL)),
            "ip": self._made("ips", allowed.ips, _network),
        }

    def check(self, naming: Naming) -> None:
        """Raises NotIssued for the first name that no pattern allows; it says which list."""
        if self._subjects is not None:
            name = naming.subject_attributes()
            if not any(one.fits(name) for one in self._subjects):
                raise self._refusal(
                    naming.subject_text(),
                    "distinguishedNames",
                    self._allowed.distinguished_names or (),
                )
        names = naming.alternative_names()
        for kind, key, values, patterns in (
            ("dns", "dns", names.dns, self._allowed.dns),
            ("uri", "uris", names.uri, self._allowed.uris),
            ("email", "emails", names.email, self._allowed.emails),
            ("ip", "ips", names.ip, self._allowed.ips),
        ):
            tests = self._kinds[kind]
            for value in values if tests is not None else ():
                if not any(test(value) for test in tests or ()):
                    raise self._refusal(value, key, patterns or ())

    def _refusal(self, name: str, key: str, patterns: Sequence[str]) -> NotIssued:
        listed = ", ".join(map(repr, patterns)) or "an empty list: none"
        return NotIssued(
            Why.NOT_ALLOWED,
            f"{name!r} is not allowed by allowed.{key}",
            more=f" of {self._where}: {listed}",
        )

    def _made(
        self, key: str, patterns: Iterable[str] | None, make: Callable[[str], T]
    ) -> tuple[T, ...] | None:
        return None if patterns is None else tuple(self._each(key, patterns, make))

    def _each(self, key: str, patterns: Iterable[str], make: Callable[[str], T]) -> Iterator[T]:
        for text in patterns:
            try:
                yield make(text)
            except (PatternRefused, ValueError) as error:
                raise BadProfile(f"{self._where}: allowed.{key}: {text!r}: {error}") from error


_Test = Callable[[str], bool]


def _subject(text: str) -> Pattern:
    return parse_pattern(text)


def _scoped(kind: Kind) -> Callable[[str], _Test]:
    return lambda text: Scoped(text, kind).fits


def _network(text: str) -> _Test:
    network = ipaddress.ip_network(text.strip())
    return lambda value: ipaddress.ip_address(value) in network
