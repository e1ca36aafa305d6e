"""What the agent gets to see of a client's certificates, over real TLS."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ostiary.agent.questions import split_chain
from tests.daemon.agent_rig import Fixed, agent, engine, exchange, gateway

pytestmark = pytest.mark.daemon
__all__ = ["engine"]

NOON = datetime(2026, 1, 1, tzinfo=UTC)
Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def issue(name: str, issuer: Pair | None, *, ca: bool) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOON)
        .not_valid_after(NOON + timedelta(days=36_500))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    return certificate, key


def pem(*certificates: x509.Certificate, key: ec.EllipticCurvePrivateKey | None = None) -> bytes:
    lines = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)
    if key is not None:
        lines += key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return lines


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    ("verify", "trusted"),
    [
        ("verify required", "root"),
        ("verify optional crt-ignore-err all ca-ignore-err all", "root"),
        ("verify optional crt-ignore-err all ca-ignore-err all", "stranger"),
    ],
)
def test_the_chain_is_without_the_leaf_and_gone_on_a_resumed_session(
    engine: str, tmp_path: Path, version: ssl.TLSVersion, verify: str, trusted: str
) -> None:
    root = issue("root", None, ca=True)
    middle = issue("middle", root, ca=True)
    leaf = issue("leaf", middle, ca=False)
    anchor = root if trusted == "root" else issue("stranger", None, ca=True)
    (tmp_path / "server.pem").write_bytes(pem(root[0], key=root[1]))
    (tmp_path / "ca.pem").write_bytes(pem(anchor[0]))
    (tmp_path / "client.pem").write_bytes(pem(leaf[0], middle[0], key=leaf[1]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = version
    context.load_cert_chain(tmp_path / "client.pem")
    bind = f"ssl crt {tmp_path}/server.pem ca-file {tmp_path}/ca.pem {verify}"
    answer = Fixed()
    with (
        agent(tmp_path, answer),
        gateway(engine, tmp_path, bind=bind, cert="ssl_c_der", chain="ssl_c_chain_der") as gate,
    ):
        with gate.connect(tls=context) as client:
            assert exchange(client).status == 200
            session = client.session
        with gate.connect(tls=context, session=session) as client:
            assert exchange(client).status == 200
            assert client.session_reused
    full, resumed = answer.asked
    assert split_chain(full.chain) == (der(middle[0]),)
    assert full.certificate == resumed.certificate == der(leaf[0])
    assert resumed.chain == b""
