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
_WORDS: Final = MappingProxyType(
    {
        UserLine: frozenset({"user", "id", "active", *_ABOUT}),
        AppLine: frozenset({"app", "user", "id", "active", "redirectUri"}),
        CredentialLine: frozenset(
            {"credential", "user", "app", "name", "secret", "hash", "scopes", "active"}
            | {"rules", "validFrom", "validUntil"}
        ),
        ScopeLine: frozenset({"scope"}),
    }
)


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


def line_of(found: Mapping[str, Any]) -> Line:
    """The same of what was read already. Raises ConsumerRefused."""
    kind = _kind(found)
    strange = found.keys() - _WORDS[kind]
    if strange:
        word = min(strange)
        raise ConsumerRefused(word[:80], "there is no such thing here", _known(kind))
    if kind is CredentialLine:
        return _credential(found)
    if kind is ScopeLine:
        name = _text(found, "scope")
        names.check_scope(name)
        return ScopeLine(name=name)
    return _app(found) if kind is AppLine else _user(found)


def _kind(found: Mapping[str, Any]) -> type[Line]:
    if "credential" in found:
        return CredentialLine
    if "app" in found:
        return AppLine
    if "user" in found:
        return UserLine
    if "scope" in found:
        return ScopeLine
    raise _bad("it names nobody", "give one of user, app, credential, scope")


def _known(kind: type[Line]) -> str:
    return f"a line of this kind has {', '.join(sorted(_WORDS[kind]))}"


def _user(found: Mapping[str, Any]) -> UserLine:
    name = _text(found, "user")
    names.check_username(name)
    about = About(**{field: _text(found, word) for word, field in _ABOUT.items()})
    check_about(about)
    return UserLine(name=name, id=_id(found), about=about, active=_flag(found))


def _app(found: Mapping[str, Any]) -> AppLine:
    name = _text(found, "app")
    names.check_name("app", name)
    about = About(redirect_uri=_text(found, "redirectUri"))
    check_about(about)
    return AppLine(name=name, user=_owner(found), id=_id(found), about=about, active=_flag(found))


def _credential(found: Mapping[str, Any]) -> CredentialLine:
    kind = _type(found)
    name = _text(found, "name")
    if kind is CredentialType.BASIC_AUTH:
        if name:
            raise ConsumerRefused(
                "name", "it is the username, or the app's id", "leave it out for basic-auth"
            )
    else:
        names.check_credential_name(kind, name)
    scopes = _scopes(found)
    for scope in scopes:
        names.check_scope(scope)
    taken = TakenCredential(
        type=kind,
        consumer=_NOBODY,
        name=name,
        secret=_text(found, "secret"),
        hash=_text(found, "hash"),
        scopes=scopes,
        active=_flag(found),
        rules=_rules(found),
        valid_from=_date(found, "validFrom"),
        valid_until=_date(found, "validUntil"),
    )
    _refuse_strange(taken)
    check_secret(taken)
    return CredentialLine(user=_owner(found), app=_text(found, "app"), credential=taken)


def _refuse_strange(one: TakenCredential) -> None:
    if one.secret and one.hash:
        raise ConsumerRefused("hash", "there is a secret, too", "give one of the two")
    dated = one.valid_from is not None or one.valid_until is not None
    if one.type is not CredentialType.CERTIFICATE and (one.rules or dated):
        raise ConsumerRefused(
            "rules", f"a {one.type.value} credential has neither rules nor dates", "leave them out"
        )


def _type(found: Mapping[str, Any]) -> CredentialType:
    try:
        return CredentialType(_text(found, "credential"))
    except ValueError as error:
        known = ", ".join(CredentialType)
        raise ConsumerRefused("credential", "there is no such type", f"give {known}") from error


def _owner(found: Mapping[str, Any]) -> str:
    user = _text(found, "user")
    if names.uuid_of(user) is None:
        names.check_username(user)
    return user


def _text(found: Mapping[str, Any], word: str) -> str:
    value = found.get(word)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ConsumerRefused(word, "it isn't a text", "write it in quotes")
    return value


def _flag(found: Mapping[str, Any]) -> bool:
    value = found.get("active", True)
    if not isinstance(value, bool):
        raise ConsumerRefused("active", "it is neither true nor false", "give one of the two")
    return value


def _id(found: Mapping[str, Any]) -> UUID | None:
    text = _text(found, "id")
    if not text:
        return None
    uuid = names.uuid_of(text)
    if uuid is None:
        raise ConsumerRefused("id", "it is no UUID", "leave it out: one is made")
    return uuid


def _scopes(found: Mapping[str, Any]) -> tuple[str, ...]:
    value = found.get("scopes")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ConsumerRefused("scopes", "they aren't a list of texts", 'write ["read", "write"]')
    return tuple(dict.fromkeys(value))


def _rules(found: Mapping[str, Any]) -> tuple[Any, ...]:
    value = found.get("rules")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(_is_rule(one) for one in value):
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


def _date(found: Mapping[str, Any], word: str) -> datetime | None:
    text = _text(found, word)
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
