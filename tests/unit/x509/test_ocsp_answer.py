"""Answers of OCSP responders: openssl's own, odd ones, and bytes of any kind."""

import contextlib
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.x509.errors import NotAnOcspAnswer, Unreadable
from ostiary.x509.ocsp_answer import (
    LARGEST_ANSWER,
    Condition,
    OcspAnswer,
    Unsuccessful,
    read_answer,
)
from ostiary.x509.ocsp_question import Subject, question
from tests.support.der import replaced
from tests.support.ocsp import TRY_LATER, Index, openssl_ocsp
from tests.support.ocsp_der import UNKNOWN_OID, answer_of, extension, nonce, single
from tests.support.pki import Kit, Made


def read(der: bytes) -> OcspAnswer:
    found = read_answer(der)
    assert isinstance(found, OcspAnswer)
    return found


def asked(client: Made, issuer: Made, *, nonce: bytes = b"") -> bytes:
    return question(Subject(client.certificate, issuer.certificate), nonce)


@pytest.mark.parametrize("key", ["ec", "rsa2048", "ed25519"])
def test_what_openssl_answers_is_read_and_its_signature_verified(kit: Kit, key: str) -> None:
    root, other = kit.root("root", key=key), kit.root("other", key=key)
    good, gone = kit.client(root, "good"), kit.client(root, "gone")
    index = Index(kit.folder, root)
    index.good(good)
    index.revoke(gone, "superseded")
    answer = read(index.answer(asked(good, root, nonce=b"n" * 16)))
    (one,) = answer.singles
    assert (one.condition, answer.nonce, answer.fault) == (Condition.GOOD, b"n" * 16, None)
    assert one.about is not None
    assert one.about.serial == good.native.serial_number
    assert one.next_update is not None
    assert one.next_update - one.this_update == timedelta(minutes=30)
    assert answer.is_by(root.certificate)
    assert not answer.is_by(other.certificate)
    (revoked,) = read(index.answer(asked(gone, root))).singles
    assert (revoked.condition, revoked.reason) == (Condition.REVOKED, "superseded")
    assert revoked.revoked_at is not None
    assert revoked.revoked_at.isoformat() == "2026-01-01T00:00:00+00:00"
    (unknown,) = read(index.answer(asked(kit.client(root, "x"), root))).singles
    assert unknown.condition is Condition.UNKNOWN


PSS = ("-rsigopt", "rsa_padding_mode:pss")


@pytest.mark.parametrize(
    ("digest", "options"),
    [
        ("sha256", ()),
        ("sha256", ("-rsigopt", "rsa_pss_saltlen:20")),
        ("sha384", ("-rsigopt", "rsa_pss_saltlen:digest")),
        ("sha512", ("-rsigopt", "rsa_pss_saltlen:0")),
    ],
)
def test_rsa_pss_signs_answers(kit: Kit, digest: str, options: tuple[str, ...]) -> None:
    root, other = (kit.root(name, key="rsa2048") for name in ("pss", "pss-other"))
    good = kit.client(root, "good")
    index = Index(kit.folder, root)
    index.good(good)
    answer = read(index.answer(asked(good, root), "-rmd", digest, *PSS, *options))
    assert (answer.fault, answer.signature.digest) == (None, digest)
    assert answer.is_by(root.certificate)
    assert not answer.is_by(other.certificate)


@pytest.mark.parametrize(
    "options", [("-rmd", "sha1"), ("-rmd", "sha256", "-rsigopt", "rsa_mgf1_md:sha512")]
)
def test_rsa_pss_with_other_parameters_is_refused_by_name(
    kit: Kit, options: tuple[str, ...]
) -> None:
    root = kit.root("pss-odd", key="rsa2048")
    good = kit.client(root, "good")
    index = Index(kit.folder, root)
    index.good(good)
    answer = read(index.answer(asked(good, root), *PSS, *options))
    assert "RSA-PSS with parameters that aren't understood" in (answer.fault or "")
    assert not answer.is_by(root.certificate)


def test_a_signature_of_an_unknown_kind_is_refused_by_name(kit: Kit) -> None:
    root = kit.root("root")
    der = answer_of(root, single(kit.client(root, "client"), root))
    ecdsa, unknown = (bytes.fromhex(f"2a8648ce3d04030{last}") for last in ("2", "9"))
    answer = read(replaced(der, ecdsa, unknown))
    assert "1.2.840.10045.4.3.9, isn't understood" in (answer.fault or "")
    assert not answer.is_by(root.certificate)


def test_who_answers_may_be_named_by_its_key(kit: Kit) -> None:
    root = kit.root("root")
    client = kit.client(root, "client")
    answer = read(Index(kit.folder, root).answer(asked(client, root), "-resp_key_id"))
    assert answer.responder_name is None
    assert answer.is_by(root.certificate)
    assert not answer.is_by(kit.root("other", common_name="root").certificate)


def test_the_certificates_sent_with_it_are_told(kit: Kit) -> None:
    root = kit.root("root")
    client = kit.client(root, "client")
    answer = read(Index(kit.folder, root).answer(asked(client, root)))
    assert answer.certificates == (root.der,)
    assert read(answer_of(root, single(client, root))).certificates == ()


def test_one_answer_may_be_about_several(kit: Kit, tmp_path: Path) -> None:
    root = kit.root("root")
    a, b = kit.client(root, "a"), kit.client(root, "b")
    index = Index(kit.folder, root)
    index.good(a)
    index.revoke(b)
    request = tmp_path / "request"
    words = ["-issuer", root.certificate_file, "-no_nonce", "-reqout", request]
    openssl_ocsp(*words, "-cert", a.certificate_file, "-cert", b.certificate_file)
    answer = read(index.answer(request.read_bytes()))
    conditions = [one.condition for one in answer.singles]
    assert conditions == [Condition.GOOD, Condition.REVOKED]
    assert [one.fault for one in answer.singles] == [None, None]


def test_a_responder_that_has_no_answer_says_so(kit: Kit) -> None:
    assert read_answer(TRY_LATER) == Unsuccessful("tryLater")
    assert read_answer(bytes.fromhex("30030a0106")) == Unsuccessful("unauthorized")


def test_a_critical_extension_that_is_unknown_is_a_fault_of_what_it_stands_in(kit: Kit) -> None:
    root = kit.root("root")
    a, b = kit.client(root, "a"), kit.client(root, "b")
    critical = extension(UNKNOWN_OID, b"\x05\x00", critical=True)
    plain = extension(UNKNOWN_OID, b"\x05\x00")
    answer = read(
        answer_of(root, single(a, root, extensions=plain + critical), single(b, root, "revoked"))
    )
    assert [one.fault is None for one in answer.singles] == [False, True]
    assert answer.fault is None
    assert read(answer_of(root, single(a, root), extensions=critical)).fault is not None
    harmless = read(answer_of(root, single(a, root, extensions=plain), extensions=plain))
    assert (harmless.fault, harmless.singles[0].fault) == (None, None)


def test_a_nonce_may_stand_beside_other_extensions(kit: Kit) -> None:
    root = kit.root("root")
    more = extension(UNKNOWN_OID, b"\x05\x00") + nonce(b"1234")
    answer = read(answer_of(root, single(kit.client(root, "a"), root), extensions=more))
    assert (answer.nonce, answer.fault) == (b"1234", None)


def test_whom_an_answer_names_by_an_unknown_digest_is_nobody(kit: Kit) -> None:
    root = kit.root("root")
    client = kit.client(root, "client")
    answer = read(answer_of(root, single(client, root, digest="md5")))
    about = answer.singles[0].about
    subject = Subject(client.certificate, root.certificate)
    assert about is None or not subject.is_named_by(about)


def test_a_signature_with_unused_bits_is_nobodys(kit: Kit) -> None:
    root = kit.root("root")
    der = answer_of(root, single(kit.client(root, "client"), root))
    # The BIT STRING stands last; its first octet tells how many bits are unused.
    at = max(der.rfind(b"\x03" + bytes([size]) + b"\x00\x30") for size in range(0x40, 0x4B)) + 2
    assert read(der).is_by(root.certificate)
    odd = der[:at] + b"\x01" + der[at + 1 :]
    try:
        found = read_answer(odd)
    except NotAnOcspAnswer:
        return
    assert isinstance(found, OcspAnswer)
    assert not found.is_by(root.certificate)


@pytest.mark.parametrize(
    "der", [b"", b"\x30", b"<html>", b"\x30\x03\x0a\x01\x00", TRY_LATER + b"\0", b"\x30\x80\0\0"]
)
def test_what_is_no_answer_is_refused(der: bytes) -> None:
    with pytest.raises(NotAnOcspAnswer) as caught:
        read_answer(der)
    assert caught.value.reason is Unreadable.MALFORMED


def test_an_answer_has_a_largest_size() -> None:
    with pytest.raises(NotAnOcspAnswer) as caught:
        read_answer(b"\x30" * (LARGEST_ANSWER + 1))
    assert caught.value.reason is Unreadable.TOO_LARGE


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Made]:
    kit = Kit(tmp_path_factory.mktemp("fuzz"))
    root = kit.root("root")
    client = kit.client(root, "client")
    extensions = extension(UNKNOWN_OID, b"\x05\x00")
    der = answer_of(
        root,
        single(client, root, "revoked", extensions=extensions),
        single(kit.client(root, "other"), root, digest="sha256"),
        certificates=[root],
        extensions=nonce(b"12345678"),
    )
    return der, root


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_bytes_make_the_reader_fall_over_and_none_but_the_true_ones_are_signed(
    whole: tuple[bytes, Made], data: st.DataObject
) -> None:
    der, root = whole
    at = data.draw(st.integers(0, len(der) - 1))
    cut = data.draw(st.integers(0, 3))
    put = data.draw(st.binary(max_size=4))
    odd = der[:at] + put + der[at + cut :]
    try:
        found = read_answer(odd)
    except NotAnOcspAnswer:
        return
    if isinstance(found, OcspAnswer) and found.is_by(root.certificate):
        true = read(der)
        assert (found.singles, found.nonce, found.produced_at) == (
            true.singles,
            true.nonce,
            true.produced_at,
        )


@settings(max_examples=100, deadline=None)
@given(der=st.binary(max_size=200))
def test_any_bytes_are_refused_or_read(der: bytes) -> None:
    with contextlib.suppress(NotAnOcspAnswer):
        read_answer(der)
