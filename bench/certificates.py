"""The certificates of a run: everybody gets the same ones. P-256 throughout, made by openssl."""

import base64
import datetime
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER = (
    "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n"
    "subjectAltName=DNS:localhost,IP:127.0.0.1\n"
)
CLIENT = "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=clientAuth\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A private key and its certificate, PEM files."""

    key: Path
    cert: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Pki:
    """`stranger` is a client certificate of a CA that nobody trusts, for the check before the run;
    `server_bundle` is certificate and key in one file, as HAProxy reads them."""

    ca: Pair
    server: Pair
    server_bundle: Path
    client: Pair
    stranger: Pair


def make(folder: Path) -> Pki:
    """A CA, a server, a client, and a stranger's client."""
    folder.mkdir(parents=True)
    ca = _self_signed(folder, "ca", "Bench CA")
    other = _self_signed(folder, "other-ca", "Stranger CA")
    server = _signed(folder, "server", "localhost", SERVER, ca)
    bundle = folder / "server.bundle.pem"
    bundle.write_bytes(server.cert.read_bytes() + server.key.read_bytes())
    return Pki(
        ca=ca,
        server=server,
        server_bundle=bundle,
        client=_signed(folder, "client", "client-1", CLIENT, ca),
        stranger=_signed(folder, "stranger", "client-1", CLIENT, other),
    )


def many_clients(folder: Path, pki: Pki, count: int) -> Pair:
    """`count` different client certificates in one file, all with one key: for the first sight
    of each.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    signer = serialization.load_pem_private_key(pki.ca.key.read_bytes(), None)
    issuer = x509.load_pem_x509_certificate(pki.ca.cert.read_bytes())
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise TypeError("the CA of a run has a P-256 key")
    pair = Pair(key=folder / "many.key", cert=folder / "many.pem")
    pair.key.write_bytes(_pem(key))
    pair.cert.write_bytes(
        b"".join(
            _client(number, key, issuer, signer).public_bytes(serialization.Encoding.PEM)
            for number in range(count)
        )
    )
    return pair


def strangers(path: Path, count: int) -> Path:
    """`count` roots that issued nothing, in one file: what else may be trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(b"".join(_root(number, key) for number in range(count)))
    return path


def certificate_texts(pki: Pki, count: int) -> list[str]:
    """The client's certificate, and others beside it, as load balancers write them into a header:
    base64 of the DER."""
    found = x509.load_pem_x509_certificates(pki.client.cert.read_bytes())
    if count > 1:
        folder = pki.client.cert.parent / f"in-turn-{count}"
        if not folder.exists():
            folder.mkdir()
            many_clients(folder, pki, count - 1)
        found += x509.load_pem_x509_certificates((folder / "many.pem").read_bytes())
    return [
        base64.b64encode(one.public_bytes(serialization.Encoding.DER)).decode()
        for one in found[:count]
    ]


def _root(number: int, key: ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Trusted {number}")])
    began = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(number + 1)
        .not_valid_before(began)
        .not_valid_after(began + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def _client(
    number: int,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate,
    signer: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"device-{number}")]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(issuer.not_valid_before_utc)
        .not_valid_after(issuer.not_valid_after_utc - datetime.timedelta(seconds=1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=False)
        .sign(signer, hashes.SHA256())
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=30)


def _self_signed(folder: Path, stem: str, name: str) -> Pair:
    pair = Pair(key=folder / f"{stem}.key", cert=folder / f"{stem}.pem")
    _openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-subj", f"/CN={name}", "-days", "30", "-keyout", str(pair.key), "-out", str(pair.cert)),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    return pair


def _signed(folder: Path, stem: str, name: str, profile: str, ca: Pair) -> Pair:
    pair = Pair(key=folder / f"{stem}.key", cert=folder / f"{stem}.pem")
    request, extensions = folder / f"{stem}.csr", folder / f"{stem}.ext"
    extensions.write_text(profile)
    _openssl(
        *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-subj", f"/CN={name}", "-keyout", str(pair.key), "-out", str(request)),
    )
    _openssl(
        *("x509", "-req", "-in", str(request), "-CA", str(ca.cert), "-CAkey", str(ca.key)),
        *("-CAcreateserial", "-days", "20", "-extfile", str(extensions), "-out", str(pair.cert)),
    )
    return pair
