"""What the database says should be in force: settings, names, trusted certificates."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import TypeVar

from pydantic import ValidationError

from ostiary.config.effective import Managed
from ostiary.config.model.client_auth import ApiAuth, GatewayAuth
from ostiary.store.database.records import JsonValue, Scope
from ostiary.store.database.work import Work
from ostiary.store.soundness import Condition, Damaged, SnapshotDamaged
from ostiary.x509.certificate import Certificate
from ostiary.x509.pem import read_certificates

OWN_NAMES = "trustedDistinguishedNames"
"""As a key of the settings: the scope has a list of its own, which may be empty."""


class Touched(Enum):
    """What a change concerns; all else is taken from memory."""

    SETTINGS = "settings"
    NAMES = "names"
    TRUSTED = "trusted"
    BLOCKED = "blocked"


EVERYTHING = frozenset(Touched)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedBundle:
    """The certificates of one trusted entry."""

    trusted: int
    component: str
    version: int
    pem: str = field(repr=False)
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that the database adds to the file."""

    revision: int
    settings: Mapping[Scope, Mapping[str, JsonValue]]
    names: Mapping[Scope, tuple[str, ...]]
    bundles: tuple[TrustedBundle, ...]
    managed: Managed

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """Every trusted certificate once."""
        found = {one.sha256: one for bundle in self.bundles for one in bundle.certificates}
        return tuple(found.values())

    def acts_as(self, other: "State") -> bool:
        """Whether the same certificates are admitted, and refused, by both."""
        pems = [(one.component, one.version, one.pem) for one in self.bundles]
        others = [(one.component, one.version, one.pem) for one in other.bundles]
        return pems == others and self.managed == other.managed


EMPTY = State(revision=0, settings={}, names={}, bundles=(), managed=Managed())


def missing_since(known: int, now: int) -> str:
    """A sentence if the database is of an older revision than was in force; else empty.

    Each change is a revision of its own.
    """
    if known <= now:
        return ""
    return (
        f"the database is of revision {now}, but revision {known} was in force: changes made since "
        f"are missing from it, {known - now} in all"
    )


def read_state(work: Work, known: State | None, touched: frozenset[Touched]) -> State:
    """The state as this transaction sees it; parts that are not touched are ``known``'s.

    Raises SnapshotDamaged if the database holds what was never written.
    """
    before = known or EMPTY
    if known is None:
        touched = EVERYTHING
    settings = work.settings.all() if Touched.SETTINGS in touched else before.settings
    names = _names(work) if Touched.NAMES in touched else before.names
    state = replace(
        before,
        revision=work.revision.current(),
        settings=settings,
        names=names,
        bundles=_bundles(work, before) if Touched.TRUSTED in touched else before.bundles,
    )
    managed = before.managed
    if touched & {Touched.SETTINGS, Touched.NAMES}:
        managed = _managed(settings, names)
    blocked = before.managed.blocked
    if Touched.BLOCKED in touched:
        blocked = work.blocked.in_force(blocked)
    if managed is before.managed and blocked is managed.blocked:
        return state
    return replace(state, managed=replace(managed, blocked=blocked))


def _names(work: Work) -> Mapping[Scope, tuple[str, ...]]:
    return MappingProxyType({scope: work.names.patterns(scope) for scope in work.names.scopes()})


def _bundles(work: Work, before: State) -> tuple[TrustedBundle, ...]:
    known = {(one.component, one.version, one.pem): one for one in before.bundles}
    found = []
    for bundle in work.trusted.in_force():
        same = known.get((bundle.component, bundle.version, bundle.pem))
        certificates = same.certificates if same else read_certificates(bundle.pem.encode())
        found.append(
            TrustedBundle(
                trusted=bundle.trusted,
                component=bundle.component,
                version=bundle.version,
                pem=bundle.pem,
                certificates=tuple(certificates),
            )
        )
    return tuple(found)


def _managed(
    settings: Mapping[Scope, Mapping[str, JsonValue]], names: Mapping[Scope, tuple[str, ...]]
) -> Managed:
    scopes = {*settings, *names}
    try:
        gateway = GatewayAuth.model_validate(_plain(settings.get(Scope(), {})))
        apis = {
            scope.api: _with_names(ApiAuth.model_validate(_plain(found)), scope, settings, names)
            for scope in scopes
            if scope.api is not None
            for found in (settings.get(scope, {}),)
        }
    except ValidationError as error:
        raise SnapshotDamaged(
            Damaged(
                condition=Condition.CORRUPT,
                what=f"the database is damaged: a setting can't be read: {error.error_count()}",
            )
        ) from error
    return Managed(
        gateway=_with_names(gateway, Scope(), settings, names), apis=MappingProxyType(apis)
    )


_Auth = TypeVar("_Auth", bound=ApiAuth)


def _with_names(
    auth: _Auth,
    scope: Scope,
    settings: Mapping[Scope, Mapping[str, JsonValue]],
    names: Mapping[Scope, tuple[str, ...]],
) -> _Auth:
    """Patterns were checked when they came in: a hundred thousand aren't checked again."""
    patterns = names.get(scope, ())
    if not patterns and OWN_NAMES not in settings.get(scope, {}):
        return auth
    return auth.model_copy(update={"trusted_distinguished_names": patterns})


def _plain(found: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {key: value for key, value in found.items() if key != OWN_NAMES}
