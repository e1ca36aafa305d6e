"""What is trusted, scope by scope: equal things are made ready once."""

from ostiary.trust.anchors import AnchorSet
from ostiary.trust.names.rules import NameRules
from ostiary.trust.policy import TrustPolicy
from ostiary.trust.standing import standing_of
from tests.support.pki import Kit


def test_an_api_nobody_knows_is_judged_by_its_entry(kit: Kit) -> None:
    anchors = (kit.root("root").certificate,)
    standing = standing_of({"e": TrustPolicy(anchors=anchors), "e.a": TrustPolicy(anchors=())})
    assert standing.keeper("e.a") is standing.entries["e.a"]
    assert standing.keeper("e.unknown") is standing.entries["e"]
    assert standing.keeper("other.a") is None


def test_a_thousand_policies_index_their_anchors_and_names_once(kit: Kit) -> None:
    anchors = AnchorSet(kit.root(f"r{number}").certificate for number in range(3))
    same = NameRules(patterns=("CN=a",))
    policies = {
        f"e.{number}": TrustPolicy(
            anchors=anchors,
            names=same if number % 2 else NameRules(patterns=(f"CN={number}",)),
            report_only=number % 3 == 0,
        )
        for number in range(1000)
    }
    keepers = standing_of(policies).entries
    assert len({id(keeper.verifier) for keeper in keepers.values()}) == 1
    assert len({id(keeper.register) for keeper in keepers.values()}) == 1
    assert len({id(keeper.names) for keeper in keepers.values()}) == 501
    assert keepers["e.1"] is keepers["e.5"]
    assert keepers["e.1"] is not keepers["e.3"]


def test_a_change_makes_anew_what_has_changed(kit: Kit) -> None:
    root, other = kit.root("root").certificate, kit.root("other").certificate
    names = NameRules(patterns=("CN=a",))
    before = standing_of(
        {"e": TrustPolicy(anchors=(root,), names=names), "f": TrustPolicy(anchors=(root,))}
    )
    after = standing_of(
        {"e": TrustPolicy(anchors=(other, root), names=names), "f": TrustPolicy(anchors=(root,))},
        before,
    )
    assert after.entries["f"] is before.entries["f"]
    assert after.entries["e"].names is before.entries["e"].names
    assert after.entries["e"].verifier is not before.entries["e"].verifier


def test_sets_of_anchors_are_equal_by_content_whatever_the_order(kit: Kit) -> None:
    a, b = kit.root("a").certificate, kit.root("b").certificate
    assert AnchorSet((a, b)).id == AnchorSet((b, a, b)).id != AnchorSet((a,)).id
    assert AnchorSet((a, b, a)) == (a, b)
    once = AnchorSet((a,))
    assert AnchorSet(once) is once
