"""Each question is answered by the ledger as it is now, whatever was answered before."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from ostiary.ca.ocsp import Failure, read_question
from ostiary.ca.signing import Reason
from ostiary.management.authority.public import PublicFiles
from ostiary.management.authority.renewing import new_responder, renew_due
from ostiary.management.authority.revoking import revoke, sought
from ostiary.pki import answering
from ostiary.pki.answering import Answering
from ostiary.pki.catalog import Catalog
from ostiary.pki.complaints import Complaints
from ostiary.store.soundness import SnapshotDamaged
from tests.unit.management.authority.scene import DAY, NOW, World, issued, order
from tests.unit.pki.scene import PUBLISHED, Site, body, is_once, question, site_in


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_in(tmp_path) as made:
        yield made


def test_a_revocation_changes_the_answer_at_once(site: Site) -> None:
    gone, other = site.issue("gone"), site.issue("other")
    assert [site.word(one) for one in (gone, other)] == ["GOOD", "GOOD"]
    site.revoke("gone")
    assert [site.word(one) for one in (gone, other)] == ["REVOKED", "GOOD"]
    answer = site.ask(gone)
    assert answer.revocation_reason is x509.ReasonFlags.key_compromise
    assert answer.revocation_time_utc == NOW


def test_an_answer_is_signed_once_and_then_kept_for_half_of_its_time(site: Site) -> None:
    device = site.question(site.issue())
    first = body(site, device)
    # Whatever else happens in the ledger.
    site.issue("another")
    site.world.now = NOW + timedelta(minutes=29)
    assert body(site, device) == first
    site.world.now = NOW + timedelta(minutes=31)
    second = body(site, device)
    assert second != first
    assert body(site, device) == second


def test_an_answer_holds_as_long_as_the_profile_says(site: Site) -> None:
    device = site.issue()
    answer = site.ask(device)
    assert answer.this_update_utc == NOW
    assert answer.next_update_utc == NOW + timedelta(hours=1)
    path = site.world.folder / "profile.yml"
    path.write_text("publish: {ocspMinutes: 10}")
    site.catalog.look()
    site.world.now = NOW + DAY
    assert site.ask(device).next_update_utc == NOW + DAY + timedelta(minutes=10)


def test_a_nonce_is_answered_with_a_fresh_signature(site: Site) -> None:
    device = site.issue()
    asked = site.question(device, b"n" * 16)
    assert is_once(site, asked)
    answer = site.ask(device, b"n" * 16)
    nonce = answer.extensions.get_extension_for_class(x509.OCSPNonce).value
    assert nonce.nonce == b"n" * 16
    assert not is_once(site, site.question(device))


def test_a_number_that_was_never_given_is_unknown_and_not_kept(site: Site) -> None:
    device = site.issue()
    # The number is another authority's.
    asked = under(question(device.chain[0], device.chain[1]), device.serial)
    answer = ocsp.load_der_ocsp_response(body(site, asked))
    assert answer.certificate_status is ocsp.OCSPCertStatus.UNKNOWN
    for number in range(3):
        body(site, under(site.question(device), number))
    assert len(site.answering._kept) == 0


def under(asked: bytes, serial: int) -> bytes:
    """The same question about another number."""
    found = read_question(asked)
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        found.issuer.name, found.issuer.key, serial, hashes.SHA1()
    )
    return builder.build().public_bytes(Encoding.DER)


def several(*asked: bytes) -> bytes:
    """One request made of these, each about one certificate."""
    begin = 6  # OCSPRequest, TBSRequest and the list of one, whose lengths have an octet each
    assert all(len(one) < 130 for one in asked)
    body = b"".join(one[begin:] for one in asked)
    for _ in range(3):
        body = b"\x30\x82" + len(body).to_bytes(2, "big") + body
    return body


def test_several_certificates_of_one_authority_are_answered_for_together(site: Site) -> None:
    good, gone = site.issue("good"), site.issue("gone")
    site.revoke("gone")
    answer = body(site, several(site.question(good), site.question(gone)))
    assert b"\x0a\x01\x00" in answer[:12]  # successful
    assert [one.serial.to_bytes(17, "big").lstrip(b"\0") in answer for one in (good, gone)] == [
        True,
        True,
    ]
    below, root = good.chain
    mixed = several(site.question(good), question(below, root))
    assert body(site, mixed) == Failure.UNAUTHORIZED.der
    site.world.now = NOW + 8 * DAY
    late = several(site.question(good), site.question(gone))
    assert body(site, late) == Failure.TRY_LATER.der


def test_intermediates_are_answered_for_by_the_root(site: Site) -> None:
    below, root = site.issue().chain
    answer = ocsp.load_der_ocsp_response(body(site, question(below, root)))
    assert answer.certificate_status is ocsp.OCSPCertStatus.GOOD


def test_other_peoples_authorities_are_not_answered_for(site: Site, tmp_path: Path) -> None:
    with site_in(tmp_path / "other") as other:
        theirs = other.issue()
        assert site.word(theirs) == "UNAUTHORIZED"


@pytest.mark.parametrize("asked", [b"", b"\0", b"GET", b"\x30\x80" * 100, b"x" * 20_000])
def test_what_is_no_question_gets_the_answer_for_that(site: Site, asked: bytes) -> None:
    assert body(site, asked) == Failure.MALFORMED_REQUEST.der


def test_without_a_responder_that_is_good_nobody_answers(site: Site) -> None:
    device = site.issue()
    assert site.word(device) == "GOOD"
    revoke(site.house, sought(site.house, "Example issuing 1 OCSP"), Reason.KEY_COMPROMISE)
    assert site.word(device) == "TRY_LATER"
    renew_due(site.house)
    assert site.word(device) == "GOOD"
    site.world.now = NOW + 8 * DAY
    assert site.word(device) == "TRY_LATER"
    site.house.place.public.responder(site.house.issuing().fingerprint).unlink()
    site.world.now = NOW
    other = site.issue("other")
    assert site.word(other) == "TRY_LATER"


def test_who_takes_over_signs_the_next_answer(site: Site) -> None:
    first = site.ask(site.issue("one")).responder_key_hash
    new_responder(site.house, site.house.issuing())
    assert site.ask(site.issue("two")).responder_key_hash != first


def test_before_there_is_an_authority_nobody_is_answered_and_then_everybody(
    tmp_path: Path,
) -> None:
    world = World(tmp_path / "ca")
    catalog = Catalog(PublicFiles(world.folder))
    answers = Answering(catalog, lambda: NOW, Complaints(lambda: NOW))
    catalog.look()
    assert catalog.all() == ()
    with world.founded(PUBLISHED) as house:
        renew_due(house)
        (made,) = issued(house, order())
        asked = question(made.der, made.chain[0])
        assert answers.answer(asked).body == Failure.UNAUTHORIZED.der
        catalog.look()
        assert len(answers.answer(asked).body) > 200
        catalog.close()


def test_a_ledger_that_can_not_be_read_is_an_error_and_no_answer(site: Site) -> None:
    device = site.question(site.issue())
    with sqlite3.connect(site.catalog.files.ledger) as raw:
        raw.execute("ALTER TABLE certificates RENAME TO gone")
    raw.close()
    assert body(site, device) == Failure.INTERNAL_ERROR.der
    with pytest.raises(SnapshotDamaged):
        site.catalog.look()


def test_what_was_told_is_counted_for_each_certificate(site: Site) -> None:
    good, gone = site.issue("good"), site.issue("gone")
    site.revoke("gone")
    site.ask(good)
    site.ask(good)  # from memory
    site.ask(good, nonce=b"n" * 8)
    site.ask(gone)
    body(site, b"junk")
    assert site.answering.outcomes == {"good": 3, "revoked": 1, "refused": 1}
    revoke(site.house, sought(site.house, "Example issuing 1 OCSP"), Reason.KEY_COMPROMISE)
    site.ask(good)
    assert site.answering.outcomes["failed"] == 1


def test_no_more_answers_are_kept_than_there_is_room_for(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "MOST_KEPT", 2)
    asked = [site.question(site.issue(name)) for name in ("a", "b", "c")]
    first = [body(site, one) for one in asked]
    assert len(site.answering._kept) == 2
    assert body(site, asked[2]) == first[2]
    assert body(site, asked[0]) != first[0]
