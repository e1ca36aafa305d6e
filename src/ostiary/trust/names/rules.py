"""Allow and deny rules: tests of one certificate that all must hold."""

import hashlib
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields

from ostiary.trust.names.aliases import oid_of
from ostiary.trust.names.facts import Facts
from ostiary.trust.names.reading import parse_pattern
from ostiary.trust.names.refusal import PatternRefused
from ostiary.trust.names.scoped import DNS, EMAIL, URI, Scoped

Test = Callable[[Facts], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: what is given must all hold, each for any one name of its kind.

    Make it by ``rule_of``, which refuses what can't be read.
    """

    distinguished_name: str | None = None
    """A pattern of the subject."""
    dns: str | None = None
    """A pattern of a DNS alternative name; ``*`` stays within one label."""
    uri: str | None = None
    """A pattern of a URI alternative name; ``*`` stays between two slashes."""
    email: str | None = None
    """A pattern of an e-mail alternative name (not of the subject's emailAddress)."""
    ip: str | None = None
    """An address or a network (CIDR) that an IP alternative name must be in."""
    issuer: str | None = None
    """A pattern of the issuer's distinguished name."""
    serial: str | None = None
    """The serial number in hex; colons and ``0x`` are allowed."""
    fingerprint: str | None = None
    """SHA-256 of the certificate in hex; colons are allowed. Another encoding of the same
    certificate (``x509.twins``) has the same rules."""
    policy: str | None = None
    """A certificate policy that the certificate lists, dotted."""

    @property
    def text(self) -> str:
        """The rule on one line: ``dns=*.example.com, issuer=CN=ca,**``."""
        return ", ".join(f"{name}={value}" for name, value in self.given().items())

    def given(self) -> dict[str, str]:
        """The tests by name, in the order above."""
        return {
            one.name: value
            for one in fields(self)
            if (value := getattr(self, one.name)) is not None
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRules:
    """Whom names let pass: any pattern or any allow rule, and no deny rule. None of the first two
    lets everybody pass that no deny rule names."""

    patterns: tuple[str, ...] = ()
    """Distinguished-name patterns."""
    allow: tuple[Rule, ...] = ()
    deny: tuple[Rule, ...] = ()
    id: str = field(init=False)
    """Hash of the content, 32 hex digits; the order does not matter."""

    def __post_init__(self) -> None:
        """Derive the id."""
        digest = hashlib.sha256(b"ostiary name rules 1")
        for part in (
            sorted(set(self.patterns)),
            sorted({repr(rule) for rule in self.allow}),
            sorted({repr(rule) for rule in self.deny}),
        ):
            digest.update(b"%d\n" % len(part))
            digest.update("\0".join(part).encode("utf-8", "surrogatepass"))
        object.__setattr__(self, "id", digest.hexdigest()[:32])

    def __bool__(self) -> bool:
        """Whether anything is asked of names at all."""
        return bool(self.patterns or self.allow or self.deny)


EVERYBODY = NameRules()
"""Nothing is asked of names."""


def rule_of(
    *,
    distinguished_name: str | None = None,
    dns: str | None = None,
    uri: str | None = None,
    email: str | None = None,
    ip: str | None = None,
    issuer: str | None = None,
    serial: str | None = None,
    fingerprint: str | None = None,
    policy: str | None = None,
) -> Rule:
    """A rule whose every test can be read; raises PatternRefused, which names the test."""
    rule = Rule(
        distinguished_name=distinguished_name,
        dns=dns,
        uri=uri,
        email=email,
        ip=ip,
        issuer=issuer,
        serial=serial,
        fingerprint=fingerprint,
        policy=policy,
    )
    if not rule.given():
        raise PatternRefused("the rule asks for nothing", "give it one test at least")
    for name, value in rule.given().items():
        try:
            test_of(name, value)
        except PatternRefused as fault:
            raise PatternRefused(f"{name}: {fault.message}", fault.way_out, fault.at) from fault
    return rule


def test_of(name: str, text: str) -> Test:
    """One test of a rule; raises PatternRefused for what can't be read."""
    return _MAKERS[name](text)


def serial_of(text: str) -> int:
    """A serial number as people write it; raises PatternRefused."""
    digits = text.strip().lower().removeprefix("0x").replace(":", "")
    # RFC 5280 4.1.2.2: at most 20 octets; more are borne with.
    if not re.fullmatch(r"[0-9a-f]{1,80}", digits):
        raise PatternRefused(
            f"{text!r} is no serial number", "write it in hex, as in `0A:1F` or `0a1f`"
        )
    return int(digits, 16)


def fingerprint_of(text: str) -> str:
    """A SHA-256 fingerprint as people write it; raises PatternRefused."""
    digits = text.strip().lower().replace(":", "")
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise PatternRefused(
            f"{text!r} is no SHA-256 fingerprint",
            "write its 64 hex digits, as `openssl x509 -fingerprint -sha256` does",
        )
    return digits


def _subject(text: str) -> Test:
    pattern = parse_pattern(text)
    return lambda facts: pattern.fits(facts.names.subject)


def _issuer(text: str) -> Test:
    pattern = parse_pattern(text)
    return lambda facts: pattern.fits(facts.names.issuer)


def _dns(text: str) -> Test:
    pattern = Scoped(text, DNS)
    return lambda facts: any(map(pattern.fits, facts.names.alternatives.dns))


def _uri(text: str) -> Test:
    pattern = Scoped(text, URI)
    return lambda facts: any(map(pattern.fits, facts.names.alternatives.uri))


def _email(text: str) -> Test:
    pattern = Scoped(text, EMAIL)
    return lambda facts: any(map(pattern.fits, facts.names.alternatives.email))


def _ip(text: str) -> Test:
    try:
        network = ipaddress.ip_network(text.strip())
    except ValueError as fault:
        raise PatternRefused(
            f"{text!r} is neither an address nor a network",
            "write `10.0.0.7`, `10.0.0.0/8` or `2001:db8::/32`, with no bits set behind the prefix",
        ) from fault

    def holds(facts: Facts) -> bool:
        for value in facts.names.alternatives.ip:
            try:
                if ipaddress.ip_address(value) in network:
                    return True
            except ValueError:
                # A network may stand there in an authority's constraints only.
                continue
        return False

    return holds


def _serial(text: str) -> Test:
    serial = serial_of(text)
    return lambda facts: facts.serial == serial


def _fingerprint(text: str) -> Test:
    fingerprint = fingerprint_of(text)
    return lambda facts: fingerprint in facts.fingerprints


def _policy(text: str) -> Test:
    oid = oid_of(text.strip())
    if oid is None or oid != text.strip().lower().removeprefix("oid."):
        raise PatternRefused(f"{text!r} is no object identifier", "write it as in `2.23.140.1.2.2`")
    return lambda facts: oid in facts.names.policies


_MAKERS: dict[str, Callable[[str], Test]] = {
    "distinguished_name": _subject,
    "dns": _dns,
    "uri": _uri,
    "email": _email,
    "ip": _ip,
    "issuer": _issuer,
    "serial": _serial,
    "fingerprint": _fingerprint,
    "policy": _policy,
}
