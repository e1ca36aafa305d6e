"""Policies along a path; tests/unit/trust/matrix.py has openssl's opinion on the like."""

from cryptography import x509
from cryptography.x509.oid import CertificatePoliciesOID

from ostiary.x509.certificate import Certificate
from ostiary.x509.policies import MOST_POLICIES, policies_hold
from tests.support.pki import Kit, Made

P = x509.ObjectIdentifier("1.3.6.1.4.1.99999.1")
Q = x509.ObjectIdentifier("1.3.6.1.4.1.99999.2")
ANY = CertificatePoliciesOID.ANY_POLICY


def certificates(*made: Made) -> tuple[Certificate, ...]:
    return tuple(one.certificate for one in made)


def policies(*listed: x509.ObjectIdentifier) -> tuple[x509.ExtensionType, bool]:
    return x509.CertificatePolicies([x509.PolicyInformation(oid, None) for oid in listed]), False


def required(after: int) -> tuple[x509.ExtensionType, bool]:
    return x509.PolicyConstraints(require_explicit_policy=after, inhibit_policy_mapping=None), True


def test_a_policy_required_later_binds_later(kit: Kit) -> None:
    root = kit.root("root")
    for after, holds in ((0, False), (2, False), (3, True)):
        top = kit.intermediate(root, "top", extensions=[required(after)])
        mid = kit.intermediate(top, "mid")
        leaf = kit.client(mid, "leaf")
        assert policies_hold(certificates(leaf, mid, top, root)) is holds


def test_a_policy_must_run_through_the_whole_path(kit: Kit) -> None:
    root = kit.root("root")
    for listed, holds in (((P,), True), ((Q,), False), ((P, Q), True), ((ANY,), True), ((), False)):
        top = kit.intermediate(root, "top", extensions=[required(0), policies(P)])
        mid = kit.intermediate(top, "mid", extensions=[policies(*listed)] if listed else [])
        leaf = kit.client(mid, "leaf", extensions=[policies(P)])
        assert policies_hold(certificates(leaf, mid, top, root)) is holds


def test_the_leaf_can_require_a_policy_of_itself(kit: Kit) -> None:
    root = kit.root("root")
    bare = kit.client(root, "leaf", extensions=[required(0)])
    with_policy = kit.client(root, "leaf", extensions=[required(0), policies(P)])
    assert not policies_hold(certificates(bare, root))
    assert policies_hold(certificates(with_policy, root))


def test_mapped_policies_are_refused_where_a_policy_is_required(kit: Kit) -> None:
    mappings = bytes.fromhex("3018301606092b06010401868d1f0106092b06010401868d1f02")
    oid = x509.ObjectIdentifier("2.5.29.33")
    root = kit.root("root")
    mid = kit.intermediate(
        root,
        "mid",
        extensions=[required(0), policies(P), (x509.UnrecognizedExtension(oid, mappings), True)],
    )
    leaf = kit.client(mid, "leaf", extensions=[policies(Q)])
    assert not policies_hold(certificates(leaf, mid, root))


def test_an_absurd_number_of_policies_is_not_followed(kit: Kit) -> None:
    many = [x509.ObjectIdentifier(f"1.3.6.1.4.1.99999.{n}") for n in range(MOST_POLICIES + 1)]
    root = kit.root("root")
    for listed, holds in ((many[1:], True), (many, False)):
        leaf = kit.client(root, "leaf", extensions=[required(0), policies(*listed)])
        assert policies_hold(certificates(leaf, root)) is holds
