"""Consumers of an Express Gateway as they were dumped: users, apps, scopes, credentials.

Two forms, in any number of JSON documents one after the other. What its admin API answers:
``{"users": […]}``, ``{"apps": […]}``, ``{"scopes": […]}``, ``{"credentials": […]}``. What Redis has
(``lib/services/*/*.dao.js`` of 1.16.11): ``{"EG-user:<id>": {hash}}``; values that are no hashes
are indexes, and not needed.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ostiary.kernel.errors import WrongUse

_TYPES = ("key-auth", "basic-auth", "jwt", "oauth2")
# Where the password of a type is, and with it the models' passwordKey.
_PASSWORDS: Mapping[str, str] = MappingProxyType({"basic-auth": "password", "oauth2": "secret"})
_DEEPEST = "the dump is nested too deeply"


class NoDump(WrongUse):
    """The text is no dump of consumers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpedUser:
    """A user, as Express Gateway has it."""

    id: str
    username: str
    firstname: str = ""
    lastname: str = ""
    email: str = ""
    redirect_uri: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpedApp:
    """An app of a user."""

    id: str
    user: str
    """Id of its user."""
    name: str
    redirect_uri: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpedCredential:
    """A credential of a user or an app."""

    type: str
    consumer: str
    """Id of its user or app."""
    name: str = ""
    """A key's id; empty where clients name the consumer."""
    secret: str = field(default="", repr=False)
    """A key's secret in clear, or a password's hash; empty where it wasn't told."""
    scopes: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """All that was dumped."""

    users: tuple[DumpedUser, ...] = ()
    apps: tuple[DumpedApp, ...] = ()
    scopes: tuple[str, ...] = ()
    credentials: tuple[DumpedCredential, ...] = ()


Record = Mapping[str, Any]


class _Collecting:
    """Records by id: who is told twice is one."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._users: dict[str, DumpedUser] = {}
        self._apps: dict[str, DumpedApp] = {}
        self._scopes: dict[str, None] = {}
        self._credentials: dict[tuple[str, str], DumpedCredential] = {}

    def take(self, document: object) -> bool:
        """One document; whether anything in it is of a dump. A Redis may have others' keys, too."""
        found = False
        if isinstance(document, list):
            for one in document:
                found |= self.take(one)
        elif isinstance(document, dict):
            for key, value in document.items():
                found |= self._entry(str(key), value)
        return found

    def dump(self) -> Dump:
        """What there is."""
        return Dump(
            users=tuple(self._users.values()),
            apps=tuple(self._apps.values()),
            scopes=tuple(self._scopes),
            credentials=tuple(self._credentials.values()),
        )

    def _entry(self, key: str, value: object) -> bool:
        kinds: Mapping[str, Callable[[Record], None]] = {
            "users": self._user,
            "apps": self._app,
            "credentials": self._credential,
        }
        if key in kinds and isinstance(value, list):
            for one in value:
                kinds[key](_record(one))
            return True
        if key == "scopes" and (isinstance(value, list) or value is None):
            self._scopes.update(dict.fromkeys(map(str, value or ())))
            return True
        if key == "nextKey":
            return True
        return self._key(key, value)

    def _key(self, key: str, value: object) -> bool:
        """A key of Redis with its value."""
        before, _, identifier = key.partition(":")
        if not before.startswith(f"{self._namespace}-"):
            return False
        kind = before.removeprefix(f"{self._namespace}-")
        if not isinstance(value, dict):
            return True  # a set that leads from a name or a consumer to ids
        if kind == "user":
            self._user({"id": identifier, **value})
        elif kind == "application":
            self._app({"id": identifier, **value})
        elif kind == "scope":
            self._scopes.update(dict.fromkeys(map(str, value)))
        elif kind in _TYPES:
            self._credential({"id": identifier, **value, "type": kind})
        return True

    def _user(self, one: Record) -> None:
        user = DumpedUser(
            id=_text(one, "id"),
            username=_text(one, "username"),
            firstname=_text(one, "firstname"),
            lastname=_text(one, "lastname"),
            email=_text(one, "email"),
            redirect_uri=_text(one, "redirectUri"),
            active=_active(one),
        )
        self._users[user.id] = user

    def _app(self, one: Record) -> None:
        app = DumpedApp(
            id=_text(one, "id"),
            user=_text(one, "userId"),
            name=_text(one, "name"),
            redirect_uri=_text(one, "redirectUri"),
            active=_active(one),
        )
        self._apps[app.id] = app

    def _credential(self, one: Record) -> None:
        kind = _text(one, "type")
        by_password = kind in _PASSWORDS
        where = _text(one, "passwordKey") or _PASSWORDS.get(kind, "keySecret")
        credential = DumpedCredential(
            type=kind,
            consumer=_text(one, "id") if by_password else _text(one, "consumerId"),
            name="" if by_password else _text(one, "keyId") or _text(one, "id"),
            secret=_text(one, where),
            scopes=_scopes(one.get("scopes")),
            active=_active(one),
        )
        self._credentials[(kind, credential.name or credential.consumer)] = credential


def read_dump(text: str, namespace: str = "EG") -> Dump:
    """``namespace`` is ``db.redis.namespace`` of the system configuration. Raises NoDump."""
    collecting = _Collecting(namespace)
    documents = list(_documents(text))
    found = [collecting.take(document) for document in documents]
    if documents and not any(found):
        raise NoDump(
            f"the dump holds no consumers; it begins {json.dumps(documents[0])[:80]} "
            f"(give answers of the admin API, or keys that begin with {namespace}-)"
        )
    return collecting.dump()


def _documents(text: str) -> Iterator[object]:
    decoder = json.JSONDecoder()
    text = text.removeprefix("\ufeff")
    at = len(text) - len(text.lstrip())
    while at < len(text):
        try:
            document, at = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError) as error:
            line = text.count("\n", 0, getattr(error, "pos", at)) + 1
            why = error.msg if isinstance(error, json.JSONDecodeError) else _DEEPEST
            raise NoDump(f"line {line} of the dump isn't JSON: {why}") from error
        yield document
        while at < len(text) and text[at].isspace():
            at += 1


def _record(one: object) -> Record:
    if isinstance(one, dict):
        return one
    raise NoDump(f"the dump has {json.dumps(one)[:80]} where a consumer or a credential should be")


def _text(one: Record, key: str) -> str:
    value = one.get(key)
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _active(one: Record) -> bool:
    """Redis has texts; and what doesn't say so isn't active."""
    return one.get("isActive") in (True, "true")


def _scopes(value: object) -> tuple[str, ...]:
    """A list, JSON of one in Redis, or none."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (json.JSONDecodeError, RecursionError):
            value = [value]
    if isinstance(value, str):
        value = [value]
    return tuple(dict.fromkeys(map(str, value))) if isinstance(value, list) else ()
