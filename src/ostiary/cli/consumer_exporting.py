"""Consumers as lines that ``ostiary consumers import`` takes; secrets are never among them."""

import json
from collections.abc import Iterator, Mapping
from typing import TypeVar
from uuid import UUID

from ostiary.cli.answers import Speaker
from ostiary.consumers.model import ConsumerKind, CredentialType
from ostiary.management.consumers.views import ConsumerView, CredentialView
from ostiary.management.views import Page

_AT_ONCE = 200
_T = TypeVar("_T")


def exported(gateway: Speaker) -> Iterator[str]:
    """A line of JSON for each scope, user, app and credential, whoever is named before."""
    for scope in gateway.read(tuple[str, ...], "/consumers/scopes"):
        yield _line({"scope": scope})
    for user in _each(gateway, Page[ConsumerView], "/consumers/users"):
        yield _line({"user": user.name, **_about(user)})
    apps: dict[UUID, ConsumerView] = {}
    for app in _each(gateway, Page[ConsumerView], "/consumers/apps"):
        apps[app.id] = app
        yield _line({"app": app.name, "user": app.user_name, **_about(app)})
    for one in _each(gateway, Page[CredentialView], "/consumers/credentials"):
        if one.consumer_kind is ConsumerKind.USER:
            yield _line(_credential(one, {"user": one.consumer_name}))
        elif one.consumer in apps:  # else it was made after the apps were read
            app = apps[one.consumer]
            yield _line(_credential(one, {"user": app.user_name, "app": app.name}))


def _each(gateway: Speaker, kind: type[Page[_T]], path: str) -> Iterator[_T]:
    """Page by page: there may be a million."""
    cursor: str | None = None
    while True:
        page = gateway.read(kind, path, cursor=cursor, limit=_AT_ONCE)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


def _about(one: ConsumerView) -> Mapping[str, object]:
    told = {
        "id": str(one.id),
        "firstname": one.firstname,
        "lastname": one.lastname,
        "email": one.email,
        "redirectUri": one.redirect_uri,
    }
    return {**{word: text for word, text in told.items() if text}, **_state(active=one.active)}


def _credential(one: CredentialView, owner: Mapping[str, str]) -> Mapping[str, object]:
    told: dict[str, object] = {"credential": one.type.value, **owner}
    if one.type is not CredentialType.BASIC_AUTH:
        told["name"] = one.name
    if one.scopes:
        told["scopes"] = one.scopes
    if one.rules:
        told["rules"] = [dict(rule) for rule in one.rules]
    for word, date in (("validFrom", one.valid_from), ("validUntil", one.valid_until)):
        if date is not None:
            told[word] = date.isoformat()
    return {**told, **_state(active=one.active)}


def _state(*, active: bool) -> Mapping[str, object]:
    return {} if active else {"active": False}


def _line(told: Mapping[str, object]) -> str:
    return json.dumps(told, ensure_ascii=False)
