"""Uploads as openssl and others make them: certificates come out, everything else is named."""

import contextlib
import shutil
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    pkcs7,
    pkcs12,
)
from hypothesis import given
from hypothesis import strategies as st

from ostiary.x509 import uploads
from ostiary.x509.certificate import Certificate
from ostiary.x509.errors import NotACertificate, Unreadable
from ostiary.x509.forms import kind_of
from ostiary.x509.iterations import is_modest
from ostiary.x509.uploads import LARGEST_UPLOAD, MOST_CERTIFICATES, read_upload
from tests.support.pki import Kit, Made

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")

Openssl = Callable[..., bytes]


@pytest.fixture(scope="module")
def two(kit: Kit) -> tuple[Made, Made]:
    """An authority and one below it."""
    root = kit.root("upload-root")
    return root, kit.intermediate(root, "upload-mid")


@pytest.fixture(scope="module")
def both(two: tuple[Made, Made], kit: Kit) -> Path:
    """Both in one PEM file."""
    return kit.bundle("upload-both.pem", *two)


@pytest.fixture
def openssl(tmp_path: Path) -> Openssl:
    """Run openssl; what it writes to ``-out`` is returned."""

    def run(*arguments: str | Path, given: bytes = b"") -> bytes:
        out = tmp_path / "out"
        verb, *rest = map(str, arguments)
        command = ["openssl", verb, "-out", str(out), *rest]
        done = subprocess.run(command, input=given, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return out.read_bytes()

    return run


def refused(data: bytes, password: str | None = None) -> NotACertificate:
    with pytest.raises(NotACertificate) as caught:
        read_upload(data, password)
    return caught.value


def certificates(two: tuple[Made, Made]) -> tuple[Certificate, ...]:
    return tuple(one.certificate for one in two)


def _p12(openssl: Openssl, both: Path, *more: str | Path, password: str = "sésame") -> bytes:
    return openssl(
        "pkcs12", "-export", "-nokeys", "-in", both, "-passout", f"pass:{password}", *more
    )


def test_pem_with_several_is_read_in_order(two: tuple[Made, Made]) -> None:
    root, mid = two
    assert read_upload(root.pem + mid.pem) == certificates(two)
    assert read_upload(mid.pem + root.pem) == certificates((mid, root))


def test_der_is_read(two: tuple[Made, Made]) -> None:
    assert read_upload(two[0].der) == certificates(two)[:1]


@pytest.mark.parametrize("form", ["DER", "PEM"])
def test_pkcs7_is_read_in_both_forms(
    form: str, openssl: Openssl, both: Path, two: tuple[Made, Made]
) -> None:
    data = openssl("crl2pkcs7", "-nocrl", "-certfile", both, "-outform", form)
    assert set(read_upload(data)) == set(certificates(two))


def test_pkcs7_of_a_signed_message_in_ber_is_read(openssl: Openssl, two: tuple[Made, Made]) -> None:
    root = two[0]
    data = openssl(
        *("cms", "-sign", "-binary", "-nodetach", "-stream", "-outform", "DER"),
        *("-signer", root.certificate_file, "-inkey", root.key_file, "-in", root.key_file),
    )
    assert data[:2] == b"\x30\x80"
    assert read_upload(data) == certificates(two)[:1]


@pytest.mark.parametrize("more", [(), ("-legacy",), ("-nomac",), ("-iter", "1000000")], ids=str)
def test_pkcs12_with_certificates_only_is_read(
    more: tuple[str, ...], openssl: Openssl, both: Path, two: tuple[Made, Made]
) -> None:
    data = _p12(openssl, both, *more)
    assert set(read_upload(data, "sésame")) == set(certificates(two))


def test_pkcs12_without_a_password_is_read(
    openssl: Openssl, both: Path, two: tuple[Made, Made]
) -> None:
    empty = _p12(openssl, both, password="")
    bare = _p12(openssl, both, *["-nomac", "-keypbe", "NONE", "-certpbe", "NONE"], password="")
    for data in (empty, bare):
        for password in (None, ""):
            assert set(read_upload(data, password)) == set(certificates(two))


def test_pkcs12_says_whether_its_password_is_missing_or_wrong(openssl: Openssl, both: Path) -> None:
    data = _p12(openssl, both)
    assert refused(data).reason is Unreadable.PASSWORD_NEEDED
    assert refused(data, "").reason is Unreadable.PASSWORD_NEEDED
    assert refused(data, "sesame").reason is Unreadable.WRONG_PASSWORD
    assert "sesame" not in str(refused(data, "sesame"))


@pytest.mark.parametrize("more", ["", "-nomac -keypbe NONE -certpbe NONE"])
def test_pkcs12_with_a_private_key_is_refused(
    more: str, openssl: Openssl, two: tuple[Made, Made]
) -> None:
    root = two[0]
    data = openssl(
        *("pkcs12", "-export", "-in", root.certificate_file, "-inkey", root.key_file),
        *("-passout", "pass:x", *more.split()),
    )
    found = refused(data, "x")
    assert found.reason is Unreadable.HOLDS_KEY
    assert "certificates only" in found.sentence
    assert "-nokeys" in found.way_out


def test_the_refusal_of_a_key_holds_nothing_of_it(two: tuple[Made, Made]) -> None:
    root = two[0]
    data = pkcs12.serialize_key_and_certificates(
        b"name", root.key, root.native, None, BestAvailableEncryption(b"x")
    )
    found = refused(data, "x")
    frame = found.__traceback__
    held: list[object] = []
    while frame is not None:
        held += frame.tb_frame.f_locals.values()
        frame = frame.tb_next
    assert not any(isinstance(one, pkcs12.PKCS12KeyAndCertificates) for one in held)
    assert found.__cause__ is None and found.__context__ is None  # noqa: PT018


def test_pkcs12_that_asks_for_too_much_work_is_refused_at_once(
    openssl: Openssl, both: Path
) -> None:
    data = _p12(openssl, both, "-nomac", "-iter", "1000001")
    assert refused(data, "sésame").reason is Unreadable.TOO_LARGE


def test_a_pkcs12_that_is_changed_to_ask_for_endless_work_is_refused_at_once(
    openssl: Openssl, both: Path
) -> None:
    # The MAC's 2,048 rounds are the last of the file; made 2^31 - 1, with the two lengths mended.
    data = bytearray(_p12(openssl, both))
    assert data.endswith(b"\x02\x02\x08\x00")
    mac = data.rindex(b"\x30\x41\x30\x31\x30\x0d")  # MacData { DigestInfo { SHA-256 …
    data[-4:] = b"\x02\x04\x7f\xff\xff\xff"
    data[mac + 1] += 2
    data[2:4] = (len(data) - 4).to_bytes(2, "big")
    assert refused(bytes(data), "sésame").reason is Unreadable.TOO_LARGE


def test_many_parts_of_a_pkcs12_together_may_not_ask_for_endless_work_either() -> None:
    part = b"\x04\x01s\x02\x03" + (900_000).to_bytes(3, "big")  # the salt, and the rounds
    assert is_modest(b"".join(b"\x30\x08" + part for _ in range(4)))
    assert not is_modest(b"".join(b"\x30\x08" + part for _ in range(5)))


def test_an_empty_pkcs7_or_pkcs12_is_refused(openssl: Openssl, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    found = refused(openssl("crl2pkcs7", "-nocrl", "-certfile", empty, "-outform", "DER"))
    assert found.reason is Unreadable.PKCS7


def test_an_encrypted_message_is_no_bundle(openssl: Openssl, two: tuple[Made, Made]) -> None:
    secret, owner = two[1].certificate_file, two[0].certificate_file
    data = openssl("cms", "-encrypt", "-binary", "-in", secret, "-outform", "DER", owner)
    assert refused(data).reason is Unreadable.PKCS7


def test_text_around_pem_is_ignored(openssl: Openssl, two: tuple[Made, Made], both: Path) -> None:
    root = two[0]
    text = openssl("x509", "-in", root.certificate_file, "-text")
    assert text.startswith(b"Certificate:")
    assert read_upload(b"\xef\xbb\xbf" + text + b"\n-- \nthanks") == certificates(two)[:1]
    bags = openssl("pkcs12", "-in", _file(both, _p12(openssl, both)), "-passin", "pass:sésame")
    assert b"Bag Attributes" in bags or b"subject=" in bags
    assert set(read_upload(bags)) == set(certificates(two))


def _file(beside: Path, data: bytes) -> Path:
    path = beside.with_suffix(".upload")
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_pem_that_an_editor_saved_as_utf_16_is_read(codec: str, two: tuple[Made, Made]) -> None:
    text = two[0].pem.decode()
    mark = "" if codec == "utf-16" else "\N{BYTE ORDER MARK}"
    assert read_upload((mark + text).encode(codec)) == certificates(two)[:1]


def test_line_ends_and_indentation_do_not_matter(two: tuple[Made, Made]) -> None:
    pem = two[0].pem
    for way in (b"\r\n", b"\r", b" ", b"\n    "):
        assert read_upload(way.join(pem.split(b"\n"))) == certificates(two)[:1]


def test_doubles_are_read_once(two: tuple[Made, Made], openssl: Openssl, both: Path) -> None:
    root, mid = two
    bundle = openssl("crl2pkcs7", "-nocrl", "-certfile", both)
    assert set(read_upload(root.pem + mid.pem + root.pem + bundle)) == set(certificates(two))
    assert len(read_upload(root.pem + mid.pem + root.pem + bundle)) == 2


def test_a_request_a_key_a_list_and_others_are_called_by_their_names(
    openssl: Openssl, two: tuple[Made, Made]
) -> None:
    root = two[0]
    key = root.key_file
    requests = [
        openssl("req", "-new", "-key", key, "-subj", "/CN=x", "-outform", form)
        for form in ("PEM", "DER")
    ]
    public = [openssl("pkey", "-in", key, "-pubout", "-outform", form) for form in ("PEM", "DER")]
    keys = [
        root.key_file.read_bytes(),
        openssl("pkey", "-in", key, "-outform", "DER"),
        openssl("ec", "-in", key),
        openssl("pkcs8", "-topk8", "-in", key, "-passout", "pass:x"),
        openssl("pkcs8", "-topk8", "-in", key, "-passout", "pass:x", "-outform", "DER"),
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
    ]
    trusted = openssl("x509", "-in", root.certificate_file, "-trustout")
    expected = {
        Unreadable.REQUEST: requests,
        Unreadable.PUBLIC_KEY: [*public, b"ssh-ed25519 AAAA me", b"ecdsa-sha2-nistp256 AAAA"],
        Unreadable.PRIVATE_KEY: keys,
        Unreadable.TRUSTED_CERTIFICATE: [trusted],
        Unreadable.WEB_PAGE: [b"\r\n <!DOCTYPE html><html>", b"<HTML>404", b"<?xml version='1'?>"],
        Unreadable.ARCHIVE: [b"PK\x03\x04zip", b"\x1f\x8b\x08"],
        Unreadable.JAVA_KEYSTORE: [b"\xfe\xed\xfe\xed\0\0\0\2"],
        Unreadable.EMPTY: [b"", b" \n"],
        Unreadable.NO_PEM: [b"hello", b"MIIB"],
        Unreadable.OTHER_PEM: [b"-----BEGIN DH PARAMETERS-----\nMAA=\n-----END DH PARAMETERS-----"],
    }
    for reason, samples in expected.items():
        for data in samples:
            assert refused(data).reason is reason, data[:60]


def test_a_revocation_list_is_called_by_its_name(openssl: Openssl, kit: Kit) -> None:
    crl = (
        x509.CertificateRevocationListBuilder()
        .issuer_name((root := kit.root("upload-crl")).native.subject)
        .last_update(kit.now)
        .next_update(kit.now.replace(year=kit.now.year + 1))
        .sign(root.key, hashes.SHA256())
    )
    for form in (Encoding.PEM, Encoding.DER):
        assert refused(crl.public_bytes(form)).reason is Unreadable.CRL
    mixed = refused(root.pem + crl.public_bytes(Encoding.PEM))
    assert mixed.reason is Unreadable.CRL
    assert "beside certificates" in mixed.sentence


def test_a_key_beside_certificates_is_refused_before_all_else(two: tuple[Made, Made]) -> None:
    root = two[0]
    other = b"-----BEGIN DH PARAMETERS-----\nMAA=\n-----END DH PARAMETERS-----\n"
    for data in (
        root.pem + root.key_file.read_bytes(),
        root.key_file.read_bytes() + root.pem,
        other + root.pem + root.key_file.read_bytes(),
    ):
        assert refused(data).reason is Unreadable.HOLDS_KEY


def test_a_block_that_is_cut_short_is_not_passed_over(two: tuple[Made, Made]) -> None:
    root, mid = two
    cut = mid.pem[: len(mid.pem) // 2]
    for data in (root.pem + cut, cut + root.pem, cut):
        assert refused(data).reason is Unreadable.MALFORMED


def test_one_broken_certificate_refuses_the_upload_and_says_which(
    two: tuple[Made, Made],
) -> None:
    found = refused(two[0].pem + b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----")
    assert found.reason is Unreadable.MALFORMED
    assert "certificate 2" in found.sentence


def test_pem_inside_of_der_is_not_looked_for(openssl: Openssl, two: tuple[Made, Made]) -> None:
    root, mid = two
    data = openssl(
        *("cms", "-sign", "-binary", "-nodetach", "-outform", "DER"),
        *("-signer", root.certificate_file, "-inkey", root.key_file, "-in", mid.certificate_file),
    )
    assert mid.pem in data
    assert read_upload(data) == certificates(two)[:1]
    assert read_upload(b"0 is how the text begins\n" + root.pem) == certificates(two)[:1]


def test_der_with_something_after_it_is_refused(two: tuple[Made, Made]) -> None:
    assert refused(two[0].der + b"x").reason is Unreadable.MALFORMED
    assert refused(two[0].der * 2).reason is Unreadable.MALFORMED


def test_too_large_an_upload_is_not_looked_at(two: tuple[Made, Made]) -> None:
    assert refused(two[0].pem + b" " * LARGEST_UPLOAD).reason is Unreadable.TOO_LARGE


def test_too_many_certificates_are_refused(
    two: tuple[Made, Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_CERTIFICATES > 2
    monkeypatch.setattr(uploads, "MOST_CERTIFICATES", 1)
    assert len(read_upload(two[0].pem * 3)) == 1
    assert refused(two[0].pem + two[1].pem).reason is Unreadable.TOO_MANY


@given(
    data=st.binary(max_size=200),
    before=st.sampled_from(
        [
            b"",
            b"\x30\x82\x01\x00",
            b"\x30\x80\x02\x01\x03\x30\x80",
            b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80",
            b"\xff\xfe",
            b"-----BEGIN ",
        ]
    ),
)
def test_any_bytes_are_refused_with_a_reason(data: bytes, before: bytes) -> None:
    assert refused(before + data, "x").sentence


@pytest.fixture(scope="module")
def containers(two: tuple[Made, Made]) -> list[bytes]:
    """A bundle of each binary kind, none encrypted: changes reach what is inside."""
    natives = [one.native for one in two]
    bag = pkcs12.serialize_key_and_certificates(None, None, None, natives, NoEncryption())
    return [pkcs7.serialize_certificates(natives, Encoding.DER), bag, two[0].der]


@given(data=st.data())
def test_a_changed_bundle_is_read_or_refused(data: st.DataObject, containers: list[bytes]) -> None:
    bundle = bytearray(data.draw(st.sampled_from(containers)))
    for _ in range(data.draw(st.integers(1, 4))):
        bundle[data.draw(st.integers(0, len(bundle) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(NotACertificate):
        assert read_upload(bytes(bundle))


def test_a_certificate_of_a_version_that_does_not_exist_is_malformed_in_any_bundle(
    two: tuple[Made, Made], containers: list[bytes]
) -> None:
    for bundle in containers:
        # Version 3 is written as [0] { INTEGER 2 }.
        assert b"\xa0\x03\x02\x01\x02" in bundle
        changed = bundle.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x55")
        assert isinstance(refused(changed), NotACertificate)


def test_odd_serial_numbers_do_not_keep_bytes_from_being_told_apart(two: tuple[Made, Made]) -> None:
    head = b"\xa0\x03\x02\x01\x02\x02"  # version 3, and what begins the serial number
    before, _, after = two[0].der.partition(head)
    # Negative, and as short as DER wants it: 0xff would be one byte too many before a set bit.
    negative = before + head + after[:1] + b"\x80" + after[2:]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert kind_of(negative, []) is Unreadable.CERTIFICATE
