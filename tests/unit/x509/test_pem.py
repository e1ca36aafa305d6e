"""Files as operators have them: read, or told what they are instead."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs7,
    pkcs12,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.x509.errors import NotACertificate, NotACrl, NotAKey, Unreadable, UnreadableError
from ostiary.x509.pem import key_matches, read_certificates, read_crls, read_private_key
from tests.support.pki import Kit, Made, pem_of


@pytest.fixture(scope="session")
def root(kit: Kit) -> Made:
    return kit.root("root")


def csr(made: Made, encoding: Encoding) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(made.native.subject)
    return builder.sign(made.key, hashes.SHA256()).public_bytes(encoding)


def crl(made: Made, kit: Kit, encoding: Encoding) -> bytes:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(made.native.subject)
        .last_update(kit.now)
        .next_update(kit.now + timedelta(days=1))
        .add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(5).revocation_date(kit.now).build()
        )
    )
    return builder.sign(made.key, hashes.SHA256()).public_bytes(encoding)


def key_pem(made: Made, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return bytes(made.key.private_bytes(Encoding.PEM, form, NoEncryption()))


def locked(made: Made, form: PrivateFormat, encoding: Encoding = Encoding.PEM) -> bytes:
    return bytes(made.key.private_bytes(encoding, form, BestAvailableEncryption(b"x")))


def test_a_bundle_is_read_in_order_with_text_and_keys_around_it(kit: Kit, root: Made) -> None:
    leaf = kit.client(root, "leaf")
    text = b"\xef\xbb\xbfsubject=CN = leaf\r\n" + leaf.pem.replace(b"\n", b"\r\n")
    data = text + key_pem(leaf) + b"trailing words " + root.pem
    assert read_certificates(data) == (leaf.certificate, root.certificate)


def test_a_der_file_is_one_certificate(root: Made) -> None:
    assert read_certificates(root.der) == (root.certificate,)


def test_each_wrong_thing_is_called_by_its_name(kit: Kit, root: Made) -> None:
    public = root.key.public_key()
    p12 = pkcs12.serialize_key_and_certificates(
        b"n", root.key, root.native, None, BestAvailableEncryption(b"x")
    )
    wrong = {
        b"": Unreadable.EMPTY,
        b" \n\t": Unreadable.EMPTY,
        b"hello": Unreadable.NO_PEM,
        csr(root, Encoding.PEM): Unreadable.REQUEST,
        csr(root, Encoding.DER): Unreadable.REQUEST,
        crl(root, kit, Encoding.PEM): Unreadable.CRL,
        crl(root, kit, Encoding.DER): Unreadable.CRL,
        key_pem(root): Unreadable.PRIVATE_KEY,
        key_pem(root, PrivateFormat.TraditionalOpenSSL): Unreadable.PRIVATE_KEY,
        locked(root, PrivateFormat.PKCS8, Encoding.DER): Unreadable.ENCRYPTED,
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo): Unreadable.PUBLIC_KEY,
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo): Unreadable.PUBLIC_KEY,
        p12: Unreadable.PKCS12,
        pkcs7.serialize_certificates([root.native], Encoding.PEM): Unreadable.PKCS7,
        pkcs7.serialize_certificates([root.native], Encoding.DER): Unreadable.PKCS7,
        root.pem.replace(b" CERT", b" TRUSTED CERT"): Unreadable.TRUSTED_CERTIFICATE,
        b"-----BEGIN DH PARAMETERS-----\nAA==\n-----END DH PARAMETERS-----": Unreadable.OTHER_PEM,
        root.der[:-9]: Unreadable.MALFORMED,
    }
    for data, reason in wrong.items():
        with pytest.raises(NotACertificate) as caught:
            read_certificates(data)
        assert caught.value.reason is reason, (data[:40], caught.value)


def test_a_csr_is_told_what_to_do_with(root: Made) -> None:
    with pytest.raises(
        NotACertificate, match=r"signing request.*have a certificate authority sign"
    ):
        read_certificates(csr(root, Encoding.PEM))


def test_the_broken_certificate_of_a_bundle_is_numbered(root: Made) -> None:
    broken = root.pem.replace(b"MII", b"MIJ")
    with pytest.raises(NotACertificate, match=r"certificate 2 in the file|PEM block 2"):
        read_certificates(root.pem + broken)
    with pytest.raises(NotACertificate, match="PEM block 1") as caught:
        read_certificates(root.pem.replace(b"MII", b"M!!"))
    assert caught.value.reason is Unreadable.MALFORMED


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_key_is_read_and_known_to_fit_its_certificate(
    kit: Kit, root: Made, form: PrivateFormat
) -> None:
    leaf = kit.client(root, "leaf", key="rsa2048")
    key = read_private_key(leaf.pem + key_pem(leaf, form))
    assert key_matches(key, leaf.certificate)
    assert not key_matches(key, root.certificate)
    assert read_private_key(key.pem()).pem() == key.pem()


def test_a_key_in_der_is_read(root: Made) -> None:
    der = root.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert key_matches(read_private_key(der), root.certificate)


def test_a_key_after_its_curve_parameters_is_read(tmp_path: Path) -> None:
    command = ["openssl", "ecparam", "-name", "prime256v1", "-genkey"]
    data = subprocess.run(command, capture_output=True, check=True).stdout
    assert b"EC PARAMETERS" in data
    assert b"BEGIN PRIVATE KEY" in read_private_key(data).pem()


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_key_with_a_passphrase_is_refused_with_the_way_out(
    root: Made, form: PrivateFormat
) -> None:
    with pytest.raises(NotAKey, match="openssl pkey -in FILE") as caught:
        read_private_key(locked(root, form))
    assert caught.value.reason is Unreadable.ENCRYPTED


def test_a_locked_key_in_der_is_called_encrypted(root: Made) -> None:
    with pytest.raises(NotAKey) as caught:
        read_private_key(locked(root, PrivateFormat.PKCS8, Encoding.DER))
    assert caught.value.reason is Unreadable.ENCRYPTED


def test_what_is_no_key_is_called_by_its_name(root: Made) -> None:
    broken = key_pem(root).replace(b"MIG", b"MIH")
    for data, reason in (
        (root.pem, Unreadable.CERTIFICATE),
        (root.der, Unreadable.CERTIFICATE),
        (b"", Unreadable.EMPTY),
        (broken, Unreadable.MALFORMED),
    ):
        with pytest.raises(NotAKey) as caught:
            read_private_key(data)
        assert caught.value.reason is reason


def test_a_key_never_shows_itself_by_accident(root: Made) -> None:
    key = read_private_key(key_pem(root))
    assert repr(key) == str(key) == "PrivateKey(…)"


def test_a_revocation_list_is_read_in_both_forms(kit: Kit, root: Made) -> None:
    for encoding in (Encoding.PEM, Encoding.DER):
        (found,) = read_crls(crl(root, kit, encoding))
        assert (found.issuer, found.count) == ("CN=root", 1)
        assert found.find(found.issuer_key, 5)
        assert (found.this_update, found.next_update) == (kit.now, kit.now + timedelta(days=1))


def test_what_is_no_revocation_list_is_called_by_its_name(kit: Kit, root: Made) -> None:
    der = crl(root, kit, Encoding.DER)
    broken = pem_of(der[:-5]).replace(b"CERTIFICATE", b"X509 CRL")
    for data, reason in (
        (root.pem, Unreadable.CERTIFICATE),
        (b"", Unreadable.EMPTY),
        (der[:-5], Unreadable.MALFORMED),
        (broken, Unreadable.MALFORMED),
    ):
        with pytest.raises(NotACrl) as caught:
            read_crls(data)
        assert caught.value.reason is reason


def test_a_file_of_nothing_but_beginnings_costs_no_time() -> None:
    with pytest.raises(NotACertificate):
        read_certificates(b"-----BEGIN CERTIFICATE-----\nAAAA\n" * 50_000)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(lambda b: b"\x30\x20" + b)))
def test_no_bytes_make_the_readers_fall_over(data: bytes) -> None:
    for read in (read_certificates, read_private_key, read_crls):
        with pytest.raises(UnreadableError):
            read(data)
