"""Intermediate certificates seen on good paths, remembered for clients that don't send them.

They are never trusted for being here: they only help to find a path, which is then verified.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from ostiary.x509.certificate import Certificate
from ostiary.x509.errors import NotACertificate
from ostiary.x509.pem import read_certificates

CAPACITY = 4096
"""Certificates; about 8 MB at the usual size."""

LARGEST_REMEMBERED = 16_384
"""Bytes of DER of one certificate; larger ones must be sent each time."""

_END = b"-----END CERTIFICATE-----\n"


class Intermediates:
    """A bounded memory, least recently used out first. Not for two threads at once."""

    __slots__ = ("_by_digest", "_by_subject", "_capacity")

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Remember at most ``capacity`` certificates."""
        self._capacity = capacity
        self._by_digest: OrderedDict[bytes, Certificate] = OrderedDict()
        self._by_subject: dict[bytes, set[bytes]] = {}

    def __len__(self) -> int:
        """How many certificates are remembered."""
        return len(self._by_digest)

    def known(self, der: bytes) -> Certificate | None:
        """The remembered certificate with this DER: it need not be read again."""
        return self._by_digest.get(hashlib.sha256(der).digest())

    def remember(self, path: Sequence[Certificate]) -> bool:
        """Keep what stands between leaf and anchor of a verified path; True if any was new."""
        changed = False
        for certificate in path[1:-1]:
            changed |= self._keep(certificate)
        return changed

    def candidates(self, below: Sequence[Certificate], most: int) -> tuple[Certificate, ...]:
        """At most ``most`` remembered certificates that may have issued ``below``, and theirs.

        Nearest first. Issuer and subject are compared by their DER, as issued certificates
        repeat it; what ``below`` already has is left out.
        """
        seen = {certificate.sha256 for certificate in below}
        found: list[Certificate] = []
        queue = list(below)
        while queue and len(found) < most:
            issuers = self._by_subject.get(queue.pop(0).issuer_der, set()) - seen
            for digest in sorted(issuers)[: most - len(found)]:
                seen.add(digest)
                self._by_digest.move_to_end(digest)
                found.append(self._by_digest[digest])
                queue.append(found[-1])
        return tuple(found)

    def copy(self) -> "Intermediates":
        """A memory of its own with the same certificates; may be taken in another thread."""
        fresh = Intermediates(self._capacity)
        for certificate in self.certificates:
            fresh._keep(certificate)
        return fresh

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """All of them, least recently used first."""
        return tuple(self._by_digest.values())

    def dump(self) -> bytes:
        """All of them as PEM, least recently used first: what ``load`` reads."""
        return b"".join(certificate.pem for certificate in self.certificates)

    def _keep(self, certificate: Certificate) -> bool:
        if len(certificate.der) > LARGEST_REMEMBERED:
            return False
        digest = certificate.sha256
        new = digest not in self._by_digest
        self._by_digest[digest] = certificate
        self._by_digest.move_to_end(digest)
        if new:
            self._by_subject.setdefault(certificate.subject_der, set()).add(digest)
            while len(self._by_digest) > self._capacity:
                self._forget_oldest()
        return new

    def _forget_oldest(self) -> None:
        digest, certificate = self._by_digest.popitem(last=False)
        subject = certificate.subject_der
        self._by_subject[subject].discard(digest)
        if not self._by_subject[subject]:
            del self._by_subject[subject]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Intermediates read back, and a sentence for each entry that had to be left out."""

    intermediates: Intermediates
    damage: tuple[str, ...]


def load(data: bytes, capacity: int = CAPACITY) -> Loaded:
    """Read what ``dump`` wrote; a damaged entry is left out and told, the rest is kept."""
    memory, damage = Intermediates(capacity), []
    for number, piece in enumerate(data.split(_END), 1):
        if not piece.strip():
            continue
        try:
            found = read_certificates(piece + _END)
        except NotACertificate as fault:
            damage.append(f"entry {number}: {fault.sentence}")
            continue
        if piece.count(b"-----BEGIN") != len(found):
            damage.append(f"entry {number}: the one before it was cut short")
        for certificate in found:
            memory._keep(certificate)
    return Loaded(memory, tuple(damage))
