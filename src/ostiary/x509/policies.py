"""Certificate policies of a path: RFC 5280 6.1, with the user's initial set being any-policy.

OpenSSL's own check takes a missing initial set for an empty one, so that a path on which a
policy is required always fails, even with the policy in place; and pyOpenSSL has no way to give
the set. So when OpenSSL says "no explicit policy" (its last check), the answer is worked out
here. What is kept is one level of the policy tree, never the tree: enough to say whether it is
empty, and its size is bounded by what the certificates list (RFC 9618 2).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.x509.oid import CertificatePoliciesOID, ExtensionOID

from ostiary.x509.certificate import Certificate

Oid = x509.ObjectIdentifier
_ANY = CertificatePoliciesOID.ANY_POLICY
_MAPPINGS_OID = ExtensionOID.POLICY_MAPPINGS

MOST_POLICIES = 256
"""Policies or mappings in one certificate that we follow; a path with more is refused."""


def policies_hold(path: Sequence[Certificate]) -> bool:
    """Whether a path (leaf first, anchor last, otherwise verified) satisfies its own policies.

    Policy mappings fail the path: they join two policy domains, which nobody asked this gateway
    to do, and pyca/cryptography does not read them.
    """
    below = list(reversed(path[:-1]))
    state = _State(explicit=len(below) + 1, inhibit_any=len(below) + 1)
    return all(
        _take(state, certificate, last=number == len(below))
        for number, certificate in enumerate(below, 1)
    )


@dataclass(slots=True)
class _State:
    """The variables of RFC 5280 6.1.2 that matter when nothing is mapped."""

    explicit: int
    inhibit_any: int
    valid: set[Oid] = field(default_factory=lambda: {_ANY})
    """The deepest level of the valid_policy_tree; empty stands for NULL."""


def _take(state: _State, certificate: Certificate, *, last: bool) -> bool:
    """One certificate's turn: 6.1.3 (d) to (f), then 6.1.4 or 6.1.5; False when it fails."""
    listed = _listed(certificate)
    if listed is None:
        return False
    any_counts = state.inhibit_any > 0 or (not last and certificate.is_self_issued)
    state.valid = _next_level(state.valid, listed, any_counts)
    if state.explicit == 0 and not state.valid:
        return False
    if last or not certificate.is_self_issued:
        state.explicit = max(state.explicit - 1, 0)
        state.inhibit_any = max(state.inhibit_any - 1, 0)
    _constrain(state, certificate)
    return not last or state.explicit > 0 or bool(state.valid)


def _next_level(valid: set[Oid], listed: set[Oid], any_counts: bool) -> set[Oid]:
    """6.1.3 (d): without mappings every node expects exactly its own policy."""
    level = {policy for policy in listed if policy != _ANY and (policy in valid or _ANY in valid)}
    if _ANY in listed and any_counts:
        level |= valid
    return level


def _listed(certificate: Certificate) -> set[Oid] | None:
    """The certificate's policies, none when it lists none; None when we won't follow it."""
    found: set[Oid] = set()
    for extension in certificate.native.extensions:
        if extension.oid == _MAPPINGS_OID:
            return None
        if isinstance(extension.value, x509.CertificatePolicies):
            if len(extension.value) > MOST_POLICIES:
                return None
            found = _identifiers(extension.value)
    return found


def _identifiers(policies: Iterable[x509.PolicyInformation]) -> set[Oid]:
    return {policy.policy_identifier for policy in policies}


def _constrain(state: _State, certificate: Certificate) -> None:
    """6.1.4 (i) and (j), 6.1.5 (b)."""
    for extension in certificate.native.extensions:
        match extension.value:
            case x509.PolicyConstraints() as constraints:
                if constraints.require_explicit_policy is not None:
                    state.explicit = min(state.explicit, constraints.require_explicit_policy)
            case x509.InhibitAnyPolicy() as inhibit:
                state.inhibit_any = min(state.inhibit_any, inhibit.skip_certs)
            case _:
                pass
