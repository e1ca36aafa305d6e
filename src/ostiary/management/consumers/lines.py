"""Users, apps, credentials and scopes as lines of JSON: one object each, told apart by their keys.

``{"user": "ada"}`` is a user, ``{"app": "phone", "user": "ada"}`` her app, ``{"scope": "read"}`` a
scope; what has ``credential``, its type, is a credential of the user, or of the app, that the same
line names. Other gateways' line formats don't agree with each other; this is ours.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, TypeAlias
from uuid import UUID

from ostiary.consumers import names
from ostiary.consumers.certificates import CertificateRule
from ostiary.consumers.model import CredentialType
from ostiary.consumers.refusal import ConsumerRefused
from ostiary.management.consumers.accounts import check_about
from ostiary.management.consumers.sorting import check_secret
from ostiary.management.consumers.taken import TakenCredential
from ostiary.management.consumers.tying import read_rules
from ostiary.management.errors import Unacceptable
from ostiary.store.database.consumer_records import About

LONGEST_LINE: Final = 100_000
"""Bytes; rules of certificate credentials may be many."""
_TYPES: Final = MappingProxyType({kind.value: kind for kind in CredentialType})
_NOBODY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLine:
    """A user."""

    name: str
    id: UUID | None
    """None: one is made for who is new."""
    about: About
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AppLine:
    """An app of a user."""

    name: str
    user: str
    """Username or id."""
    id: UUID | None
    about: About
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialLine:
    """A credential of a user, or of an app of that user."""

    user: str
    app: str
    """Name or id; empty: the user's own."""
    credential: TakenCredential = field(repr=False)
    """But for its consumer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeLine:
    """A scope."""

    name: str


Line: TypeAlias = UserLine | AppLine | CredentialLine | ScopeLine

_ABOUT: Final = MappingProxyType(
    {
        "firstname": "firstname",
        "lastname": "lastname",
        "email": "email",
        "redirectUri": "redirect_uri",
    }
)
_USER: Final = MappingProxyType(
    {"user": str, "id": str, "active": bool} | dict.fromkeys(_ABOUT, str)
)
_APP: Final = MappingProxyType(
    {"app": str, "user": str, "id": str, "active": bool, "redirectUri": str}
)
_CREDENTIAL: Final = MappingProxyType(
    {"credential": str, "user": str, "app": str, "name": str, "secret": str, "hash": str}
    | {"scopes": list, "active": bool, "rules": list, "validFrom": str, "validUntil": str}
)
_SCOPE: Final = MappingProxyType({"scope": str})
_WRITTEN: Final = MappingProxyType(
    {
        str: "a text, in quotes",
        bool: "true or false",
        list: "a list, in brackets",
    }
)
Found: TypeAlias = Mapping[str, Any]
"""The object of a line, whose values are of the right types; null is as good as left out."""


def numbered(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Lines that hold something, numbered from 1."""
    for number, line in enumerate(text.split(b"\n"), 1):
        if line and not line.isspace():
            yield number, line


def read_line(text: bytes) -> Line:
    """Read one line, and check all that can be checked without knowing who is there.

    Raises ConsumerRefused.
    """
    if len(text) > LONGEST_LINE:
        raise _bad(f"it has {len(text)} bytes", f"at most {LONGEST_LINE} are read")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        why = error.msg if isinstance(error, json.JSONDecodeError) else "it can't be read"
        raise _bad(f"it isn't JSON: {why}", "write one object in each line") from error
    if not isinstance(found, dict):
        raise _bad("it isn't an object", 'write it as {"user": "ada"}')
    return line_of(found)


def line_of(found: Found) -> Line:
    """The same of what was read already. Raises ConsumerRefused."""
    if "credential" in found:
        return _credential(_checked(found, _CREDENTIAL))
    if "app" in found:
        return _app(_checked(found, _APP))
    if "user" in found:
        return _user(_checked(found, _USER))
    if "scope" in found:
        name = _checked(found, _SCOPE)["scope"] or ""
        names.check_scope(name)
        return ScopeLine(name=name)
    raise _bad("it names nobody", "give one of user, app, credential, scope")


def _checked(found: Found, words: Mapping[str, type]) -> Found:
    for word, value in found.items():
        kind = words.get(word)
        if kind is None:
            known = ", ".join(sorted(words))
            raise ConsumerRefused(word[:80], "there is no such thing here", f"there is {known}")
        if value.__class__ is not kind and value is not None:
            raise ConsumerRefused(word, "it can't be read", f"write {_WRITTEN[kind]}")
    return found


def _user(found: Found) -> UserLine:
    name = found.get("user") or ""
    names.check_username(name)
    about = About(**{field: found.get(word) or "" for word, field in _ABOUT.items()})
    check_about(about)
    return UserLine(name=name, id=_id(found), about=about, active=_flag(found))


def _app(found: Found) -> AppLine:
    name = found.get("app") or ""
    names.check_name("app", name)
    about = About(redirect_uri=found.get("redirectUri") or "")
    check_about(about)
    return AppLine(name=name, user=_owner(found), id=_id(found), about=about, active=_flag(found))


def _credential(found: Found) -> CredentialLine:
    kind = _type(found)
    name = found.get("name") or ""
    if kind is CredentialType.BASIC_AUTH:
        if name:
            raise ConsumerRefused(
                "name", "it is the username, or the app's id", "leave it out for basic-auth"
            )
    else:
        names.check_credential_name(kind, name)
    taken = TakenCredential(
        type=kind,
        consumer=_NOBODY,
        name=name,
        secret=found.get("secret") or "",
        hash=found.get("hash") or "",
        scopes=_scopes(found),
        active=_flag(found),
        rules=_rules(found),
        valid_from=_date(found, "validFrom"),
        valid_until=_date(found, "validUntil"),
    )
    _refuse_strange(taken)
    check_secret(taken)
    return CredentialLine(user=_owner(found), app=found.get("app") or "", credential=taken)


def _refuse_strange(one: TakenCredential) -> None:
    if one.secret and one.hash:
        raise ConsumerRefused("hash", "there is a secret, too", "give one of the two")
    dated = one.valid_from is not None or one.valid_until is not None
    if one.type is not CredentialType.CERTIFICATE and (one.rules or dated):
        raise ConsumerRefused(
            "rules", f"a {one.type.value} credential has neither rules nor dates", "leave them out"
        )


def _type(found: Found) -> CredentialType:
    kind = _TYPES.get(found["credential"])
    if kind is None:
        raise ConsumerRefused("credential", "there is no such type", f"give {', '.join(_TYPES)}")
    return kind


def _owner(found: Found) -> str:
    user: str = found.get("user") or ""
    if names.uuid_of(user) is None:
        names.check_username(user)
    return user


def _flag(found: Found) -> bool:
    return found.get("active") is not False


def _id(found: Found) -> UUID | None:
    text = found.get("id")
    if not text:
        return None
    uuid = names.uuid_of(text)
    if uuid is None:
        raise ConsumerRefused("id", "it is no UUID", "leave it out: one is made")
    return uuid


def _scopes(found: Found) -> tuple[str, ...]:
    value = found.get("scopes")
    if not value:
        return ()
    for one in value:
        if not isinstance(one, str):
            raise ConsumerRefused("scopes", "they aren't texts", 'write ["read", "write"]')
        names.check_scope(one)
    return tuple(dict.fromkeys(value))


def _rules(found: Found) -> tuple[CertificateRule, ...]:
    value = found.get("rules")
    if not value:
        return ()
    if not all(map(_is_rule, value)):
        raise ConsumerRefused(
            "rules", "they aren't a list of tests", 'write [{"fingerprint": "ab12…"}]'
        )
    try:
        return read_rules(value)
    except Unacceptable as refused:
        first = refused.faults[0]
        raise ConsumerRefused("rules", first.message, first.way_out) from refused


def _is_rule(one: object) -> bool:
    return isinstance(one, dict) and all(isinstance(value, str) for value in one.values())


def _date(found: Found, word: str) -> datetime | None:
    text = found.get(word)
    if not text:
        return None
    try:
        date = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConsumerRefused(word, "it is no date", "write 2030-01-31T12:00:00Z") from error
    if date.tzinfo is None:
        raise ConsumerRefused(word, "its time zone isn't told", "write 2030-01-31T12:00:00Z")
    return date


def _bad(message: str, way_out: str) -> ConsumerRefused:
    return ConsumerRefused("line", message, way_out)
