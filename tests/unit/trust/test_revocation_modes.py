"""Modes and graces: who is refused for what revocation lists say, or don't say."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from ostiary.trust.decision import Admitted, Decision, Presented, Refused
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.judge import Keeper, judge, walk
from ostiary.trust.policy import Revocation, TrustPolicy
from ostiary.trust.reason import Reason
from ostiary.x509.revocation import RevocationList
from tests.support.lists import list_of
from tests.support.pki import DAY, Kit, Made
from tests.unit.trust.test_revocation import HELD, REVOKED, UNDETERMINED, Tree, reason

HOUR = timedelta(hours=1)
OFF, SOFT, STRICT = Revocation.OFF, Revocation.SOFT, Revocation.STRICT


@pytest.fixture(scope="session")
def tree(kit: Kit) -> Tree:
    return Tree(kit)


def policy(
    tree: Tree, lists: Sequence[RevocationList], mode: Revocation | None, grace: timedelta
) -> TrustPolicy:
    anchors = (tree.root.certificate, tree.other.certificate)
    return TrustPolicy(anchors=anchors, crls=tuple(lists), revocation=mode, grace=grace)


def decide(
    tree: Tree,
    client: Made,
    lists: Sequence[RevocationList],
    mode: Revocation | None,
    grace: timedelta = timedelta(),
    now: datetime | None = None,
) -> Decision:
    keeper = Keeper(policy(tree, lists, mode, grace))
    shown = Presented("default", client.der, client.chain)
    return judge(shown, keeper, Intermediates(), now or tree.kit.now)


def would(decision: Decision) -> Reason | None:
    assert isinstance(decision, Admitted)
    return decision.would_refuse.reason if decision.would_refuse else None


def test_off_refuses_nobody_strict_who_is_not_known_and_soft_who_is_known(tree: Tree) -> None:
    near, revoked = tree.near, [list_of(tree.root, {tree.near: HELD})]
    for lists, off, soft, strict in (
        (revoked, None, REVOKED, REVOKED),
        ([list_of(tree.other)], None, None, UNDETERMINED),
        ([list_of(tree.root)], None, None, None),
        ([], None, None, UNDETERMINED),
    ):
        found = [reason(decide(tree, near, lists, mode)) for mode in (OFF, SOFT, STRICT)]
        assert found == [off, soft, strict]


def test_without_a_mode_any_list_makes_it_strict_as_in_node(tree: Tree) -> None:
    assert reason(decide(tree, tree.near, [list_of(tree.other)], None)) is UNDETERMINED
    assert isinstance(decide(tree, tree.near, [], None), Admitted)


def test_whom_soft_lets_pass_without_knowing_is_told_by_its_own_reason(tree: Tree) -> None:
    assert would(decide(tree, tree.near, [list_of(tree.other)], SOFT)) is UNDETERMINED
    assert would(decide(tree, tree.near, [list_of(tree.root)], SOFT)) is None
    assert would(decide(tree, tree.near, [], OFF)) is None
    keeper = Keeper(policy(tree, [list_of(tree.other)], SOFT, timedelta()))
    shown = Presented("default", tree.near.der, ())
    steps = walk(shown, keeper, Intermediates(), tree.kit.now).steps
    (step,) = [step for step in steps if step.name == "revocation"]
    assert step.passed
    assert (
        step.detail == "undetermined, which mode soft lets pass: there is no list of 'CN=crl-root'"
    )


def test_who_is_known_as_revoked_is_found_behind_what_is_not_known(tree: Tree) -> None:
    lists = [list_of(tree.root, {tree.mid: None})]
    for mode in (SOFT, STRICT):
        decision = decide(tree, tree.deep, lists, mode)
        assert reason(decision) is REVOKED, decision


def test_a_list_that_ended_still_says_who_was_revoked(tree: Tree) -> None:
    now = tree.kit.now
    ended = list_of(tree.root, {tree.near: None}, begin=now - 2 * DAY, end=now - DAY)
    for mode in (SOFT, STRICT):
        assert reason(decide(tree, tree.near, [ended], mode)) is REVOKED


def test_a_list_to_come_says_nothing_yet_and_soft_asks_again_when_it_begins(tree: Tree) -> None:
    begin = tree.kit.now + timedelta(minutes=5)
    coming = list_of(tree.root, {tree.near: None}, begin=begin)
    decision = decide(tree, tree.near, [coming], SOFT)
    assert isinstance(decision, Admitted)
    assert decision.until == begin
    assert reason(decide(tree, tree.near, [coming], SOFT, now=begin)) is REVOKED


def test_within_the_grace_a_list_that_ended_still_tells_who_is_good(tree: Tree) -> None:
    end = tree.kit.now + timedelta(minutes=10)
    lists = [list_of(tree.root, end=end)]
    before = decide(tree, tree.near, lists, STRICT, HOUR / 2)
    within = decide(tree, tree.near, lists, STRICT, HOUR / 2, now=end)
    after = decide(tree, tree.near, lists, STRICT, HOUR / 2, now=end + HOUR / 2)
    assert isinstance(before, Admitted)
    assert isinstance(within, Admitted)
    assert (before.until, within.until) == (end, end + HOUR / 2)
    assert reason(after) is UNDETERMINED
    assert reason(decide(tree, tree.near, lists, STRICT, now=end)) is UNDETERMINED


def test_a_grace_does_not_bring_back_what_a_newer_list_superseded(tree: Tree) -> None:
    now = tree.kit.now
    old = list_of(tree.root, number=1, begin=now - 3 * DAY)
    newer = list_of(tree.root, number=2, begin=now - 2 * DAY, end=now - HOUR)
    assert reason(decide(tree, tree.near, [old, newer], STRICT, HOUR / 2)) is UNDETERMINED
    assert isinstance(decide(tree, tree.near, [old, newer], STRICT, 2 * HOUR), Admitted)


def test_without_anchors_soft_lets_pass_what_no_list_can_tell(tree: Tree) -> None:
    for mode, says in ((SOFT, None), (STRICT, UNDETERMINED)):
        made = TrustPolicy(
            anchors=(), crls=(list_of(tree.root),), path_needed=False, revocation=mode
        )
        shown = Presented("default", tree.near.der, ())
        decision = judge(shown, Keeper(made), Intermediates(), tree.kit.now)
        assert (decision.reason if isinstance(decision, Refused) else None) is says


def test_mode_and_grace_are_part_of_a_policys_id(tree: Tree) -> None:
    one = [list_of(tree.root)]
    made = [
        policy(tree, one, mode, grace)
        for mode in (OFF, SOFT, STRICT)
        for grace in (timedelta(), HOUR)
    ]
    assert len({each.id for each in made}) == 6
    assert policy(tree, one, None, timedelta()).id == policy(tree, one, STRICT, timedelta()).id
