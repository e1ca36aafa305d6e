"""What is trusted right now, entry by entry; immutable and swapped whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ostiary.trust.judge import Keeper
from ostiary.trust.policy import TrustPolicy


@dataclass(frozen=True, slots=True)
class Standing:
    """The keeper of every TLS entry. Entries with the same policy share one."""

    entries: Mapping[str, Keeper]

    def policies(self) -> Iterable[TrustPolicy]:
        """Each distinct policy once."""
        return {keeper.policy.id: keeper.policy for keeper in self.entries.values()}.values()


def standing_of(policies: Mapping[str, TrustPolicy]) -> Standing:
    """Make the policies of the TLS entries ready."""
    keepers = {policy.id: policy for policy in policies.values()}
    ready = {identity: Keeper(policy) for identity, policy in keepers.items()}
    entries = {entry: ready[policy.id] for entry, policy in policies.items()}
    return Standing(MappingProxyType(entries))
