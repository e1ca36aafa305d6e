"""What client certificate authentication comes to: file, what is managed, what APIs inherit.

The file wins, setting by setting: what it gives is locked everywhere else. An API's own part
replaces the gateway's; only the rules that deny add up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Generic, TypeVar

from ostiary.config.auth_words import AuthType, Source
from ostiary.config.model.client_auth import (
    ApiAuth,
    ApiRevocation,
    GatewayAuth,
    PreferenceName,
    RevocationName,
)
from ostiary.config.model.document import Document
from ostiary.config.model.name_rule import NameRule
from ostiary.forwarded.formats import PRESETS, HeaderFormat
from ostiary.kernel.blocked import NOBODY, Blocked

__all__ = [
    "AuthType",
    "Effective",
    "EffectivePolicy",
    "HeaderSettings",
    "Managed",
    "Part",
    "Source",
    "effective",
    "file_auth_of",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """One setting with its source."""

    value: T
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectivePolicy:
    """What is asked of clients, at the gateway or at one API."""

    required: Part[bool]
    names: Part[tuple[str, ...]]
    """Patterns of subjects."""
    allow: Part[tuple[NameRule, ...]]
    deny: Part[tuple[NameRule, ...]]
    """For an API: the gateway's and its own."""
    report_only: Part[bool]
    revocation: Part[RevocationName | None]
    """None: strict where any list is named or OCSP is asked, else off."""
    grace: Part[timedelta]
    preference: Part[PreferenceName]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderSettings:
    """Type header: where the certificate is, how it is written, and from whom."""

    name: Part[str | None]
    format: Part[HeaderFormat]
    trusted_proxies: Part[tuple[str, ...]]
    proxy_protocol: Part[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """What console, API and command line have set; the store keeps it."""

    gateway: GatewayAuth = field(default_factory=GatewayAuth)
    apis: Mapping[str, ApiAuth] = field(default_factory=dict)
    """By name of the API; names that the document no longer has are carried, and do nothing."""
    blocked: Blocked = NOBODY
    """The certificates that may pass nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """Client certificate authentication as it acts."""

    type: Part[AuthType]
    header: HeaderSettings
    gateway: EffectivePolicy
    apis: Mapping[str, EffectivePolicy]
    """Every API of the document, inheriting or not."""
    overriding: frozenset[str]
    """The APIs with a part of their own."""


def effective(document: Document, managed: Managed | None = None) -> Effective:
    """Put the document and what is managed together."""
    managed = managed or Managed()
    file, store = document.client_certificate_auth, managed.gateway
    gateway = _gateway_policy(file, store)
    own = {name: _own(document, name) for name in document.api_endpoints}
    apis = {
        name: _api_policy(gateway, auth, managed.apis.get(name, ApiAuth()))
        for name, auth in own.items()
    }
    return Effective(
        type=_type(file, store),
        header=_header(file, store),
        gateway=gateway,
        apis=MappingProxyType(apis),
        overriding=frozenset(
            name
            for name, auth in own.items()
            if _gives(auth) or _gives(managed.apis.get(name, ApiAuth()))
        ),
    )


def file_auth_of(document: Document, api: str) -> ApiAuth:
    """What the file itself gives for one API; all parts None where it gives nothing."""
    return _own(document, api)


def _own(document: Document, name: str) -> ApiAuth:
    given = (entry.client_certificate_auth for entry in document.api_endpoints[name])
    return next((one for one in given if one is not None), ApiAuth())


def _gives(auth: ApiAuth) -> bool:
    return any(getattr(auth, name) is not None for name in ApiAuth.model_fields)


def _part(file: T | None, store: T | None, default: T) -> Part[T]:
    if file is not None:
        return Part(file, Source.FILE)
    return Part(default, Source.DEFAULT) if store is None else Part(store, Source.STORE)


def _own_part(file: T | None, store: T | None, inherited: Part[T]) -> Part[T]:
    found = _part(file, store, inherited.value)
    return found if found.source is not Source.DEFAULT else Part(inherited.value, Source.GATEWAY)


def _gateway_policy(file: GatewayAuth, store: GatewayAuth) -> EffectivePolicy:
    return EffectivePolicy(
        required=_part(file.required, store.required, False),
        names=_part(file.trusted_distinguished_names, store.trusted_distinguished_names, ()),
        allow=_part(file.allow, store.allow, ()),
        deny=_part(file.deny, store.deny, ()),
        report_only=_part(file.report_only, store.report_only, False),
        revocation=_part(_revocation(file).mode, None, None),
        grace=_part(_revocation(file).grace, None, timedelta()),
        preference=_part(_revocation(file).preference, None, "crl-first"),
    )


def _api_policy(gateway: EffectivePolicy, file: ApiAuth, store: ApiAuth) -> EffectivePolicy:
    deny = _own_part(file.deny, store.deny, gateway.deny)
    if deny.source is not Source.GATEWAY:
        deny = Part(tuple(dict.fromkeys((*gateway.deny.value, *deny.value))), deny.source)
    names = _own_part(
        file.trusted_distinguished_names, store.trusted_distinguished_names, gateway.names
    )
    return EffectivePolicy(
        required=_own_part(file.required, store.required, gateway.required),
        names=names,
        allow=_own_part(file.allow, store.allow, gateway.allow),
        deny=deny,
        report_only=_own_part(file.report_only, store.report_only, gateway.report_only),
        revocation=_own_part(_revocation(file).mode, None, gateway.revocation),
        grace=_own_part(_revocation(file).grace, None, gateway.grace),
        preference=_own_part(_revocation(file).preference, None, gateway.preference),
    )


def _revocation(auth: ApiAuth) -> ApiRevocation:
    return auth.revocation or ApiRevocation()


def _type(file: GatewayAuth, store: GatewayAuth) -> Part[AuthType]:
    found = _part(file.type, store.type, "none")
    return Part(AuthType(found.value), found.source)


def _header(file: GatewayAuth, store: GatewayAuth) -> HeaderSettings:
    presets = _part(file.header_preset, store.header_preset, None)
    preset = PRESETS[presets.value] if presets.value else None
    name = _part(file.header_name, store.header_name, None)
    if name.value is None and preset:
        name = Part(preset.header, presets.source)
    written = _part(file.header_format, store.header_format, None)
    way = Part(HeaderFormat(written.value), written.source) if written.value else None
    if way is None:
        way = Part(preset.format, presets.source) if preset else _AUTO
    return HeaderSettings(
        name=name,
        format=way,
        trusted_proxies=_part(file.trusted_proxies, store.trusted_proxies, ()),
        proxy_protocol=_part(file.proxy_protocol, store.proxy_protocol, False),
    )


_AUTO = Part(HeaderFormat.AUTO, Source.DEFAULT)
