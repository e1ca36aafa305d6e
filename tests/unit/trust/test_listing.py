"""Whom newer revocation lists concern: at least those who are decided about otherwise."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import product

import pytest
from cryptography import x509
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostiary.trust.decision import Admitted, Decision, Presented
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.judge import judge
from ostiary.trust.listing import newly_listed
from ostiary.trust.names.rules import NameRules
from ostiary.trust.policy import Revocation, TrustPolicy
from ostiary.trust.standing import Standing, standing_of
from ostiary.x509.revocation import RevocationList
from tests.support.lists import list_of, point
from tests.support.pki import DAY, Kit, Made
from tests.unit.trust.test_revocation import HELD, Tree

GONE = x509.ReasonFlags.key_compromise


@pytest.fixture(scope="session")
def tree(kit: Kit) -> Tree:
    return Tree(kit)


def standing(
    tree: Tree, lists: Sequence[RevocationList], names: NameRules | None = None
) -> Standing:
    anchors = (tree.root.certificate, tree.other.certificate)
    modes = {"strict": Revocation.STRICT, "soft": Revocation.SOFT}
    return standing_of(
        {
            scope: TrustPolicy(
                anchors=anchors, crls=tuple(lists), revocation=mode, names=names or NameRules()
            )
            for scope, mode in modes.items()
        }
    )


def concerned(
    tree: Tree, old: Sequence[RevocationList], new: Sequence[RevocationList]
) -> frozenset[int] | None:
    return newly_listed(
        standing(tree, old), standing(tree, new), (tree.mid.certificate,), tree.kit.now
    )


def test_a_list_with_one_more_entry_concerns_that_one(tree: Tree) -> None:
    last = list_of(tree.root, {tree.deep: GONE}, number=1)
    one = list_of(tree.root, {tree.deep: GONE, tree.near: GONE}, number=2)
    assert concerned(tree, [last], [one]) == {tree.near.certificate.serial}
    assert concerned(tree, [last], [list_of(tree.root, number=2)]) == {tree.deep.certificate.serial}
    assert concerned(tree, [last], [last]) == frozenset()
    untouched = list_of(tree.other, {tree.of_other: GONE}, number=7)
    assert concerned(tree, [last, untouched], [untouched, one]) == {tree.near.certificate.serial}


def test_whatever_else_changes_concerns_everybody(tree: Tree) -> None:
    now, last = tree.kit.now, list_of(tree.root, number=1)
    ended, future = now - timedelta(hours=1), now + timedelta(hours=1)
    for old, new in (
        ([], [last]),
        ([last], []),
        ([last], [list_of(tree.other, number=2)]),
        ([last], [list_of(tree.root)]),
        ([list_of(tree.root, number=3)], [list_of(tree.root, number=2)]),
        ([last], [list_of(tree.root, number=2, signer=tree.other)]),
        ([last], [list_of(tree.root, number=2, begin=future)]),
        ([list_of(tree.root, number=1, end=ended)], [list_of(tree.root, number=2)]),
        ([last], [list_of(tree.root, number=2, extensions=point(only_contains_ca_certs=True))]),
        ([last], [list_of(tree.root, number=2), list_of(tree.root, number=3)]),
        ([last, list_of(tree.root, number=2, base=1)], [list_of(tree.root, number=3)]),
        ([last], [list_of(tree.root, {tree.mid: GONE}, number=2)]),
        ([last], [list_of(tree.root, {tree.root: GONE}, number=2)]),
    ):
        assert concerned(tree, old, new) is None


def test_another_name_or_scope_beside_the_list_concerns_everybody(tree: Tree) -> None:
    before = standing(tree, [list_of(tree.root, number=1)])
    newer = [list_of(tree.root, number=2)]
    renamed = standing(tree, newer, NameRules(patterns=("CN=crl-near",)))
    fewer = Standing({"soft": standing(tree, newer).entries["soft"]})
    for after in (renamed, fewer):
        assert newly_listed(before, after, (), tree.kit.now) is None


@pytest.fixture(scope="session")
def pool(tree: Tree) -> tuple[RevocationList, ...]:
    """Lists of three authorities that differ in all that could matter."""
    now = tree.kit.now
    revoked: tuple[dict[Made, x509.ReasonFlags | None], ...] = (
        {}, {tree.near: GONE}, {tree.near: HELD, tree.deep: GONE}, {tree.mid: GONE},
        {tree.of_other: GONE},
    )  # fmt: skip
    found = [
        list_of(issuer, each, number=number)
        for issuer, each, number in product((tree.root, tree.mid, tree.other), revoked, (1, 2, 3))
    ]
    for number, each in product((1, 2, 3), revoked[:3]):
        for odd in (
            {"end": now - timedelta(hours=1)},
            {"begin": now + timedelta(hours=1), "end": now + DAY},
            {"signer": tree.other},
            {"base": 1},
            {"extensions": point(only_contains_user_certs=True)},
        ):
            found.append(list_of(tree.root, each, number=number, **odd))
    return tuple(found)


# The plain lists come first, fifteen of each authority: they follow each other oftenest.
ANY = st.one_of(st.integers(0, 44), st.integers(0, 10_000))
PEER = st.one_of(st.none(), st.integers(0, 14), st.integers(0, 10_000))
SOME = st.lists(ANY, max_size=3)
FOLLOWERS = st.lists(PEER, min_size=3, max_size=3)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=SOME, followers=FOLLOWERS, more=st.one_of(st.just([]), SOME))
def test_who_is_decided_about_otherwise_is_always_concerned(
    tree: Tree,
    pool: tuple[RevocationList, ...],
    first: list[int],
    followers: list[int | None],
    more: list[int],
) -> None:
    by_issuer: dict[bytes, list[int]] = {}
    for place, one in enumerate(pool):
        by_issuer.setdefault(one.issuer_key, []).append(place)
    old = list(dict.fromkeys(number % len(pool) for number in first))
    # Mostly one list is followed by another of the same authority.
    new = [
        place if follower is None else peers[follower % len(peers)]
        for place, follower in zip(old, followers, strict=False)
        if (peers := by_issuer[pool[place].issuer_key])
    ] + [number % len(pool) for number in more]
    before, after = (standing(tree, [pool[at] for at in places]) for places in (old, new))
    serials = newly_listed(before, after, (tree.mid.certificate,), tree.kit.now)
    if serials is None:
        return
    for client, scope in product((tree.near, tree.deep, tree.of_other), ("strict", "soft")):
        decided = [outcome(tree, client, each, scope) for each in (before, after)]
        assert decided[0] == decided[1] or client.certificate.serial in serials


def outcome(tree: Tree, client: Made, each: Standing, scope: str) -> object:
    keeper = each.keeper(scope)
    assert keeper is not None
    shown = Presented(scope, client.der, client.chain)
    decision: Decision = judge(shown, keeper, Intermediates(), tree.kit.now)
    if isinstance(decision, Admitted):
        return decision.would_refuse and decision.would_refuse.reason
    return decision.reason
