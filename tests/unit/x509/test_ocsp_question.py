"""Questions to OCSP responders, and whom certificates name for it."""

import hashlib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID as AccessOID

from ostiary.x509.der import key_bits_of
from ostiary.x509.errors import NotAskable
from ostiary.x509.ocsp_question import CertId, Subject, question, responders_of
from tests.support.ocsp import openssl_ocsp
from tests.support.pki import Kit, Made


def subject(client: Made, issuer: Made) -> Subject:
    return Subject(client.certificate, issuer.certificate)


def aia(*urls: str, method: x509.ObjectIdentifier = AccessOID.OCSP) -> tuple[object, bool]:
    named = [x509.AccessDescription(method, x509.UniformResourceIdentifier(url)) for url in urls]
    return x509.AuthorityInformationAccess(named), False


@pytest.mark.parametrize("key", ["ec", "rsa2048", "ed25519"])
def test_a_question_is_byte_for_byte_what_openssl_asks(kit: Kit, tmp_path: Path, key: str) -> None:
    root = kit.root("root", key=key)
    client = kit.client(root, "client")
    asked = tmp_path / "asked"
    words = ["-issuer", root.certificate_file, "-cert", client.certificate_file, "-no_nonce"]
    openssl_ocsp(*words, "-reqout", asked)
    assert question(subject(client, root)) == asked.read_bytes()


def test_a_nonce_goes_with_the_question(kit: Kit) -> None:
    root = kit.root("root")
    asked = question(subject(kit.client(root, "client"), root), b"\7" * 32)
    found = ocsp.load_der_ocsp_request(asked)
    (extension,) = found.extensions
    assert (extension.value, extension.critical) == (x509.OCSPNonce(b"\7" * 32), False)


def test_no_responder_is_asked_about_a_negative_serial_number(kit: Kit) -> None:
    root = kit.root("root")
    odd = kit.client(root, "odd", serial=0x1234, patch=[(b"\x02\x02\x12\x34", b"\x02\x02\x92\x34")])
    assert odd.certificate.serial < 0
    with pytest.raises(NotAskable):
        question(subject(odd, root))


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_an_answer_may_name_the_certificate_by_any_digest(kit: Kit, digest: str) -> None:
    root = kit.root("root")
    client = kit.client(root, "client")
    about = subject(client, root)
    name = hashlib.new(digest, root.native.subject.public_bytes()).digest()
    key = hashlib.new(digest, key_bits_of(root.certificate.public_key_der)).digest()
    serial = client.native.serial_number
    assert about.is_named_by(CertId(digest, name, key, serial))
    assert not about.is_named_by(CertId(digest, name, key, serial + 1))
    assert not about.is_named_by(CertId(digest, key, key, serial))
    assert not about.is_named_by(CertId(digest, name, name, serial))
    assert not about.is_named_by(CertId("md5", name, key, serial))


def test_one_serial_number_of_two_authorities_of_one_name_are_two_subjects(kit: Kit) -> None:
    one, other = kit.root("root"), kit.root("other", common_name="root")
    a = subject(kit.client(one, "a", serial=1), one)
    b = subject(kit.client(other, "b", serial=1), other)
    assert a.key != b.key
    again = subject(kit.client(one, "c", serial=1), one)
    assert again.key == a.key


def test_a_certificate_names_its_responders_in_order_and_not_too_many(kit: Kit) -> None:
    root = kit.root("root")
    urls = [f"http://o{number}.example/" for number in range(9)]
    client = kit.client(root, "client", extensions=[aia(urls[0], "ldap://x.example/", *urls)])
    assert responders_of(client.certificate) == tuple(urls[:4])


def test_where_the_issuer_can_be_had_is_no_responder(kit: Kit) -> None:
    root = kit.root("root")
    access = aia("http://a.example/ca.crt", method=AccessOID.CA_ISSUERS)
    assert responders_of(kit.client(root, "client", extensions=[access]).certificate) == ()
    assert responders_of(kit.client(root, "none").certificate) == ()


def test_an_address_of_any_length_is_not_followed(kit: Kit) -> None:
    root = kit.root("root")
    client = kit.client(root, "client", extensions=[aia("http://a.example/" + "x" * 3000)])
    assert responders_of(client.certificate) == ()
