"""Our own certificates: made with the right extensions, and good for what they are for."""

import ipaddress
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from ostiary.ca.authority import (
    Issued,
    IssueRefusedError,
    issue_client,
    issue_server,
    new_intermediate,
    new_root,
)
from ostiary.ca.dice import KeyKindRefusedError, SystemDice
from ostiary.x509.keys import KeyKind, PrivateKey
from ostiary.x509.pem import key_matches, read_certificates, read_private_key
from ostiary.x509.verify import PathFault, PathVerifier, VerifiedPath

NOW = datetime.now(UTC).replace(microsecond=0)
DICE = SystemDice()


class Loaded:
    """Dice that fall as told, for serials; keys are still real."""

    def key(self, kind: KeyKind) -> PrivateKey:
        return DICE.key(kind)

    def serial(self) -> int:
        return 4711


@pytest.fixture(scope="module")
def root() -> Issued:
    return new_root("Example Root", NOW, DICE)


@pytest.mark.parametrize("kind", [KeyKind.EC, KeyKind.RSA, KeyKind.ED25519])
def test_a_client_is_admitted_through_an_intermediate(kind: KeyKind) -> None:
    root = new_root("root", NOW, DICE, kind=kind)
    middle = new_intermediate(root, "middle", NOW, DICE, kind=kind)
    client = issue_client(middle, "device", NOW, DICE, organization="Acme", kind=kind)
    found = PathVerifier((root.certificate,)).verify(client.certificate, client.chain, NOW)
    assert found == VerifiedPath((client.certificate, middle.certificate, root.certificate))
    assert client.certificate.subject == "CN=device,O=Acme"


def test_a_server_certificate_is_no_client_certificate(root: Issued) -> None:
    server = issue_server(root, ["a.example"], NOW, DICE)
    found = PathVerifier((root.certificate,)).verify(server.certificate, (), NOW)
    assert isinstance(found, PathFault)


def test_openssl_and_strict_rules_find_nothing_wrong(root: Issued, tmp_path: Path) -> None:
    middle = new_intermediate(root, "middle", NOW, DICE)
    client = issue_client(middle, "device", NOW, DICE)
    server = issue_server(middle, ["a.example", "*.b.example", "127.0.0.1", "::1"], NOW, DICE)
    (tmp_path / "root").write_bytes(root.certificate_pem())
    for issued, purpose in ((client, "sslclient"), (server, "sslserver")):
        (tmp_path / "leaf").write_bytes(issued.fullchain_pem())
        command: list[str | Path] = ["openssl", "verify", "-x509_strict", "-purpose", purpose]
        command += [
            "-CAfile",
            tmp_path / "root",
            "-untrusted",
            tmp_path / "leaf",
            tmp_path / "leaf",
        ]
        told = subprocess.run(command, capture_output=True, check=False)
        assert told.returncode == 0, told.stderr


def test_a_server_certificate_holds_names_and_addresses(root: Issued) -> None:
    server = issue_server(root, ["a.example", "127.0.0.1"], NOW, DICE)
    names = server.certificate.native.extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    ).value
    assert names.get_values_for_type(x509.DNSName) == ["a.example"]
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.0.1")]


def test_the_critical_extensions_are_critical(root: Issued) -> None:
    client = issue_client(root, "device", NOW, DICE).certificate.native.extensions
    critical = {extension.oid._name for extension in client if extension.critical}
    assert critical == {"basicConstraints", "keyUsage"}
    assert {extension.oid._name for extension in client} == critical | {
        "subjectKeyIdentifier",
        "authorityKeyIdentifier",
        "extendedKeyUsage",
    }


def test_an_intermediate_can_issue_no_further_authority(root: Issued) -> None:
    middle = new_intermediate(root, "middle", NOW, DICE)
    lower = new_intermediate(middle, "lower", NOW, DICE)
    client = issue_client(lower, "device", NOW, DICE)
    assert len(client.chain) == 2
    found = PathVerifier((root.certificate,)).verify(client.certificate, client.chain, NOW)
    assert isinstance(found, PathFault)


def test_nothing_outlives_its_issuer(root: Issued) -> None:
    short = new_root("short", NOW, DICE, days=1)
    client = issue_client(short, "device", NOW, DICE, days=365)
    assert client.certificate.not_after == short.certificate.not_after
    assert client.certificate.not_before < NOW


def test_serials_come_from_the_dice_and_never_repeat(root: Issued) -> None:
    assert issue_client(root, "device", NOW, Loaded()).certificate.serial == 4711
    serials = {DICE.serial() for _ in range(100)}
    assert len(serials) == 100
    assert all(0 < serial < 2**128 for serial in serials)
    assert max(serials) >= 2**120


def test_what_is_written_is_read_back(root: Issued) -> None:
    middle = new_intermediate(root, "middle", NOW, DICE)
    client = issue_client(middle, "device", NOW, DICE)
    assert read_certificates(client.fullchain_pem()) == (client.certificate, middle.certificate)
    assert read_certificates(client.certificate_pem()) == (client.certificate,)
    assert key_matches(read_private_key(client.key_pem()), client.certificate)


@pytest.mark.parametrize("name", ["", "x" * 65, "a\0b", "a\nb"])
def test_a_client_name_that_can_not_stand_in_a_certificate_is_refused(
    root: Issued, name: str
) -> None:
    with pytest.raises(IssueRefusedError):
        issue_client(root, name, NOW, DICE)


@pytest.mark.parametrize(
    "name", ["", "a b", "exämple.de", "a..b", "a\0.example", "x" * 64, "*.*.b"]
)
def test_a_server_name_that_is_no_name_is_refused(root: Issued, name: str) -> None:
    with pytest.raises(IssueRefusedError):
        issue_server(root, [name], NOW, DICE)


def test_a_server_without_names_is_refused(root: Issued) -> None:
    with pytest.raises(IssueRefusedError):
        issue_server(root, [], NOW, DICE)


def test_a_long_server_name_stands_where_it_fits(root: Issued) -> None:
    name = ".".join(["x" * 40] * 4)
    server = issue_server(root, [name], NOW, DICE).certificate
    assert server.subject == "CN=server"
    assert server.subject_alternative_names == (f"DNS:{name}",)


def test_a_kind_of_key_that_is_not_made_is_refused(root: Issued) -> None:
    with pytest.raises(KeyKindRefusedError, match="dsa"):
        issue_client(root, "device", NOW, DICE, kind=KeyKind.DSA)


def test_the_days_are_counted_from_now(root: Issued) -> None:
    client = issue_client(root, "device", NOW, DICE, days=2)
    assert client.certificate.not_after == NOW + timedelta(days=2)
