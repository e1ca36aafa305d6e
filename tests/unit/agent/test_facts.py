"""What is told about a certificate in a header, in the words HAProxy would use."""

import subprocess
from pathlib import Path

import pytest

from ostiary.agent.facts import Facts, facts_of, header_hash, rfc2253
from ostiary.spoe.actions import Scope, set_var
from ostiary.spoe.values import encode_value
from ostiary.x509.structure import Attribute
from tests.support.pki import Kit


@pytest.mark.parametrize(
    "name",
    ["plain", " a", "a ", "#a", "a#", 'x, "y"+\\<>;=', "é", "漢字 😀", "-", "a/b", "a  b"],
)
def test_names_are_written_as_openssl_writes_them(tmp_path: Path, name: str) -> None:
    kit = Kit(tmp_path)
    made = kit.client(kit.root("root"), "odd", common_name=name)
    said = subprocess.run(
        ["openssl", "x509", "-noout", "-subject", "-nameopt", "RFC2253",
         "-in", str(made.certificate_file)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    facts = facts_of("", made.certificate)
    assert f"subject={facts.subject}\n" == said


def test_the_last_part_stands_first_and_unknown_types_by_their_number() -> None:
    name = (
        (Attribute("2.5.4.6", "DE"),),
        (Attribute("2.5.4.10", "O"), Attribute("1.2.3.4", "x")),
        (Attribute("1.2.840.113549.1.9.1", "a@example.com"),),
    )
    assert rfc2253(name) == "emailAddress=a@example.com,1.2.3.4=x+O=O,C=DE"


def test_serial_and_fingerprint_are_upper_case_hex_of_whole_bytes(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    made = kit.client(kit.root("root"), "client")
    facts = facts_of("", made.certificate)
    assert int(facts.serial, 16) == made.certificate.serial
    assert len(facts.serial) % 2 == 0
    assert facts.serial == facts.serial.upper()
    assert facts.fingerprint == made.certificate.fingerprint.upper()


def test_without_a_certificate_there_is_nothing_to_tell() -> None:
    digest = header_hash(b"")
    assert digest == "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"
    told = [set_var(Scope.TRANSACTION, name, encode_value("")) for name in ("facts", "der")]
    assert Facts(header=digest).actions == b"".join(told)


def test_no_name_can_hold_what_stands_between_the_facts() -> None:
    assert rfc2253(((Attribute("2.5.4.3", "a\tb\n\x00"),),)) == "CN=a\\09b\\0A\\00"
