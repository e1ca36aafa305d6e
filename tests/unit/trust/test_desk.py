"""The desk: decisions remembered as long as they hold, and no longer."""

from datetime import timedelta

from ostiary.trust.decision import Admitted, Decision, Refused
from ostiary.trust.desk import Desk
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.policy import TrustPolicy
from ostiary.trust.reason import Reason
from ostiary.trust.standing import Standing, standing_of
from tests.support.pki import Kit, Made

SECOND = timedelta(seconds=1)


def standing(**entries: tuple[Made, ...]) -> Standing:
    return standing_of(
        {
            entry: TrustPolicy(anchors=tuple(made.certificate for made in anchors))
            for entry, anchors in entries.items()
        }
    )


def reason_of(decision: Decision) -> Reason | None:
    return decision.reason if isinstance(decision, Refused) else None


def test_an_unknown_entry_is_refused(kit: Kit) -> None:
    root = kit.root("root")
    desk = Desk(standing(a=(root,)), Intermediates())
    leaf = kit.client(root, "leaf").der
    assert reason_of(desk.answer("b", leaf, (), kit.now)) is Reason.UNKNOWN_ENTRY
    assert reason_of(desk.explain("b", leaf, (), kit.now).decision) is Reason.UNKNOWN_ENTRY
    assert isinstance(desk.answer("a", leaf, (), kit.now), Admitted)


def test_entries_with_the_same_policy_share_its_decisions_and_others_do_not(kit: Kit) -> None:
    root, other = kit.root("root"), kit.root("other")
    desk = Desk(standing(a=(root,), b=(root,), c=(other,)), Intermediates())
    leaf = kit.client(root, "leaf").der
    first = desk.answer("a", leaf, (), kit.now)
    assert desk.answer("b", leaf, (), kit.now + SECOND) is first
    assert reason_of(desk.answer("c", leaf, (), kit.now)) is Reason.ISSUER_MISSING


def test_a_decision_is_repeated_until_its_end_and_made_anew_then(kit: Kit) -> None:
    root = kit.root("root")
    leaf = kit.client(root, "leaf", not_after=kit.now + 90 * SECOND).der
    desk = Desk(standing(a=(root,)), Intermediates())
    first = desk.answer("a", leaf, (), kit.now)
    assert desk.answer("a", leaf, (), kit.now + 89 * SECOND) is first
    late = desk.answer("a", leaf, (), kit.now + 91 * SECOND)
    assert reason_of(late) is Reason.CERTIFICATE_EXPIRED


def test_a_client_not_yet_valid_is_admitted_the_moment_it_is(kit: Kit) -> None:
    root = kit.root("root")
    leaf = kit.client(root, "leaf", not_before=kit.now + 10 * SECOND).der
    desk = Desk(standing(a=(root,)), Intermediates())
    assert reason_of(desk.answer("a", leaf, (), kit.now)) is Reason.NOT_YET_VALID
    assert reason_of(desk.answer("a", leaf, (), kit.now + 9 * SECOND)) is Reason.NOT_YET_VALID
    assert isinstance(desk.answer("a", leaf, (), kit.now + 10 * SECOND), Admitted)


def test_a_missing_chain_is_not_held_against_the_next_connection(kit: Kit) -> None:
    root = kit.root("root")
    mid = kit.intermediate(root, "mid")
    leaf = kit.client(mid, "leaf")
    desk = Desk(standing(a=(root,)), Intermediates())
    assert reason_of(desk.answer("a", leaf.der, (), kit.now)) is Reason.ISSUER_MISSING
    assert isinstance(desk.answer("a", leaf.der, leaf.chain, kit.now), Admitted)
    assert desk.intermediates_version == 1
    assert isinstance(desk.answer("a", leaf.der, (), kit.now), Admitted)


def test_a_bad_chain_does_not_lock_the_certificate_out(kit: Kit) -> None:
    root = kit.root("root")
    mid = kit.intermediate(root, "mid")
    leaf = kit.client(mid, "leaf")
    desk = Desk(standing(a=(root,)), Intermediates())
    wrong = (kit.intermediate(kit.root("other"), "x").der,)
    refused = desk.answer("a", leaf.der, wrong, kit.now)
    assert reason_of(refused) is Reason.UNTRUSTED_ISSUER
    assert desk.answer("a", leaf.der, wrong, kit.now + SECOND) is refused
    assert isinstance(desk.answer("a", leaf.der, leaf.chain, kit.now), Admitted)
    assert isinstance(desk.answer("a", leaf.der, wrong, kit.now), Admitted)


def test_another_client_of_a_known_intermediate_needs_no_chain(kit: Kit) -> None:
    root = kit.root("root")
    mid = kit.intermediate(root, "mid")
    one, two = kit.client(mid, "one"), kit.client(mid, "two")
    desk = Desk(standing(a=(root,)), Intermediates())
    desk.answer("a", one.der, one.chain, kit.now)
    assert isinstance(desk.answer("a", two.der, (), kit.now), Admitted)
    assert desk.intermediates_version == 1


def test_a_new_standing_is_obeyed_at_once(kit: Kit) -> None:
    root, other = kit.root("root"), kit.root("other")
    leaf = kit.client(root, "leaf").der
    desk = Desk(standing(a=(root,)), Intermediates())
    admitted = desk.answer("a", leaf, (), kit.now)
    assert isinstance(admitted, Admitted)
    desk.replace(standing(a=(other,)))
    assert isinstance(desk.answer("a", leaf, (), kit.now), Refused)
    desk.replace(standing(a=()))
    assert reason_of(desk.answer("a", leaf, (), kit.now)) is Reason.NO_TRUST_ANCHORS
    desk.replace(standing(a=(root,)))
    again = desk.answer("a", leaf, (), kit.now)
    assert again == admitted
    assert again is not admitted


def test_decisions_of_a_policy_that_stays_are_kept_over_a_new_standing(kit: Kit) -> None:
    root = kit.root("root")
    leaf = kit.client(root, "leaf").der
    desk = Desk(standing(a=(root,)), Intermediates())
    first = desk.answer("a", leaf, (), kit.now)
    desk.replace(standing(a=(), b=(root,)))
    assert desk.answer("b", leaf, (), kit.now) is first
    assert reason_of(desk.answer("a", leaf, (), kit.now)) is Reason.NO_TRUST_ANCHORS


def test_the_memory_of_decisions_is_bounded(kit: Kit) -> None:
    root = kit.root("root")
    leaves = [kit.client(root, f"leaf{n}").der for n in range(3)]
    desk = Desk(standing(a=(root,)), Intermediates(), capacity=2)
    first = [desk.answer("a", leaf, (), kit.now) for leaf in leaves]
    assert desk.answer("a", leaves[2], (), kit.now) is first[2]
    assert desk.answer("a", leaves[0], (), kit.now) is not first[0]


def test_explaining_changes_nothing(kit: Kit) -> None:
    root = kit.root("root")
    leaf = kit.client(kit.intermediate(root, "mid"), "leaf")
    desk = Desk(standing(a=(root,)), Intermediates())
    told = desk.explain("a", leaf.der, leaf.chain, kit.now)
    assert isinstance(told.decision, Admitted)
    assert reason_of(desk.answer("a", leaf.der, (), kit.now)) is Reason.ISSUER_MISSING
    assert len(desk.intermediates) == 0
