"""Policies: what makes two the same, and what is weak."""

from datetime import timedelta

import pytest

from ostiary.trust.policy import TrustPolicy
from ostiary.trust.standing import standing_of
from ostiary.trust.weak import WeakPolicy
from ostiary.x509.keys import KeyKind, PublicKey
from tests.support.lists import list_of
from tests.support.pki import Kit


def test_the_same_content_has_the_same_id_in_any_order(kit: Kit) -> None:
    a, b = kit.root("a").certificate, kit.root("b").certificate
    assert TrustPolicy(anchors=(a, b)).id == TrustPolicy(anchors=(b, a, b)).id
    assert len(TrustPolicy(anchors=()).id) == 32
    one, other = list_of(kit.root("a")), list_of(kit.root("b"))
    assert TrustPolicy(anchors=(a,), crls=(one, other)).id == (
        TrustPolicy(anchors=(a,), crls=(other, one, one)).id
    )


def test_any_difference_makes_another_id(kit: Kit) -> None:
    root = kit.root("a")
    a = (root.certificate,)
    one, other = list_of(root), list_of(root, {kit.client(root, "gone"): None})
    policies = (
        TrustPolicy(anchors=a),
        TrustPolicy(anchors=()),
        TrustPolicy(anchors=a, maximum_age=timedelta(minutes=1)),
        TrustPolicy(anchors=a, weak=WeakPolicy(minimum_rsa_bits=3072)),
        TrustPolicy(anchors=a, weak=WeakPolicy(minimum_ec_bits=384)),
        TrustPolicy(anchors=a, weak=WeakPolicy(refuse_digests=frozenset({"md5"}))),
        TrustPolicy(anchors=a, crls=(one,)),
        TrustPolicy(anchors=a, crls=(other,)),
        TrustPolicy(anchors=a, crls=(one, other)),
    )
    assert len({policy.id for policy in policies}) == len(policies)


def test_a_standing_prepares_each_policy_once(kit: Kit) -> None:
    policy = TrustPolicy(anchors=(kit.root("a").certificate,))
    standing = standing_of({"x": policy, "y": policy, "z": TrustPolicy(anchors=())})
    assert standing.entries["x"] is standing.entries["y"]
    assert {found.id for found in standing.policies()} == {policy.id, TrustPolicy(anchors=()).id}


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (PublicKey(KeyKind.RSA, 2047, 65537), "below 2048"),
        (PublicKey(KeyKind.RSA, 2048, 65537), None),
        (PublicKey(KeyKind.RSA, 2048, 3), None),
        (PublicKey(KeyKind.RSA, 2048, 1), "exponent 1"),
        (PublicKey(KeyKind.RSA, 2048, 4), "exponent 4"),
        (PublicKey(KeyKind.RSA, 16384, 65537), None),
        (PublicKey(KeyKind.RSA, 16385, 65537), "beyond 16384"),
        (PublicKey(KeyKind.EC, 255), "below 256"),
        (PublicKey(KeyKind.EC, 256), None),
        (PublicKey(KeyKind.ED25519, 256), None),
        (PublicKey(KeyKind.ED448, 456), None),
        (PublicKey(KeyKind.ML_DSA, 0), None),
        (PublicKey(KeyKind.DSA, 3072), "DSA"),
        (PublicKey(KeyKind.OTHER, 0), "kind"),
    ],
    ids=str,
)
def test_each_key_is_weak_or_not(key: PublicKey, says: str | None) -> None:
    fault = WeakPolicy().fault_of_key(key)
    assert (fault is None) if says is None else (fault is not None and says in fault)
