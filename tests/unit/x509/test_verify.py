"""Paths; the matrix of verdicts is in tests/unit/trust, here is what it can't show."""

from ostiary.x509.certificate import Certificate
from ostiary.x509.verify import PathFault, PathFaultKind, PathVerifier, VerifiedPath
from tests.support.pki import DAY, SERVER_AUTH, Kit, Made


def certificates(*made: Made) -> tuple[Certificate, ...]:
    return tuple(one.certificate for one in made)


def test_a_path_is_told_leaf_first_and_anchor_last(kit: Kit) -> None:
    root = kit.root("root")
    mid = kit.intermediate(root, "mid")
    leaf = kit.client(mid, "leaf")
    found = PathVerifier(certificates(root)).verify(
        leaf.certificate, certificates(root, kit.root("noise"), mid, leaf), kit.now
    )
    assert found == VerifiedPath(certificates(leaf, mid, root))


def test_no_anchors_verify_nothing(kit: Kit) -> None:
    leaf = kit.client(None, "leaf").certificate
    assert isinstance(PathVerifier(()).verify(leaf, (), kit.now), PathFault)


def test_the_purpose_is_really_checked(kit: Kit) -> None:
    root = kit.root("root")
    server = kit.server(root, "server", dns=["a.example"])
    assert server.certificate.extended_key_usages == (SERVER_AUTH.dotted_string,)
    found = PathVerifier(certificates(root)).verify(server.certificate, (), kit.now)
    assert isinstance(found, PathFault)
    assert (found.kind, found.depth) == (PathFaultKind.WRONG_PURPOSE, 0)
    assert found.openssl_code == 26


def test_an_expired_anchor_is_named_as_the_cause(kit: Kit) -> None:
    root = kit.root("root", not_after=kit.now - DAY)
    verifier = PathVerifier(certificates(root, kit.root("other")))
    found = verifier.verify(kit.client(root, "leaf").certificate, (), kit.now)
    assert isinstance(found, PathFault)
    assert (found.kind, found.depth) == (PathFaultKind.EXPIRED, 1)


def test_a_loop_of_cross_signatures_ends(kit: Kit) -> None:
    a, b = kit.root("a"), kit.root("b")
    a_by_b = kit.intermediate(b, "ab", common_name="a", key=a.key)
    b_by_a = kit.intermediate(a, "ba", common_name="b", key=b.key)
    leaf = kit.client(a, "leaf")
    verifier = PathVerifier(certificates(kit.root("root")))
    found = verifier.verify(leaf.certificate, certificates(a_by_b, b_by_a), kit.now)
    assert isinstance(found, PathFault)


def test_ten_impostors_of_one_issuer_do_not_hide_the_real_one(kit: Kit) -> None:
    root = kit.root("root")
    mid = kit.intermediate(root, "mid", key_identifiers=False)
    leaf = kit.client(mid, "leaf", key_identifiers=False)
    stranger = kit.root("stranger")
    impostors = [
        kit.intermediate(stranger, f"i{n}", common_name="mid", key_identifiers=False)
        for n in range(9)
    ]
    found = PathVerifier(certificates(root)).verify(
        leaf.certificate, certificates(*impostors, mid), kit.now
    )
    assert isinstance(found, VerifiedPath)
