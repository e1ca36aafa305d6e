"""Whole documents in the pages, held against HAProxy's own check."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.docs.pages import Block, blocks, pages
from tests.doors.rig import ostiary

WHOLE = [block for page in pages() for block in blocks(page) if "config" in block.marks]
NOW = datetime.now(UTC)


def pair() -> tuple[bytes, bytes]:
    """A certificate and its key, PEM; it may stand for any that a page names."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "any")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), private


@pytest.mark.daemon
@pytest.mark.parametrize("block", WHOLE, ids=str)
def test_haproxy_accepts_what_the_page_compiles_to(block: Block, tmp_path: Path) -> None:
    certificate, key = pair()
    for name in re.findall(r"[\w-]+\.(?:key|crt|pem)\b", block.text):
        (tmp_path / name).write_bytes(key if name.endswith(".key") else certificate)
    (tmp_path / "gateway.config.yml").write_text(block.text)
    done = ostiary("check", cwd=tmp_path)
    assert done.code == 0, done.said
    assert " 0 errors, 0 warnings" in done.out, done.out


def test_there_are_documents_to_check() -> None:
    assert len(WHOLE) >= 4
