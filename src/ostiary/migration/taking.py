"""From a dump to what the admin API imports: in portions, and what can't be taken at all."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ostiary.consumers import names
from ostiary.consumers.refusal import ConsumerRefused
from ostiary.migration.dump import Dump, DumpedApp, DumpedCredential, DumpedUser

PORTION = 1_000
"""Users, apps and credentials that are sent together; a user's are never parted."""
_TAKEN = frozenset({"key-auth", "basic-auth", "jwt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Untaken:
    """What stays behind, or a part of it."""

    what: str
    """As ``credential key-auth abc``."""
    why: str
    way_out: str


@dataclass(slots=True)
class Portion:
    """A body of ``POST /api/v1/consumers/import``."""

    body: dict[str, list[Any]] = field(
        default_factory=lambda: {"scopes": [], "users": [], "apps": [], "credentials": []}
    )
    called: dict[str, str] = field(default_factory=dict)
    """What people call a thing, by its JSON pointer in the body."""

    def add(self, section: str, record: Any, called: str) -> None:
        """One more."""
        self.called[f"/{section}/{len(self.body[section])}"] = called
        self.body[section].append(record)

    @property
    def size(self) -> int:
        """Records in it."""
        return len(self.called)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is sent, and what isn't."""

    portions: tuple[Portion, ...]
    untaken: tuple[Untaken, ...]


def plan(dump: Dump) -> Plan:
    """Sort users with all that is theirs into portions. Raises nothing."""
    planner = _Planner(dump)
    portions = tuple(planner.portions())
    return Plan(portions=portions, untaken=tuple(planner.untaken))


class _Planner:
    def __init__(self, dump: Dump) -> None:
        self._dump = dump
        self.untaken: list[Untaken] = []

    def portions(self) -> Iterator[Portion]:
        apps = _grouped(self._dump.apps, lambda app: app.user)
        credentials = _grouped(self._dump.credentials, lambda one: one.consumer)
        portion = Portion()
        for scope in self._dump.scopes:
            portion.add("scopes", scope, f"scope {scope}")
        for user in self._dump.users:
            self._user(portion, user)
            mine = apps.pop(user.id, [])
            for app in mine:
                self._app(portion, app)
            for whose in (user, *mine):
                for one in credentials.pop(whose.id, []):
                    self._credential(portion, one)
            if portion.size >= PORTION:
                yield portion
                portion = Portion()
        if portion.size:
            yield portion
        self._orphans(apps, credentials)

    def _orphans(
        self,
        apps: Mapping[str, list[DumpedApp]],
        credentials: Mapping[str, list[DumpedCredential]],
    ) -> None:
        for app in (one for mine in apps.values() for one in mine):
            self._leave(f"app {app.name}", f"its user {app.user!r} isn't in the dump", "dump it")
        for one in (one for theirs in credentials.values() for one in theirs):
            why = f"its consumer {one.consumer!r} isn't in the dump"
            self._leave(_called(one), why, "dump all users and apps")

    def _leave(self, what: str, why: str, way_out: str) -> None:
        self.untaken.append(Untaken(what=what, why=why, way_out=way_out))

    def _user(self, portion: Portion, user: DumpedUser) -> None:
        called = f"user {user.username}"
        if not self._has_id(called, user.id):
            return
        record = {
            "id": user.id,
            "username": user.username,
            "firstname": self._fit(called, "firstname", user.firstname, _check_person),
            "lastname": self._fit(called, "lastname", user.lastname, _check_person),
            "email": self._fit(called, "email", user.email, names.check_email),
            "redirectUri": self._uri(called, user.redirect_uri),
            "active": user.active,
        }
        portion.add("users", record, called)

    def _app(self, portion: Portion, app: DumpedApp) -> None:
        called = f"app {app.name}"
        if not self._has_id(called, app.id) or names.uuid_of(app.user) is None:
            return
        record = {
            "id": app.id,
            "user": app.user,
            "name": app.name,
            "redirectUri": self._uri(called, app.redirect_uri),
            "active": app.active,
        }
        portion.add("apps", record, called)

    def _credential(self, portion: Portion, one: DumpedCredential) -> None:
        called = _called(one)
        lacking = _lacking(one)
        if lacking is not None:
            self._leave(called, *lacking)
            return
        if names.uuid_of(one.consumer) is None:
            return  # its consumer was told
        secret = "hash" if one.type == "basic-auth" else "secret"
        record = {
            "type": one.type,
            "consumer": one.consumer,
            "name": one.name,
            secret: one.secret,
            "scopes": list(one.scopes),
            "active": one.active,
        }
        portion.add("credentials", record, called)

    def _has_id(self, called: str, identifier: str) -> bool:
        if names.uuid_of(identifier) is not None:
            return True
        why = f"its id {identifier[:80]!r} is no UUID"
        self._leave(called, f"{why}; it stays behind with what is its own", "create it anew")
        return False

    def _uri(self, called: str, text: str) -> str:
        return self._fit(called, "redirectUri", text, names.check_redirect_uri)

    def _fit(self, called: str, name: str, text: str, check: Callable[[str], None]) -> str:
        """A text that people read; one that can't be kept stops nobody."""
        try:
            check(text)
        except ConsumerRefused as refused:
            self._leave(f"{name} of {called}", refused.message, refused.way_out)
            return ""
        return text


def _check_person(text: str) -> None:
    if text:
        names.check_name("name", text)


def _lacking(one: DumpedCredential) -> tuple[str, str] | None:
    """Why a credential can't be taken, and the way out."""
    if one.type == "oauth2":
        return "Ostiary issues no OAuth 2.0 tokens", "let an authorization server do it"
    if one.type not in _TAKEN:
        return f"there is no type {one.type[:80]!r}", "create another credential"
    if one.secret:
        return None
    if one.type == "basic-auth":
        return (
            "the admin API doesn't tell passwords, not even as hashes",
            "take a dump of Redis, or set a new password: 'ostiary credentials create'",
        )
    return "its secret isn't in the dump", "take a dump of Redis, or create a new credential"


def _called(one: DumpedCredential) -> str:
    return f"{one.type or 'nameless'} credential {one.name or 'of ' + one.consumer}"


def _grouped(things: Any, whose: Callable[[Any], str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for one in things:
        found.setdefault(whose(one), []).append(one)
    return found
