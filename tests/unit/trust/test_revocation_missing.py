"""A decision that lacks a list tells where the certificates on its path say that it is."""

import pytest

from ostiary.trust.decision import Admitted, Presented, missing_of
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.judge import Keeper, judge
from ostiary.trust.names.rules import NameRules
from ostiary.trust.policy import Revocation, TrustPolicy
from ostiary.x509.points import list_addresses
from tests.support.lists import list_of, points
from tests.support.pki import Kit, Made

OF_MID, OF_LEAF = "http://crl.example/mid.crl", "HTTPS://crl.example/leaf.crl"


class Tree:
    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.root = kit.root("missing-root")
        self.mid = kit.intermediate(self.root, "missing-mid", extensions=points(OF_MID))
        self.leaf = kit.client(self.mid, "missing-leaf", extensions=points(OF_LEAF, "ldap://x/"))
        self.alien = kit.client(kit.root("alien"), "alien-leaf", extensions=points(OF_LEAF))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return Tree(Kit(tmp_path_factory.mktemp("missing")))


def missing(tree: Tree, client: Made, mode: Revocation, *lists: Made, **more: object) -> object:
    crls = tuple(list_of(one) for one in lists)
    anchors = (tree.root.certificate,)
    policy = TrustPolicy(anchors=anchors, crls=crls, revocation=mode, **more)  # type: ignore[arg-type]  # passed on as given
    shown = Presented("default", client.der, client.chain)
    return missing_of(judge(shown, Keeper(policy), Intermediates(), tree.kit.now))


def test_where_lists_are_is_told_of_every_certificate_that_lacks_one(tree: Tree) -> None:
    for mode in (Revocation.STRICT, Revocation.SOFT):
        assert missing(tree, tree.leaf, mode) == ((OF_LEAF,), (OF_MID,))
        assert missing(tree, tree.leaf, mode, tree.root) == ((OF_LEAF,),)
        assert missing(tree, tree.leaf, mode, tree.root, tree.mid) == ()
    assert missing(tree, tree.leaf, Revocation.OFF) == ()


def test_nothing_is_told_of_a_certificate_whose_path_is_not_verified(tree: Tree) -> None:
    assert missing(tree, tree.alien, Revocation.STRICT) == ()


def test_names_that_are_only_reported_hide_no_missing_list(tree: Tree) -> None:
    rules = NameRules(patterns=("CN=nobody",), allow=(), deny=())
    found = missing(tree, tree.leaf, Revocation.SOFT, names=rules, report_only=True)
    assert found == ((OF_LEAF,), (OF_MID,))


def test_an_admission_without_a_doubt_lacks_nothing(tree: Tree) -> None:
    assert missing_of(Admitted((tree.root.certificate,), tree.kit.now)) == ()


def test_addresses_are_bounded_and_by_http_alone(kit: Kit) -> None:
    long = "http://a/" + "x" * 2000
    many = [f"http://a/{number}" for number in range(9)]
    root = kit.root("addresses")
    client = kit.client(root, "addressed", extensions=points("file:///x", long, *many))
    assert list_addresses(client.certificate) == (tuple(many[:4]),)
    assert list_addresses(kit.client(root, "plain").certificate) == ()
