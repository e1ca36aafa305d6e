"""Revocation lists of the run's CA, each newer than the one before."""

import datetime
import itertools
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bench.certificates import Pair


class Lists:
    """One file, and the lists that come into it."""

    def __init__(self, ca: Pair, path: Path) -> None:
        """The first names nobody."""
        self.path = path
        signer = serialization.load_pem_private_key(ca.key.read_bytes(), None)
        if not isinstance(signer, ec.EllipticCurvePrivateKey):
            raise TypeError("the CA of a run has a P-256 key")
        self._signer = signer
        self._issuer = x509.load_pem_x509_certificate(ca.cert.read_bytes())
        self._numbers = itertools.count(1)
        self.write()

    def write(self, *serials: int) -> float:
        """The next list, which names these; when it was in its place, by the monotonic clock."""
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._issuer.subject)
            .last_update(now)
            .next_update(now + datetime.timedelta(days=1))
            .add_extension(x509.CRLNumber(next(self._numbers)), critical=False)
        )
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now)
            builder = builder.add_revoked_certificate(entry.build())
        made = builder.sign(self._signer, hashes.SHA256())
        beside = self.path.with_suffix(".new")
        beside.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        beside.replace(self.path)
        return time.monotonic()
