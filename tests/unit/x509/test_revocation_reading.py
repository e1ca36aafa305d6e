"""Lists as they come: entries kept small, scopes, hostile bytes."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.x509.entries import REMOVED, Revoked, entries_of
from ostiary.x509.errors import NotACrl
from ostiary.x509.pem import read_crls
from ostiary.x509.points import ALL_REASONS, points_of
from ostiary.x509.revocation import RevocationList, parse_revocation_list, subject_key
from tests.support.der import elements, inside, tlv
from tests.support.lists import ELSEWHERE, HERE, crl_of, der_of_list, list_of, name, point, points
from tests.support.pki import DAY, Kit, Made

DATES = st.integers(-(10**9), 250_000_000_000).map(
    lambda seconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
REASONS = st.sampled_from(["unspecified", "keyCompromise", "aACompromise", "certificateHold"])
SERIALS = st.integers(-(2**170), 2**170)
FLAGS = x509.ReasonFlags
_ISSUER = x509.CertificateIssuer.oid


@pytest.fixture(scope="session")
def root(kit: Kit) -> Made:
    return kit.root("reading-root")


@pytest.fixture(scope="session")
def leaf(kit: Kit, root: Made) -> Made:
    return kit.client(root, "reading-leaf", extensions=points(HERE))


@given(st.dictionaries(SERIALS, st.builds(Revoked, DATES, REASONS)), SERIALS)
def test_every_entry_is_found_and_nothing_else(said: dict[int, Revoked], other: int) -> None:
    entries = entries_of(said.items())
    assert entries.count == len(said)
    assert {serial: entries.find(serial) for serial in said} == said
    assert (entries.find(other) is not None) is (other in said)
    assert entries.find(2**3000) is None


@settings(max_examples=60, deadline=timedelta(seconds=5))
@given(
    st.dictionaries(
        st.integers(1, 2**159 - 1),
        st.tuples(
            st.integers(0, 5_000_000_000),
            st.sampled_from([None, FLAGS.superseded, FLAGS.ca_compromise, FLAGS.remove_from_crl]),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_entries_are_read_as_they_were_written(
    root: Made, said: dict[int, tuple[int, x509.ReasonFlags | None, bool]]
) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    built = []
    for serial, (seconds, reason, dated) in said.items():
        entry = x509.RevokedCertificateBuilder(serial, at(seconds))
        if reason:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        if dated:
            entry = entry.add_extension(x509.InvalidityDate(at(seconds // 2)), critical=False)
        built.append(entry.build())
    builder = x509.CertificateRevocationListBuilder(revoked_certificates=built)
    builder = builder.issuer_name(root.native.subject).last_update(now).next_update(now + DAY)
    signed = builder.sign(root.key, hashes.SHA256()).public_bytes(Encoding.DER)
    found = parse_revocation_list(signed)
    assert found.count == len(said)
    for serial, (seconds, reason, _) in said.items():
        told = Revoked(at(seconds), reason.value if reason else "unspecified")
        assert found.find(found.issuer_key, serial) == told


def at(seconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


@given(st.lists(st.sampled_from(["keyCompromise", REMOVED]), min_size=2).map(tuple))
def test_of_two_entries_with_one_number_the_one_that_revokes_counts(reasons: tuple[str]) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    found = entries_of((7, Revoked(at, reason)) for reason in reasons).find(7)
    assert found
    assert (found.reason == REMOVED) is (set(reasons) == {REMOVED})


def test_a_hundred_thousand_entries_take_three_megabytes() -> None:
    dice, at = random.Random(1), datetime(2026, 1, 1, tzinfo=UTC)
    said = Revoked(at, "superseded")
    entries = entries_of((dice.getrandbits(159), said) for _ in range(100_000))
    assert sum(map(len, entries.records.values())) <= 2_700_000
    assert entries.find(dice.getrandbits(159)) is None


def test_what_a_list_covers_is_read(root: Made) -> None:
    some = [FLAGS.key_compromise, FLAGS.superseded]
    scope = list_of(root, extensions=point(HERE, only_contains_user_certs=True)).scope
    assert (scope.users, scope.authorities, scope.whole) == (True, False, False)
    assert scope.names
    assert list_of(root, extensions=point(reasons=some)).scope.reasons == set(some)
    assert list_of(root, extensions=point(indirect_crl=True)).scope.indirect
    assert list_of(root).scope.whole
    assert list_of(root, number=7, base=5).base == 5


def test_a_certificate_points_where_it_says_and_to_its_issuer(root: Made, leaf: Made) -> None:
    pointed, implied = points_of(leaf.certificate)
    scope = list_of(root, extensions=point(HERE, ELSEWHERE)).scope
    assert scope.names
    assert pointed.names < scope.names
    assert not implied.names & scope.names
    assert pointed.reasons == implied.reasons == ALL_REASONS
    key = subject_key(root.certificate)
    assert pointed.covered_by(scope, key, is_ca=False, issuer=key) == ALL_REASONS
    assert not implied.covered_by(scope, key, is_ca=False, issuer=key)


def test_a_point_may_be_named_relative_to_its_issuer(kit: Kit, root: Made) -> None:
    rdn = x509.RelativeDistinguishedName([x509.NameAttribute(x509.NameOID.COMMON_NAME, "part 1")])
    whole = x509.Name([*root.native.subject.rdns, rdn])
    relative = x509.DistributionPoint(None, rdn, None, None)
    client = kit.client(
        root, "relative", extensions=[(x509.CRLDistributionPoints([relative]), False)]
    )
    full = x509.IssuingDistributionPoint(
        full_name=[x509.DirectoryName(whole)], relative_name=None, only_contains_user_certs=False,
        only_contains_ca_certs=False, only_some_reasons=None, indirect_crl=False,
        only_contains_attribute_certs=False,
    )  # fmt: skip
    same = x509.IssuingDistributionPoint(
        full_name=None, relative_name=rdn, only_contains_user_certs=False,
        only_contains_ca_certs=False, only_some_reasons=None, indirect_crl=False,
        only_contains_attribute_certs=False,
    )  # fmt: skip
    pointed = points_of(client.certificate)[0]
    for one in (full, same):
        assert list_of(root, extensions=[(one, True)]).scope.names == pointed.names


def test_an_entry_of_another_authority_holds_for_those_behind_it(kit: Kit, root: Made) -> None:
    mid = kit.intermediate(root, "reading-mid")
    first, second, third = (kit.client(root, f"of-{n}") for n in range(3))
    found = list_of(
        root,
        {first: None, second: None, third: None},
        issuers={second: mid},
        extensions=point(indirect_crl=True),
    )
    assert found.fault is None
    keys = [subject_key(root.certificate), *[subject_key(mid.certificate)] * 2]
    for made, key in zip((first, second, third), keys, strict=True):
        for each in set(keys):
            assert (found.find(each, made.certificate.serial) is not None) is (each == key)


def test_a_list_of_too_many_authorities_is_a_fault(root: Made) -> None:
    def named(number: int) -> x509.DirectoryName:
        attribute = x509.NameAttribute(x509.NameOID.COMMON_NAME, f"authority {number}")
        return x509.DirectoryName(x509.Name([attribute]))

    now = datetime(2026, 6, 1, tzinfo=UTC)
    built = [
        x509.RevokedCertificateBuilder(
            7, now, [x509.Extension(_ISSUER, True, x509.CertificateIssuer([named(number)]))]
        ).build()
        for number in range(10_001)
    ]
    builder = x509.CertificateRevocationListBuilder(revoked_certificates=built)
    builder = builder.issuer_name(root.native.subject).last_update(now).next_update(now + DAY)
    for extension, critical in point(indirect_crl=True):
        builder = builder.add_extension(extension, critical)
    found = parse_revocation_list(
        builder.sign(root.key, hashes.SHA256()).public_bytes(Encoding.DER)
    )
    assert found.fault == "it lists certificates of more than 10,000 authorities"
    assert found.count == 0


def test_an_entry_that_names_its_authority_by_no_distinguished_name_is_a_fault(
    root: Made, leaf: Made
) -> None:
    odd = x509.CertificateIssuer([x509.DNSName("a.example")])
    found = list_of(
        root, {leaf: None}, entry_extensions=[(odd, True)], extensions=point(indirect_crl=True)
    )
    assert found.fault == "an entry names its authority by no distinguished name"


def test_a_list_for_users_only_and_authorities_only_is_refused(root: Made) -> None:
    both = x509.UnrecognizedExtension(
        x509.ObjectIdentifier("2.5.29.28"), bytes.fromhex("30068101ff8201ff")
    )
    with pytest.raises(NotACrl):
        list_of(root, extensions=[(both, True)])


def test_a_list_with_two_signature_algorithms_is_refused(root: Made) -> None:
    tbs, algorithm, signature = elements(inside(der_of_list(crl_of(root))))
    sha384 = bytes.fromhex("300a06082a8648ce3d040303")
    assert len(sha384) == len(algorithm)
    with pytest.raises(NotACrl):
        parse_revocation_list(tlv(0x30, tbs + sha384 + signature))


@pytest.mark.parametrize("key", ["ec", "rsa2048", "p384", "ed25519"])
def test_every_kind_of_key_signs_lists_and_no_other_key_does(kit: Kit, key: str) -> None:
    made, other = kit.root(f"signs-{key}", key=key), kit.root(f"else-{key}", key=key)
    twin = kit.root(f"twin-{key}", key=other.key, common_name=f"signs-{key}")
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(made.native.subject)
        .last_update(kit.now)
        .next_update(kit.now + DAY)
    )
    digest = None if key == "ed25519" else hashes.SHA256()
    signed = builder.sign(made.key, digest)
    found = parse_revocation_list(signed.public_bytes(Encoding.DER))
    assert found.is_signed_by(made.certificate)
    assert not found.is_signed_by(twin.certificate)


def test_rsa_pss_signs_lists(kit: Kit) -> None:
    made = kit.root("signs-pss", key="rsa2048")
    for salt in (padding.PSS.DIGEST_LENGTH, 20):
        way = padding.PSS(padding.MGF1(hashes.SHA256()), salt)
        signed = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(made.native.subject)
            .last_update(kit.now)
            .next_update(kit.now + DAY)
            .sign(made.key, hashes.SHA256(), rsa_padding=way)
        )
        assert parse_revocation_list(signed.public_bytes(Encoding.DER)).is_signed_by(
            made.certificate
        )


def test_certificates_beside_a_list_in_its_file_go_with_it(root: Made, leaf: Made) -> None:
    (found,) = read_crls(leaf.pem + crl_of(root) + root.pem)
    assert found.signers == (leaf.der, root.der)


@pytest.fixture(scope="session")
def seeds(kit: Kit, root: Made, leaf: Made) -> list[bytes]:
    """Lists with everything in them."""
    mid = kit.intermediate(root, "fuzz-mid")
    both = {leaf: FLAGS.key_compromise, mid: None}
    kinds = [
        crl_of(root, both),
        crl_of(root, both, number=7, base=5),
        crl_of(root, both, issuers={mid: mid}, extensions=point(HERE, indirect_crl=True)),
        crl_of(root, extensions=point(HERE, ELSEWHERE, reasons=[FLAGS.superseded])),
        crl_of(root, both, extensions=[(x509.AuthorityKeyIdentifier(b"x", [name(mid)], 9), False)]),
    ]
    return [der_of_list(one) for one in kinds]


@settings(max_examples=600, deadline=timedelta(seconds=5))
@given(st.data())
def test_a_damaged_list_is_read_or_refused_and_is_signed_by_nobody(
    seeds: list[bytes], root: Made, leaf: Made, data: st.DataObject
) -> None:
    der = bytearray(data.draw(st.sampled_from(seeds)))
    whole = bytes(der)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(der) - 1))
        match data.draw(st.integers(0, 2)):
            case 0:
                der[at] = data.draw(st.integers(0, 255))
            case 1:
                del der[at : at + data.draw(st.integers(1, 8))]
            case _:
                der[at:at] = data.draw(st.binary(max_size=8))
        if not der:
            break
    try:
        found = parse_revocation_list(bytes(der))
    except NotACrl:
        return
    assert isinstance(found, RevocationList)
    found.find(found.issuer_key, leaf.certificate.serial)
    pointed = points_of(leaf.certificate)[0]
    pointed.covered_by(found.scope, found.issuer_key, is_ca=False, issuer=found.issuer_key)
    if found.fault is None and bytes(der) != whole:
        assert not found.is_signed_by(root.certificate)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_list_or_refused(data: bytes) -> None:
    for given_bytes in (data, b"\x30\x82" + len(data).to_bytes(2, "big") + data):
        with pytest.raises(NotACrl):
            read_crls(given_bytes)
