"""What a list covers, by RFC 5280 6.3.3: kinds, points, reasons, deltas, other issuers.

`openssl verify -extended_crl -use_deltas` is the second opinion.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from ostiary.trust.decision import Admitted, Decision, Presented, Refused
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.judge import Keeper, judge
from ostiary.trust.policy import Revocation, TrustPolicy
from ostiary.trust.reason import Reason
from ostiary.x509.revocation import RevocationList
from tests.support.lists import ELSEWHERE, HERE, list_of, point, points
from tests.support.pki import DAY, Kit, Made
from tests.unit.trust.test_revocation import (
    HELD,
    OFF,
    REVOKED,
    UNDETERMINED,
    Tree,
    openssl_says,
    reason,
)

STRICT = Revocation.STRICT
FLAGS = x509.ReasonFlags
ALL = frozenset(FLAGS) - {FLAGS.unspecified, FLAGS.remove_from_crl}
SOME = frozenset({FLAGS.key_compromise, FLAGS.superseded})
FRESH = [
    (
        x509.FreshestCRL(
            [x509.DistributionPoint([x509.UniformResourceIdentifier(HERE)], None, None, None)]
        ),
        False,
    )
]
"""Without it OpenSSL looks for no delta."""


@dataclass(frozen=True)
class Row:
    client: Made
    lists: Sequence[RevocationList]
    says: Reason | None
    openssl: bool | None = True
    """Whether OpenSSL agrees; None: it isn't asked."""


@dataclass(frozen=True)
class Grove:
    """The tree, and clients that point to lists."""

    tree: Tree
    here: Made
    by_clerk: Made
    clerk: Made
    """An authority below the root that signs lists for it."""
    deputy: Made
    """A certificate in the root's name, by the root, for another key that signs its lists."""
    user_of_mid: Made


@pytest.fixture(scope="session")
def grove(kit: Kit) -> Grove:
    tree = Tree(kit)
    clerk = kit.intermediate(tree.root, "clerk")
    usage = ["crl_sign"]
    deputy = kit.client(
        tree.root, "deputy", common_name="crl-root", key="ec", usage=usage, purposes=None
    )
    return Grove(
        tree=tree,
        here=kit.client(tree.root, "points-here", extensions=points(HERE)),
        by_clerk=kit.client(tree.root, "by-clerk", extensions=points(issuer=clerk)),
        clerk=clerk,
        deputy=deputy,
        user_of_mid=tree.deep,
    )


def deltas(grove: Grove) -> dict[str, Row]:
    tree = grove.tree
    root, near, now = tree.root, tree.near, tree.kit.now
    first = list_of(root, number=1, extensions=FRESH)
    stale = list_of(
        root, number=1, extensions=FRESH, begin=now - 2 * DAY, end=now - timedelta(hours=1)
    )
    held = list_of(root, {near: HELD}, number=1, extensions=FRESH)
    adds = list_of(root, {near: None}, number=2, base=1)
    frees = list_of(root, {near: OFF}, number=2, base=1)
    empty = list_of(root, number=2, base=1)
    gap = {"number": 9, "base": 5}
    return {
        "a delta revokes": Row(near, [first, adds], REVOKED),
        "a delta takes off the list": Row(near, [held, frees], None),
        "a delta says nothing new": Row(near, [first, empty], None),
        "a delta says nothing new of who is held": Row(near, [held, empty], REVOKED),
        "a delta keeps an old list alive": Row(near, [stale, empty], None),
        "a delta alone tells who is revoked": Row(near, [adds], REVOKED),
        "a delta alone tells nobody good": Row(near, [empty], UNDETERMINED),
        "a delta of an older list": Row(near, [list_of(root, number=2), adds], None),
        "a delta too far ahead takes nobody off": Row(
            near, [held, list_of(root, {near: OFF}, **gap)], REVOKED
        ),
        "a delta too far ahead revokes all the same": Row(
            near, [first, list_of(root, {near: None}, **gap)], REVOKED, openssl=False
        ),
        "a delta by another": Row(
            near, [held, list_of(root, {near: OFF}, number=2, base=1, signer=tree.other)], REVOKED
        ),
        "a delta for another scope": Row(
            near, [held, list_of(root, {near: OFF}, number=2, base=1, extensions=point(HERE))],
            REVOKED,
        ),
        "a delta of another key of the authority": Row(
            near,
            [held, list_of(root, {near: OFF}, number=2, base=1, extensions=[key_id(b"other")])],
            REVOKED,
        ),
        "the newer of two deltas": Row(
            near, [first, list_of(root, number=3, base=1), adds], None
        ),
    }  # fmt: skip


def key_id(identifier: bytes) -> tuple[x509.ExtensionType, bool]:
    return x509.AuthorityKeyIdentifier(identifier, None, None), False


def scopes(grove: Grove) -> dict[str, Row]:
    tree = grove.tree
    root, near, here, deep = tree.root, tree.near, grove.here, tree.deep
    of_mid = list_of(tree.mid)
    users, authorities = point(only_contains_user_certs=True), point(only_contains_ca_certs=True)
    return {
        "users only, a user": Row(near, [list_of(root, extensions=users)], None),
        "users only, an authority": Row(
            deep, [of_mid, list_of(root, extensions=users)], UNDETERMINED
        ),
        "authorities only, a user": Row(
            near, [list_of(root, extensions=authorities)], UNDETERMINED
        ),
        "authorities only, an authority": Row(
            deep, [of_mid, list_of(root, extensions=authorities)], None
        ),
        "each kind its list": Row(
            near,
            [
                list_of(root, {near: None}, extensions=users),
                list_of(root, extensions=authorities),
            ],
            REVOKED,
        ),
        "attribute certificates only": Row(
            near, [list_of(root, extensions=point(only_contains_attribute_certs=True))],
            UNDETERMINED,
        ),
        "its point's list": Row(here, [list_of(root, extensions=point(HERE))], None),
        "its point's list names it": Row(
            here, [list_of(root, {here: None}, extensions=point(ELSEWHERE, HERE))], REVOKED
        ),
        "another point's list": Row(
            here, [list_of(root, extensions=point(ELSEWHERE))], UNDETERMINED
        ),
        "another point's list names it": Row(
            here,
            [
                list_of(root, extensions=point(HERE)),
                list_of(root, {here: None}, extensions=point(ELSEWHERE)),
            ],
            None,
        ),
        "a point's list, and no point": Row(
            near, [list_of(root, extensions=point(HERE))], UNDETERMINED
        ),
        "a whole list, whatever it points to": Row(here, [list_of(root)], None),
    }  # fmt: skip


def reasons(grove: Grove) -> dict[str, Row]:
    root, near = grove.tree.root, grove.tree.near
    some = point(reasons=sorted(SOME, key=str))
    rest = point(reasons=sorted(ALL - SOME, key=str))
    return {
        "some reasons": Row(near, [list_of(root, extensions=some)], UNDETERMINED),
        "all reasons in two lists": Row(
            near, [list_of(root, extensions=some), list_of(root, extensions=rest)], None
        ),
        "revoked in one of two": Row(
            near,
            [list_of(root, extensions=some), list_of(root, {near: HELD}, extensions=rest)],
            REVOKED,
        ),
        "revoked where not all reasons are told": Row(
            near, [list_of(root, {near: None}, extensions=some)], REVOKED
        ),
    }


def others(grove: Grove) -> dict[str, Row]:
    tree = grove.tree
    root, near, by_clerk, clerk = tree.root, tree.near, grove.by_clerk, grove.clerk
    indirect = point(indirect_crl=True)
    at = {"extensions": indirect}
    signed = (clerk.der,)
    foreign = replace(list_of(clerk, **at), signers=signed)
    listed = list_of(clerk, {by_clerk: None}, issuers={by_clerk: root}, **at)
    sticky = list_of(clerk, {near: None, by_clerk: None}, issuers={near: root}, **at)
    of_clerk = list_of(clerk, {by_clerk: None}, **at)
    return {
        "an indirect list": Row(by_clerk, [foreign], None),
        "an indirect list names it": Row(by_clerk, [replace(listed, signers=signed)], REVOKED),
        "the issuer of an entry is that of the one before": Row(
            by_clerk, [replace(sticky, signers=signed)], REVOKED
        ),
        "the same number from another authority": Row(
            by_clerk, [replace(of_clerk, signers=signed)], None
        ),
        "a list that isn't indirect": Row(
            by_clerk, [replace(list_of(clerk), signers=signed)], UNDETERMINED
        ),
        "an indirect list nobody points to": Row(near, [foreign], UNDETERMINED),
        "an indirect list without its signer": Row(
            by_clerk, [list_of(clerk, **at)], UNDETERMINED, openssl=None
        ),
        "the issuer's own list, though it points elsewhere": Row(by_clerk, [list_of(root)], None),
        "an indirect list of the issuer itself": Row(near, [list_of(root, **at)], None),
    }


@pytest.fixture(scope="session")
def rows(grove: Grove) -> dict[str, Row]:
    return {**deltas(grove), **scopes(grove), **reasons(grove), **others(grove)}


def decide(grove: Grove, row: Row, now: datetime | None = None, **policy: object) -> Decision:
    anchors = (grove.tree.root.certificate, grove.tree.other.certificate)
    made = TrustPolicy(anchors=anchors, crls=tuple(row.lists), **policy)  # type: ignore[arg-type]
    shown = Presented("default", row.client.der, row.client.chain)
    return judge(shown, Keeper(made), Intermediates(), now or grove.tree.kit.now)


NAMES = (
    "a delta revokes", "a delta takes off the list", "a delta says nothing new",
    "a delta says nothing new of who is held", "a delta keeps an old list alive",
    "a delta alone tells who is revoked", "a delta alone tells nobody good",
    "a delta of an older list", "a delta too far ahead takes nobody off",
    "a delta too far ahead revokes all the same", "a delta by another",
    "a delta for another scope", "a delta of another key of the authority",
    "the newer of two deltas",
    "users only, a user", "users only, an authority", "authorities only, a user",
    "authorities only, an authority", "each kind its list", "attribute certificates only",
    "its point's list", "its point's list names it", "another point's list",
    "another point's list names it", "a point's list, and no point",
    "a whole list, whatever it points to",
    "some reasons", "all reasons in two lists", "revoked in one of two",
    "revoked where not all reasons are told",
    "an indirect list", "an indirect list names it",
    "the issuer of an entry is that of the one before",
    "the same number from another authority", "a list that isn't indirect",
    "an indirect list nobody points to", "an indirect list without its signer",
    "the issuer's own list, though it points elsewhere", "an indirect list of the issuer itself",
)  # fmt: skip


def test_every_row_is_tried(rows: dict[str, Row]) -> None:
    assert set(rows) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_lists_are_held_against_certificates_as_rfc_5280_says(
    grove: Grove, rows: dict[str, Row], name: str, tmp_path: Path
) -> None:
    row = rows[name]
    decision = decide(grove, row)
    assert reason(decision) is row.says, decision
    if row.openssl is None:
        return
    flags = ("-extended_crl", "-use_deltas", "-untrusted", str(grove.clerk.certificate_file))
    # All is also the root itself, which lists for users or for a point don't cover.
    check = "-crl_check_all" if row.client is grove.tree.deep else "-crl_check"
    good = openssl_says(grove.tree, row.client, row.lists, (), tmp_path, *flags, check=check)
    assert (good is (row.says is None)) is row.openssl


def test_a_deputy_with_a_certificate_of_the_authority_signs_in_its_name(grove: Grove) -> None:
    root, near = grove.tree.root, grove.tree.near
    listed = list_of(root, {near: None}, signer=grove.deputy)
    assert reason(decide(grove, Row(near, [listed], None))) is UNDETERMINED
    beside = replace(listed, signers=(b"no certificate", grove.clerk.der, grove.deputy.der))
    assert reason(decide(grove, Row(near, [beside], None))) is REVOKED
    good = replace(list_of(root, signer=grove.deputy), signers=(grove.deputy.der,))
    assert isinstance(decide(grove, Row(near, [good], None)), Admitted)


def test_a_deputy_counts_only_while_its_certificate_does(grove: Grove) -> None:
    kit, root, near = grove.tree.kit, grove.tree.root, grove.tree.near
    for odd in ({"not_after": kit.now - DAY}, {"not_before": kit.now + DAY}):
        deputy = kit.client(
            root, "late", common_name="crl-root", usage=["crl_sign"], purposes=None, **odd
        )
        one = replace(list_of(root, signer=deputy), signers=(deputy.der,))
        assert reason(decide(grove, Row(near, [one], None))) is UNDETERMINED


def test_what_a_deputy_revoked_stays_revoked_when_its_certificate_has_ended(grove: Grove) -> None:
    kit, root, near = grove.tree.kit, grove.tree.root, grove.tree.near
    deputy = kit.client(
        root,
        "ended",
        common_name="crl-root",
        usage=["crl_sign"],
        purposes=None,
        not_after=kit.now - DAY,
    )
    one = replace(list_of(root, {near: None}, signer=deputy), signers=(deputy.der,))
    assert reason(decide(grove, Row(near, [one], None), revocation=Revocation.SOFT)) is REVOKED


def test_nobody_certifies_a_deputy_but_the_authorities_of_the_path(grove: Grove) -> None:
    kit, tree = grove.tree.kit, grove.tree
    for issuer, usage in ((tree.other, "crl_sign"), (tree.root, "digital_signature")):
        deputy = kit.client(issuer, "false", common_name="crl-root", usage=[usage], purposes=None)
        one = replace(list_of(tree.root, signer=deputy), signers=(deputy.der,))
        assert reason(decide(grove, Row(tree.near, [one], None))) is UNDETERMINED


def test_a_list_whose_number_goes_back_never_replaces_a_newer_one(grove: Grove) -> None:
    tree = grove.tree
    now = tree.kit.now
    newer = list_of(tree.root, {tree.near: None}, number=10, begin=now - 3 * DAY)
    older = list_of(tree.root, number=9, begin=now - DAY)
    for lists in ([newer, older], [older, newer]):
        assert reason(decide(grove, Row(tree.near, lists, None))) is REVOKED


def test_a_number_of_a_list_that_is_not_signed_counts_for_nothing(grove: Grove) -> None:
    tree = grove.tree
    forged = list_of(tree.root, number=2**60, signer=tree.other)
    true = list_of(tree.root, {tree.near: None}, number=3)
    assert reason(decide(grove, Row(tree.near, [forged, true], None))) is REVOKED


def test_names_are_equal_whatever_string_type_and_case_they_are_written_in(
    grove: Grove, kit: Kit
) -> None:
    spelled = x509.Name(
        [x509.NameAttribute(x509.NameOID.COMMON_NAME, "CRL-Root", x509.name._ASN1Type.BMPString)]
    )
    twin = kit.root("twin-name", subject=spelled, key=grove.tree.root.key)
    listed = list_of(twin, {grove.tree.near: None})
    assert reason(decide(grove, Row(grove.tree.near, [listed], None))) is REVOKED


def test_the_detail_tells_what_is_missing(grove: Grove) -> None:
    tree = grove.tree
    root, near = tree.root, tree.near
    some = point(reasons=[FLAGS.key_compromise])
    for lists, words in (
        ([list_of(root, extensions=point(HERE))], "they are for other certificates"),
        ([list_of(root, extensions=some)], "cessationOfOperation"),
        ([list_of(root, number=2, base=1)], "not the whole list that it brings on"),
        ([list_of(root, end=tree.kit.now)], "ended at"),
        ([], "there is no list of 'CN=crl-root'"),
    ):
        decision = decide(grove, Row(near, lists, None), revocation=STRICT)
        assert isinstance(decision, Refused)
        assert words in decision.detail
