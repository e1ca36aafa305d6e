"""Long lists are read by a process of their own, and come back as if they had been read here."""

import secrets
import sys

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from ostiary.wiring.lists import SHORT, read_lists
from ostiary.x509.errors import NotACrl, Unreadable
from ostiary.x509.pem import read_crls
from tests.support.lists import crl_of
from tests.support.pki import DAY, Kit, Made


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    return Kit(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def root(kit: Kit) -> Made:
    return kit.root("long-root")


@pytest.fixture(scope="module")
def long_list(kit: Kit, root: Made) -> bytes:
    revoked = [
        x509.RevokedCertificateBuilder(secrets.randbits(150), kit.now).build() for _ in range(8_000)
    ]
    builder = (
        x509.CertificateRevocationListBuilder(revoked_certificates=revoked)
        .issuer_name(root.native.subject)
        .last_update(kit.now)
        .next_update(kit.now + DAY)
    )
    pem = builder.sign(root.key, hashes.SHA256()).public_bytes(Encoding.PEM)
    assert len(pem) > SHORT
    return root.pem + pem


def test_a_long_list_comes_back_whole(root: Made, long_list: bytes) -> None:
    (there,), (here,) = read_lists(long_list), read_crls(long_list)
    assert there == here
    assert there.entries == here.entries
    assert (there.scope, there.issuer_key, there.signers, there.fault) == (
        here.scope,
        here.issuer_key,
        (root.der,),
        None,
    )
    assert there.is_signed_by(root.certificate)


def test_what_is_no_list_is_refused_with_the_same_words(root: Made, long_list: bytes) -> None:
    for content in (root.pem * 400, long_list[: len(long_list) // 2] + b"?" * 200_000):
        with pytest.raises(NotACrl) as there:
            read_lists(content)
        with pytest.raises(NotACrl) as here:
            read_crls(content)
        assert (there.value.reason, str(there.value)) == (here.value.reason, str(here.value))


def test_a_reader_that_dies_is_a_refusal_and_short_lists_need_none(
    root: Made, long_list: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in ("/bin/false", "/nowhere/python"):
        monkeypatch.setattr(sys, "executable", program)
        with pytest.raises(NotACrl) as caught:
            read_lists(long_list)
        assert caught.value.reason is Unreadable.TOO_LARGE
        assert "can't be read" in caught.value.sentence
    assert read_lists(crl_of(root))[0].count == 0
