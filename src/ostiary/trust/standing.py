"""What is trusted right now, scope by scope; immutable and swapped whole."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from ostiary.kernel.blocked import NOBODY, Blocked
from ostiary.trust.judge import Keeper
from ostiary.trust.names.index import NameIndex
from ostiary.trust.policy import TrustPolicy
from ostiary.trust.revocation import Register
from ostiary.trust.statuses import Statuses
from ostiary.x509.verify import PathVerifier

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Standing:
    """The keeper of every scope: a TLS entry (its id), or an API at one (``<entry>.<api>``).

    Scopes with the same policy share a keeper, keepers what they have in common.
    """

    entries: Mapping[str, Keeper]
    blocked: Blocked = NOBODY
    """Who may pass nowhere."""

    def keeper(self, scope: str) -> Keeper | None:
        """Who judges in this scope; None if nobody does.

        An API that is not known here is one whose own policy has just come or gone, asked about
        by a worker of the configuration before or after: its entry's policy judges meanwhile.
        """
        found = self.entries.get(scope)
        return found or self.entries.get(scope.partition(".")[0])

    def policies(self) -> Iterable[TrustPolicy]:
        """Each distinct policy once."""
        return {keeper.policy.id: keeper.policy for keeper in self.entries.values()}.values()


def standing_of(
    policies: Mapping[str, TrustPolicy],
    before: Standing | None = None,
    blocked: Blocked = NOBODY,
    statuses: Statuses | None = None,
) -> Standing:
    """Make the policies of the scopes ready.

    ``statuses``: the OCSP answers at hand, the same as for ``before``; none when left out.

    Of ``before`` (the standing that this one will replace at the same desk) what has not changed
    is kept, so that a change costs what has changed. Raises PatternRefused for names that can't
    be read.
    """
    workshop = _Workshop(before, statuses)
    keepers = {identity: workshop.keeper(policy) for identity, policy in _distinct(policies)}
    entries = {scope: keepers[policy.id] for scope, policy in policies.items()}
    return Standing(MappingProxyType(entries), blocked)


def _distinct(policies: Mapping[str, TrustPolicy]) -> Iterable[tuple[str, TrustPolicy]]:
    return {policy.id: policy for policy in policies.values()}.items()


class _Workshop:
    """Makes keepers, each costly part once: ten thousand anchors under a thousand APIs are
    indexed once, and so are the names that several policies ask for."""

    def __init__(self, before: Standing | None, statuses: Statuses | None) -> None:
        self._statuses = Statuses() if statuses is None else statuses
        self._verifiers: dict[str, PathVerifier] = {}
        self._registers: dict[str, Register] = {}
        self._names: dict[str, NameIndex] = {}
        self._keepers: dict[str, Keeper] = {}
        for keeper in before.entries.values() if before else ():
            self._keepers.setdefault(keeper.policy.id, keeper)
            self._verifiers.setdefault(keeper.policy.anchor_set.id, keeper.verifier)
            self._names.setdefault(keeper.policy.names.id, keeper.names)
            self._registers.setdefault(_register_key(keeper.policy), keeper.register)

    def keeper(self, policy: TrustPolicy) -> Keeper:
        """Ready to judge by this policy."""
        if policy.id in self._keepers:
            return self._keepers[policy.id]
        return Keeper(
            policy,
            _once(self._names, policy.names.id, lambda: NameIndex(policy.names)),
            verifier=_once(
                self._verifiers, policy.anchor_set.id, lambda: PathVerifier(policy.anchors)
            ),
            register=_once(
                self._registers,
                _register_key(policy),
                lambda: Register(policy.crls, policy.anchors),
            ),
            statuses=self._statuses,
        )


def _once(made: dict[str, T], key: str, make: Callable[[], T]) -> T:
    if key not in made:
        made[key] = make()
    return made[key]


def _register_key(policy: TrustPolicy) -> str:
    lists = sorted({crl.sha256.hex() for crl in policy.crls})
    return " ".join((policy.anchor_set.id, *lists)) if lists else ""
