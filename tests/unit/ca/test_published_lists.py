"""Where certificates and lists say that more is to be had, and deltas; openssl is the witness."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from ostiary.ca.addresses import Addresses
from ostiary.ca.authority import Issued, new_intermediate, new_root
from ostiary.ca.dice import SystemDice
from ostiary.ca.lists import NotOurList, head_of
from ostiary.ca.packing import certificates_only, pem_of_list
from ostiary.ca.requests import key_to_certify
from ostiary.ca.signing import Purpose, Reason, Signer, naming_of
from ostiary.x509.certificate import Certificate, parse
from ostiary.x509.keys import KeyKind
from ostiary.x509.revocation import parse_revocation_list

NOW = datetime.now(UTC).replace(microsecond=0)
UNTIL = NOW + timedelta(days=1)
DICE = SystemDice()
ADDRESSES = Addresses(
    certificate="http://pki.example/ca/a.crt",
    crl="http://pki.example/crl/a.crl",
    delta="http://pki.example/crl/a-delta.crl",
    ocsp="http://pki.example/ocsp",
)


@pytest.fixture(scope="module")
def root() -> Issued:
    return new_root("root", NOW, DICE)


def client(signer: Signer) -> Certificate:
    signed = signer.sign(
        naming_of("device", {}, ()),
        key_to_certify(DICE.key(KeyKind.EC).public_der()),
        Purpose.CLIENT,
        serial=DICE.serial(),
        now=NOW,
        days=30,
    )
    return parse(signed.der)


def urls(certificate: Certificate) -> list[str]:
    found = certificate.native.extensions
    points = found.get_extension_for_class(x509.CRLDistributionPoints).value
    access = found.get_extension_for_class(x509.AuthorityInformationAccess).value
    names = [name.value for point in points for name in point.full_name or ()]
    return [*names, *(f"{one.access_method._name} {one.access_location.value}" for one in access)]


def test_certificates_say_where_their_authority_publishes_if_it_does(root: Issued) -> None:
    told = [
        "http://pki.example/crl/a.crl",
        "OCSP http://pki.example/ocsp",
        "caIssuers http://pki.example/ca/a.crt",
    ]
    assert urls(client(Signer(root.certificate, root.key, ADDRESSES))) == told
    below = new_intermediate(root, "below", NOW, DICE, addresses=ADDRESSES)
    assert urls(below.certificate) == told
    with pytest.raises(x509.ExtensionNotFound):
        urls(client(Signer(root.certificate, root.key)))


def test_a_whole_list_leads_to_its_delta_and_a_delta_to_nothing(root: Issued) -> None:
    signer = Signer(root.certificate, root.key, ADDRESSES)
    whole = signer.list_of((), number=3, now=NOW, until=UNTIL)
    delta = signer.delta_of([(5, NOW, Reason.SUPERSEDED)], base=3, number=4, now=NOW, until=UNTIL)
    native = x509.load_der_x509_crl(whole)
    (point,) = native.extensions.get_extension_for_class(x509.FreshestCRL).value
    assert [one.value for one in point.full_name or ()] == [ADDRESSES.delta]
    with pytest.raises(x509.ExtensionNotFound):
        x509.load_der_x509_crl(delta).extensions.get_extension_for_class(x509.FreshestCRL)
    read = [parse_revocation_list(one) for one in (whole, delta)]
    assert [(one.number, one.base, one.fault) for one in read] == [(3, None, None), (4, 3, None)]
    assert all(one.is_signed_by(root.certificate) for one in read)
    heads = [head_of(one) for one in (whole, delta)]
    assert [(one.number, one.base, one.entries) for one in heads] == [(3, None, 0), (4, 3, 1)]
    assert (heads[1].this_update, heads[1].next_update) == (NOW, UNTIL)


def test_openssl_finds_by_the_delta_what_the_whole_list_lacks(root: Issued, tmp_path: Path) -> None:
    signer = Signer(root.certificate, root.key, ADDRESSES)
    good, gone = client(signer), client(signer)
    whole = signer.list_of((), number=3, now=NOW, until=UNTIL)
    delta = signer.delta_of(
        [(gone.serial, NOW, Reason.KEY_COMPROMISE)], base=3, number=4, now=NOW, until=UNTIL
    )
    (tmp_path / "root").write_bytes(root.certificate.pem)
    (tmp_path / "lists").write_bytes(pem_of_list(whole) + pem_of_list(delta))
    for one, code in ((good, 0), (gone, 2)):
        (tmp_path / "one").write_bytes(one.pem)
        done = subprocess.run(
            ["openssl", "verify", "-crl_check", "-extended_crl", "-use_deltas", "-CAfile", "root",
             "-CRLfile", "lists", "one"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr


def test_a_bundle_of_certificates_is_what_openssl_unpacks(root: Issued, tmp_path: Path) -> None:
    below = new_intermediate(root, "below", NOW, DICE)
    (tmp_path / "p7c").write_bytes(certificates_only([below.certificate.der, root.certificate.der]))
    done = subprocess.run(
        ["openssl", "pkcs7", "-inform", "DER", "-in", "p7c", "-print_certs", "-noout"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert {"subject=CN = below", "subject=CN = root"} <= set(done.stdout.splitlines())


@pytest.mark.parametrize("data", [b"", b"nothing", b"\x30\x03\x02\x01\x01"])
def test_a_file_that_is_no_list_is_told_as_that(data: bytes) -> None:
    with pytest.raises(NotOurList):
        head_of(data)
