"""Where questions are answered: the standing, the remembered intermediates and recent decisions."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ostiary.trust.blocks import find_block, refuse_blocked, step_of
from ostiary.trust.decision import Admitted, Decision, Presented, Refused, Walk
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.judge import REFUSAL_AGE, Keeper, judge, walk
from ostiary.trust.reason import Reason
from ostiary.trust.standing import Standing
from ostiary.x509.ocsp_question import Subject

CAPACITY = 1024
"""Decisions remembered here, about 7 KB each; the engine's own table in front is larger."""


@dataclass(frozen=True, slots=True)
class _Kept:
    decision: Decision
    until: datetime
    chain: bytes
    """Digest of the chain it was decided on."""
    blocked: object
    """``Blocked.identity`` of those it was looked up in."""


class Desk:
    """Answers for the agent. One event loop uses it; it is not for two threads at once.

    An admission stands for the certificate whatever chain comes with it next time; a refusal
    only for the very chain it was decided on, so a bad chain can't lock a certificate out.
    """

    __slots__ = (
        "_capacity", "_intermediates", "_kept", "_standing", "intermediates_version", "judged",
    )  # fmt: skip

    def __init__(
        self, standing: Standing, intermediates: Intermediates, capacity: int = CAPACITY
    ) -> None:
        """Start with no decisions remembered."""
        self._standing = standing
        self._intermediates = intermediates
        self._capacity = capacity
        self._kept: OrderedDict[tuple[str, bytes], _Kept] = OrderedDict()
        self.intermediates_version = 0
        """Grows whenever an intermediate is learnt: save ``intermediates`` when it has."""
        self.judged = 0
        """Grows whenever a decision is made, and not when one is repeated."""

    @property
    def standing(self) -> Standing:
        """What is trusted right now."""
        return self._standing

    @property
    def intermediates(self) -> Intermediates:
        """The memory this desk learns into."""
        return self._intermediates

    def replace(self, standing: Standing) -> None:
        """Judge by ``standing`` from now on; decisions of policies it lacks are forgotten.

        Those made under another set of blocks are looked at again when they are asked for.
        """
        living = {policy.id for policy in standing.policies()}
        self._standing = standing
        for key in [key for key in self._kept if key[0] not in living]:
            del self._kept[key]

    def reconsider(self, subjects: Iterable[Subject]) -> None:
        """Judge anew where there is other word about one of these."""
        serials: dict[int, list[bytes]] = {}
        for one in subjects:
            serials.setdefault(one.certificate.serial, []).append(one.certificate.issuer_der)
        for key in [key for key, kept in self._kept.items() if _hangs_on(kept.decision, serials)]:
            del self._kept[key]

    def answer(self, entry: str, leaf: bytes, chain: tuple[bytes, ...], now: datetime) -> Decision:
        """Decide, or repeat a decision that still holds. ``now`` is aware."""
        keeper = self._standing.keeper(entry)
        if keeper is None:
            self.judged += 1
            return _unknown(entry, now)
        key = (keeper.policy.id, hashlib.sha256(leaf).digest())
        kept = self._kept.get(key)
        if kept is not None and now < kept.until and _covers(kept, chain):
            self._kept.move_to_end(key)
            if self._stands(key, kept, now):
                return kept.decision
        return self._decide(Presented(entry, leaf, chain), keeper, key, now)

    def explain(self, entry: str, leaf: bytes, chain: tuple[bytes, ...], now: datetime) -> Walk:
        """The steps of a fresh decision; remembers nothing."""
        keeper = self._standing.keeper(entry)
        if keeper is None:
            return Walk((), _unknown(entry, now))
        blocked = self._standing.blocked
        refused = refuse_blocked(blocked, leaf, now)
        if refused is not None:
            return Walk((step_of(blocked, refused),), refused)
        found = walk(Presented(entry, leaf, chain), keeper, self._intermediates, now)
        return Walk((step_of(blocked, None), *found.steps), found.decision)

    def _stands(self, key: tuple[str, bytes], kept: _Kept, now: datetime) -> bool:
        """Whether another set of blocks changes nothing. When verdicts are withdrawn all clients
        ask again, so who is not concerned isn't judged from the beginning."""
        blocked, decision = self._standing.blocked, kept.decision
        if kept.blocked is blocked.identity:
            return True
        if isinstance(decision, Refused):
            return False
        leaf = decision.path[0]
        if find_block(blocked, leaf.der, now, lambda: leaf) is not None:
            return False
        self._kept[key] = replace(kept, blocked=blocked.identity)
        return True

    def _decide(
        self, presented: Presented, keeper: Keeper, key: tuple[str, bytes], now: datetime
    ) -> Decision:
        self.judged += 1
        blocked = self._standing.blocked
        decision = refuse_blocked(blocked, presented.leaf, now) or judge(
            presented, keeper, self._intermediates, now
        )
        if isinstance(decision, Admitted) and self._intermediates.remember(decision.path):
            self.intermediates_version += 1
        if decision.until is not None:
            self._kept[key] = _Kept(
                decision, decision.until, _digest(presented.chain), blocked.identity
            )
            self._kept.move_to_end(key)
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        return decision


def _hangs_on(decision: Decision, serials: Mapping[int, Sequence[bytes]]) -> bool:
    """Whether it may depend on one of these, by serial number and issuer."""
    if isinstance(decision, Refused):
        return decision.reason in (Reason.REVOKED, Reason.REVOCATION_UNDETERMINED)
    return any(one.issuer_der in serials.get(one.serial, ()) for one in decision.path)


def _covers(kept: _Kept, chain: tuple[bytes, ...]) -> bool:
    return isinstance(kept.decision, Admitted) or kept.chain == _digest(chain)


def _unknown(entry: str, now: datetime) -> Refused:
    return Refused(Reason.UNKNOWN_ENTRY, f"nothing is known of {entry!r}", now + REFUSAL_AGE)


def _digest(chain: tuple[bytes, ...]) -> bytes:
    digest = hashlib.sha256()
    for der in chain:
        digest.update(len(der).to_bytes(4, "big") + der)
    return digest.digest()
