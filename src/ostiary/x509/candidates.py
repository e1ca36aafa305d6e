"""Which of many anchors could stand on a path: only these are given to OpenSSL.

OpenSSL finds anchors by their subject's name alone, compared in a canonical form (case and blanks
folded; RFC 5280 section 7.1), beginning with the certificate's own name and its issuer's. So the
anchors that can be reached from there, name by name, lead to the same verdict as all of them.
"""

from collections.abc import Iterable, Sequence

# pyOpenSSL has a public way to the hash of the subject only, and none to the issuer's that is not
# deprecated; its own modules reach OpenSSL by this name.
from OpenSSL._util import lib as _openssl

from ostiary.x509.certificate import Certificate


class Candidates:
    """Anchors by name. Names are held as OpenSSL's hash of their canonical form (X509_NAME_hash):
    where two names share one, a few anchors more are given than needed."""

    __slots__ = ("_by_subject", "_issuers")

    def __init__(self, anchors: Sequence[Certificate]) -> None:
        """Index the anchors; they are spoken of by their number in this order."""
        self._by_subject: dict[int, list[int]] = {}
        self._issuers: list[int] = []
        for number, anchor in enumerate(anchors):
            subject, issuer = _names(anchor)
            self._by_subject.setdefault(subject, []).append(number)
            self._issuers.append(issuer)

    def of(self, certificates: Iterable[Certificate]) -> tuple[int, ...]:
        """The numbers of the anchors that a path of these certificates could use, in order."""
        wanted = [name for certificate in certificates for name in _names(certificate)]
        seen: set[int] = set()
        found: list[int] = []
        while wanted:
            name = wanted.pop()
            if name in seen:
                continue
            seen.add(name)
            for number in self._by_subject.get(name, ()):
                found.append(number)
                wanted.append(self._issuers[number])
        return tuple(sorted(found))


def _names(certificate: Certificate) -> tuple[int, int]:
    native = certificate.openssl._x509
    subject, issuer = _openssl.X509_get_subject_name(native), _openssl.X509_get_issuer_name(native)
    return _openssl.X509_NAME_hash(subject), _openssl.X509_NAME_hash(issuer)
