"""An authority at work: names from text, certificates for keys of others, lists."""

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from ostiary.ca.authority import Issued, IssueRefusedError, new_intermediate, new_root
from ostiary.ca.dice import SystemDice
from ostiary.ca.packing import (
    KeyStaysShut,
    locked,
    packed,
    pem_of_certificate,
    pem_of_list,
    stretched,
    unlocked,
)
from ostiary.ca.requests import key_to_certify
from ostiary.ca.signing import Naming, Purpose, Reason, Signer, naming_of
from ostiary.x509.certificate import Certificate, parse
from ostiary.x509.keys import KeyKind, PrivateKey
from ostiary.x509.revocation import parse_revocation_list
from ostiary.x509.verify import PathVerifier, VerifiedPath

NOW = datetime.now(UTC)
DICE = SystemDice()
Sign = Callable[..., Certificate]


@pytest.fixture(scope="module")
def root() -> Issued:
    return new_root("root", NOW, DICE)


@pytest.fixture(scope="module", params=[KeyKind.EC, KeyKind.RSA, KeyKind.ED25519])
def below(request: pytest.FixtureRequest, root: Issued) -> Issued:
    return new_intermediate(root, "below", NOW, DICE, kind=request.param)


def signed(
    above: Issued, *sans: str, purpose: Purpose = Purpose.CLIENT, key: PrivateKey | None = None
) -> Certificate:
    key = key or DICE.key(KeyKind.EC)
    found = Signer(above.certificate, above.key).sign(
        naming_of("device", {"O": "Acme", "C": "DE"}, sans),
        key_to_certify(key.public_der()),
        purpose,
        serial=DICE.serial(),
        now=NOW,
        days=30,
    )
    certificate = parse(found.der)
    assert (certificate.not_before, certificate.not_after) == (found.not_before, found.not_after)
    return certificate


def test_a_certificate_is_verified_through_its_authority(root: Issued, below: Issued) -> None:
    certificate = signed(below, "dns:a.example", "ip:10.0.0.1", "email:a@b.example")
    found = PathVerifier((root.certificate,)).verify(certificate, (below.certificate,), NOW)
    assert isinstance(found, VerifiedPath)
    assert certificate.subject == "CN=device,O=Acme,C=DE"
    names = ("DNS:a.example", "IP:10.0.0.1", "email:a@b.example")
    assert certificate.subject_alternative_names == names
    assert certificate.not_after == NOW.replace(microsecond=0) + timedelta(days=30)
    assert Naming.of_certificate(certificate).alternative_names() == certificate.names.alternatives


def test_openssl_finds_nothing_wrong_with_certificate_list_and_bundle(
    root: Issued, below: Issued, tmp_path: Path
) -> None:
    key = DICE.key(KeyKind.EC)
    good, gone = (signed(below, "dns:a.example", key=key) for _ in range(2))
    until = NOW + timedelta(days=1)
    lists = (
        Signer(root.certificate, root.key).list_of((), number=1, now=NOW, until=until),
        Signer(below.certificate, below.key).list_of(
            [(gone.serial, NOW, Reason.SUPERSEDED)], number=2, now=NOW, until=until
        ),
    )
    (tmp_path / "root").write_bytes(root.certificate.pem)
    (tmp_path / "below").write_bytes(below.certificate.pem)
    (tmp_path / "lists").write_bytes(b"".join(map(pem_of_list, lists)))
    for name, one, code in (("good", good, 0), ("gone", gone, 2)):
        (tmp_path / name).write_bytes(pem_of_certificate(one.der))
        told = openssl(
            tmp_path, "verify", "-x509_strict", "-purpose", "sslclient", "-crl_check_all",
            "-CAfile", "root", "-untrusted", "below", "-CRLfile", "lists", name,
        )  # fmt: skip
        assert told.returncode == code, told.stderr
    box = packed(key, [good.der, below.certificate.der], name="device", password="a password")
    (tmp_path / "box").write_bytes(box)
    told = openssl(tmp_path, "pkcs12", "-in", "box", "-nodes", "-passin", "pass:a password")
    assert told.stdout.count(b"BEGIN CERTIFICATE") == 2
    assert b"BEGIN PRIVATE KEY" in told.stdout


def openssl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=False)


def test_a_list_says_what_is_revoked_since_when_and_why(root: Issued) -> None:
    signer = Signer(root.certificate, root.key)
    revoked = [(number, NOW, reason) for number, reason in enumerate(Reason, 5)]
    der = signer.list_of(revoked, number=7, now=NOW, until=NOW + timedelta(days=2))
    found = parse_revocation_list(der)
    assert found.is_signed_by(root.certificate)
    assert (found.number, found.fault) == (7, None)
    assert found.holds_at(NOW)
    assert not found.holds_at(NOW + timedelta(days=2))
    told = [found.find(found.issuer_key, number) for number, _, _ in revoked]
    assert [one.reason for one in told if one] == [reason.value for _, _, reason in revoked]
    assert found.count == len(revoked)


def test_a_server_is_no_client_and_its_purpose_is_in_the_certificate(root: Issued) -> None:
    server = signed(root, "dns:a.example", purpose=Purpose.SERVER)
    assert server.extended_key_usages == ("1.3.6.1.5.5.7.3.1",)
    assert signed(root).extended_key_usages == ("1.3.6.1.5.5.7.3.2",)


def test_nothing_outlives_its_authority() -> None:
    short = new_root("short", NOW, DICE, days=2)
    assert signed(short).not_after == short.certificate.not_after


@pytest.mark.parametrize(
    "text",
    [
        "a.example", "dns:", "dns:a b", "dns:10.0.0.1", "dns:a..b", "ip:10.0.0", "ip:10.0.0.0/8",
        "uri:nothing", "uri:a:b\0c", "email:a", "email:a@b@c", "dirname:CN=a", "dns:" + "a" * 2000,
    ],
)  # fmt: skip
def test_an_alternative_name_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(IssueRefusedError):
        naming_of("device", {}, [text])


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("", {}),
        ("x" * 65, {}),
        ("a\nb", {}),
        ("device", {"CN": "other"}),
        ("device", {"XX": "a"}),
        ("device", {"C": "Germany"}),
        ("device", {"O": ""}),
    ],
)
def test_a_subject_that_can_not_stand_is_refused(name: str, attributes: dict[str, str]) -> None:
    with pytest.raises(IssueRefusedError):
        naming_of(name, attributes, ())


def test_too_many_alternative_names_are_refused() -> None:
    with pytest.raises(IssueRefusedError, match="100"):
        naming_of("device", {}, [f"dns:a{number}.example" for number in range(101)])


def test_a_locked_key_opens_with_its_passphrase_alone(root: Issued) -> None:
    salt = bytes(range(16))
    secret = stretched("a long passphrase", salt)
    box = locked(root.key, secret)
    assert b"ENCRYPTED PRIVATE KEY" in box
    assert isinstance(unlocked(box, secret).native, type(root.key.native))
    assert unlocked(box, secret).public_der() == root.key.public_der()
    for other in (
        stretched("another passphrase", salt),
        stretched("a long passphrase", salt[::-1]),
    ):
        with pytest.raises(KeyStaysShut, match="does not open"):
            unlocked(box, other)
    with pytest.raises(KeyStaysShut):
        unlocked(box[:60], secret)


def test_a_serial_number_is_as_long_as_it_is_drawn(root: Issued) -> None:
    for serial in (1, 2**127, 2**128 - 1):
        found = Signer(root.certificate, root.key).sign(
            naming_of("device", {}, ()),
            key_to_certify(DICE.key(KeyKind.EC).public_der()),
            Purpose.CLIENT,
            serial=serial,
            now=NOW,
            days=1,
        )
        assert x509.load_der_x509_certificate(found.der).serial_number == serial
