"""Certification paths by RFC 5280 section 6.1, as OpenSSL walks them, policies included.

The handshake in HAProxy is walked by the same code, so both agree on what a good path is, with
one difference made on purpose: here every given anchor ends a path, be it a root, an
intermediate or a pinned end-entity certificate (``X509_V_FLAG_PARTIAL_CHAIN``); HAProxy 2.6 and
2.8 end paths at self-signed certificates only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from OpenSSL import crypto

# pyOpenSSL has no public way to set a purpose, but binds the function; its own modules reach
# it by this name. The constructor checks that the purpose was taken.
from OpenSSL._util import lib as _openssl

from ostiary.x509.candidates import Candidates
from ostiary.x509.certificate import Certificate
from ostiary.x509.policies import policies_hold

MOST_UNTRUSTED = 10
"""Untrusted certificates looked at for one path; OpenSSL's s_client and nginx stop at 9 or 10."""

_MOST_STORES = 256
"""Trust stores kept for one second: clients come from few authorities, or each from its own."""

_PLAIN = crypto.X509StoreFlags.PARTIAL_CHAIN
_WITH_POLICIES = crypto.X509StoreFlags.POLICY_CHECK | _PLAIN
_NO_EXPLICIT_POLICY = 43


class PathFaultKind(Enum):
    """Why there is no path."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    ISSUER_MISSING = "issuer-missing"
    UNTRUSTED = "untrusted"
    WRONG_PURPOSE = "wrong-purpose"
    NOT_A_CA = "not-a-ca"
    TOO_LONG = "too-long"
    NAME_CONSTRAINT = "name-constraint"
    POLICY = "policy"
    SIGNATURE = "signature"
    CRITICAL_EXTENSION = "critical-extension"
    MALFORMED = "malformed"
    OTHER = "other"


# X509_V_ERR_* of openssl/x509_vfy.h. What is not listed is OTHER, a refusal like the rest.
_KINDS = {
    2: PathFaultKind.ISSUER_MISSING,  # UNABLE_TO_GET_ISSUER_CERT
    4: PathFaultKind.SIGNATURE,  # UNABLE_TO_DECRYPT_CERT_SIGNATURE
    6: PathFaultKind.MALFORMED,  # UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY
    7: PathFaultKind.SIGNATURE,  # CERT_SIGNATURE_FAILURE
    9: PathFaultKind.NOT_YET_VALID,
    10: PathFaultKind.EXPIRED,
    13: PathFaultKind.MALFORMED,  # ERROR_IN_CERT_NOT_BEFORE_FIELD
    14: PathFaultKind.MALFORMED,  # ERROR_IN_CERT_NOT_AFTER_FIELD
    18: PathFaultKind.UNTRUSTED,  # DEPTH_ZERO_SELF_SIGNED_CERT
    19: PathFaultKind.UNTRUSTED,  # SELF_SIGNED_CERT_IN_CHAIN
    20: PathFaultKind.ISSUER_MISSING,  # UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    21: PathFaultKind.ISSUER_MISSING,  # UNABLE_TO_VERIFY_LEAF_SIGNATURE
    22: PathFaultKind.TOO_LONG,  # CERT_CHAIN_TOO_LONG
    24: PathFaultKind.MALFORMED,  # NO_ISSUER_PUBLIC_KEY
    25: PathFaultKind.TOO_LONG,  # PATH_LENGTH_EXCEEDED
    26: PathFaultKind.WRONG_PURPOSE,  # INVALID_PURPOSE
    27: PathFaultKind.UNTRUSTED,  # CERT_UNTRUSTED
    28: PathFaultKind.UNTRUSTED,  # CERT_REJECTED
    32: PathFaultKind.NOT_A_CA,  # KEYUSAGE_NO_CERTSIGN
    34: PathFaultKind.CRITICAL_EXTENSION,  # UNHANDLED_CRITICAL_EXTENSION
    37: PathFaultKind.NOT_A_CA,  # INVALID_NON_CA
    41: PathFaultKind.MALFORMED,  # INVALID_EXTENSION
    42: PathFaultKind.POLICY,  # INVALID_POLICY_EXTENSION
    43: PathFaultKind.POLICY,  # NO_EXPLICIT_POLICY
    47: PathFaultKind.NAME_CONSTRAINT,  # PERMITTED_VIOLATION
    48: PathFaultKind.NAME_CONSTRAINT,  # EXCLUDED_VIOLATION
    49: PathFaultKind.NAME_CONSTRAINT,  # SUBTREE_MINMAX
    51: PathFaultKind.NAME_CONSTRAINT,  # UNSUPPORTED_CONSTRAINT_TYPE
    52: PathFaultKind.NAME_CONSTRAINT,  # UNSUPPORTED_CONSTRAINT_SYNTAX
    53: PathFaultKind.NAME_CONSTRAINT,  # UNSUPPORTED_NAME_SYNTAX
    79: PathFaultKind.NOT_A_CA,  # INVALID_CA
}

# Faults of one certificate that another path may go around; OpenSSL itself does not look for
# a second untrusted issuer once it has chosen one.
_AVOIDABLE = frozenset({2, 7, 9, 10, 19, 20, 25, 79})


@dataclass(frozen=True, slots=True)
class VerifiedPath:
    """A good path: leaf first, anchor last; one certificate when the leaf itself is pinned."""

    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class PathFault:
    """No path: what stopped the most promising one."""

    kind: PathFaultKind
    depth: int
    """0 is the leaf, 1 its issuer, and so on."""
    openssl_code: int
    """``X509_V_ERR_*``; 0 when OpenSSL gave up without one."""
    sentence: str


class PathVerifier:
    """Finds and checks paths to a fixed set of anchors for TLS client certificates.

    Anchors outside their validity end no path. The cost of a path does not grow with the number
    of anchors, but with how many bear the same name. Not for use by two threads at once: it keeps
    the trust stores of the last second it was asked about.
    """

    def __init__(self, anchors: Sequence[Certificate]) -> None:
        """Take the anchors as they are; none at all verifies nothing."""
        self._anchors = tuple(anchors)
        self._by_pointer = {anchor.openssl._x509: anchor for anchor in self._anchors}
        self._candidates = Candidates(self._anchors)
        self._second = datetime(1970, 1, 1, tzinfo=UTC)
        self._stores: dict[tuple[int, ...], crypto.X509Store] = {}

    def verify(
        self, leaf: Certificate, untrusted: Sequence[Certificate], now: datetime
    ) -> VerifiedPath | PathFault:
        """Look for a path from ``leaf`` over ``untrusted`` to an anchor, good at ``now`` (aware).

        Untrusted certificates beyond MOST_UNTRUSTED are not looked at. Never raises for anything
        a certificate may contain.
        """
        pool = {certificate.der: certificate for certificate in untrusted[:MOST_UNTRUSTED]}
        pool.pop(leaf.der, None)
        subject, natives = leaf.openssl, {der: c.openssl for der, c in pool.items()}
        second = now.astimezone(UTC).replace(microsecond=0)
        near = self._candidates.of((leaf, *pool.values()))
        store = self._store_at(second, near)
        first: PathFault | None = None
        while True:
            found = _attempt(store, subject, list(natives.values()))
            if not isinstance(found, _Miss):
                return self._named(found, leaf, pool)
            if found.fault.openssl_code == _NO_EXPLICIT_POLICY:
                plain = self._fresh_store(second, near, _PLAIN)
                path = _attempt(plain, subject, list(natives.values()))
                return self._by_policies(path, found.fault, leaf, pool)
            first = first or found.fault
            # Bounded: each turn takes one certificate out of a pool of at most MOST_UNTRUSTED.
            if found.avoidable is None or natives.pop(found.avoidable, None) is None:
                return self._explained(first, subject, list(natives.values()), second, near)

    def _store_at(self, second: datetime, near: tuple[int, ...]) -> crypto.X509Store:
        if self._second != second:
            self._stores.clear()
            self._second = second
        store = self._stores.get(near)
        if store is None:
            if len(self._stores) >= _MOST_STORES:
                self._stores.clear()
            store = self._stores[near] = self._fresh_store(second, near, _WITH_POLICIES)
        return store

    def _fresh_store(self, second: datetime, near: tuple[int, ...], flags: int) -> crypto.X509Store:
        # OpenSSL takes the first fitting anchor even when it has expired and a cross-signed twin
        # would do, so anchors out of their time stay outside.
        anchors = (self._anchors[number] for number in near)
        good = [anchor.openssl for anchor in anchors if _in_time(anchor, second)]
        return _store(good, second, flags)

    def _by_policies(
        self,
        path: "list[crypto.X509] | _Miss",
        fault: PathFault,
        leaf: Certificate,
        pool: dict[bytes, Certificate],
    ) -> VerifiedPath | PathFault:
        """The path that is good but for its policies, if these hold after all."""
        if isinstance(path, _Miss):
            return fault
        verified = self._named(path, leaf, pool)
        return verified if policies_hold(verified.certificates) else fault

    def _explained(
        self,
        fault: PathFault,
        leaf: crypto.X509,
        pool: list[crypto.X509],
        second: datetime,
        near: tuple[int, ...],
    ) -> PathFault:
        """The same fault, or the truer one that the anchor which would fit is out of its time."""
        anchors = [self._anchors[number] for number in near]
        if fault.kind not in (PathFaultKind.ISSUER_MISSING, PathFaultKind.UNTRUSTED) or all(
            _in_time(anchor, second) for anchor in anchors
        ):
            return fault
        everything = _store([anchor.openssl for anchor in anchors], second, _WITH_POLICIES)
        found = _attempt(everything, leaf, pool)
        return found.fault if isinstance(found, _Miss) else fault

    def _named(
        self, path: list[crypto.X509], leaf: Certificate, pool: dict[bytes, Certificate]
    ) -> VerifiedPath:
        # OpenSSL counts references to the very certificates that it was given: none is a copy.
        sent = {one.openssl._x509: one for one in (leaf, *pool.values())}
        pointers = (native._x509 for native in path)
        return VerifiedPath(tuple(sent.get(one) or self._by_pointer[one] for one in pointers))


@dataclass(frozen=True, slots=True)
class _Miss:
    fault: PathFault
    avoidable: bytes | None
    """DER of the certificate without which another path may be found."""


def _attempt(
    store: crypto.X509Store, leaf: crypto.X509, pool: list[crypto.X509]
) -> list[crypto.X509] | _Miss:
    try:
        return crypto.X509StoreContext(store, leaf, pool).get_verified_chain()
    except crypto.X509StoreContextError as error:
        code, depth, sentence = error.errors
        kind = _KINDS.get(code, PathFaultKind.OTHER)
        fault = PathFault(kind, max(int(depth), 0), int(code), str(sentence))
        # Only for these codes does OpenSSL promise a current certificate.
        avoidable = _der(error.certificate) if code in _AVOIDABLE and depth > 0 else None
        return _Miss(fault, avoidable)
    except crypto.Error as error:
        return _Miss(PathFault(PathFaultKind.OTHER, 0, 0, f"OpenSSL gave up: {error}"), None)


def _in_time(certificate: Certificate, second: datetime) -> bool:
    return certificate.not_before <= second <= certificate.not_after


def _store(anchors: Sequence[crypto.X509], second: datetime, flags: int) -> crypto.X509Store:
    """A store for one moment: set_time works only once on a store, later calls are ignored."""
    store = crypto.X509Store()
    for anchor in anchors:
        store.add_cert(anchor)
    store.set_flags(flags)
    store.set_time(second)
    taken = _openssl.X509_STORE_set_purpose(store._store, _openssl.X509_PURPOSE_SSL_CLIENT)
    if taken != 1:
        raise RuntimeError("OpenSSL did not take the purpose: nothing may be admitted")
    return store


def _der(native: crypto.X509) -> bytes:
    return crypto.dump_certificate(crypto.FILETYPE_ASN1, native)
