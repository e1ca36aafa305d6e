"""Certificates as Node.js 20 tells them; compared with what it said of this one."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ostiary.wiring.peers import peer_of


def test_a_certificate_is_told_as_node_tells_it() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    parts = [
        (NameOID.ORGANIZATION_NAME, "Exämple, Inc"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "a"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "b"),
        (NameOID.COMMON_NAME, "client A"),
        (NameOID.EMAIL_ADDRESS, "a@b.c"),
    ]
    name = x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])
    alternatives = [
        x509.DNSName("a.example"),
        x509.UniformResourceIdentifier("spiffe://a/b,c"),
        x509.RFC822Name("x@y.z"),
        x509.IPAddress(ip_address("10.0.0.1")),
        x509.IPAddress(ip_address("fe80::abcd")),
    ]
    begin = datetime(2026, 3, 5, 4, 5, 6, tzinfo=UTC)
    der = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=200))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )
    told = peer_of(der)
    assert told["subject"] == told["issuer"]
    assert told["subject"] == {
        "O": "Exämple, Inc",
        "OU": ["a", "b"],
        "CN": "client A",
        "emailAddress": "a@b.c",
    }
    assert told["subjectaltname"] == (
        r'DNS:a.example, URI:"spiffe://a/b\u002cc", email:x@y.z, IP Address:10.0.0.1, '
        "IP Address:FE80:0:0:0:0:0:0:ABCD"
    )
    assert (told["valid_from"], told["valid_to"]) == (
        "Mar  5 04:05:06 2026 GMT",
        "Sep 21 04:05:06 2026 GMT",
    )
    assert (told["serialNumber"], told["ca"]) == ("05", False)
    assert [len(told[one]) for one in ("fingerprint", "fingerprint256", "fingerprint512")] == [
        59,
        95,
        191,
    ]
