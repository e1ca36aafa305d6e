"""Chains, good and bad, each with what must be said about it; judged by us and by openssl."""

from collections.abc import Callable
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import CertificatePoliciesOID

from ostiary.trust.reason import Reason
from tests.support.pki import ANY_PURPOSE, CLIENT_AUTH, DAY, SERVER_AUTH, Kit, Made

POLICY_OID = x509.ObjectIdentifier("1.3.6.1.4.1.99999.7")
OTHER_OID = x509.ObjectIdentifier("1.3.6.1.4.1.99999.8")
ANY_POLICY = CertificatePoliciesOID.ANY_POLICY
NO_POLICY = Reason.CERTIFICATE_POLICY_VIOLATED
NO_ANY = (x509.InhibitAnyPolicy(0), True)
ONE_SHOT_POLICY = x509.PolicyConstraints(require_explicit_policy=0, inhibit_policy_mapping=None)


@dataclass(frozen=True, slots=True)
class Showing:
    """Who shows what to whom."""

    leaf: Made
    anchors: tuple[Made, ...]
    chain: tuple[Made, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A showing and the verdict on it; ``says`` None means admitted."""

    name: str
    make: Callable[[Kit], Showing]
    says: Reason | None
    openssl_agrees: bool = True
    """False where we refuse more than `openssl verify` does, and mean to."""


def direct(**odd: object) -> Callable[[Kit], Showing]:
    """A client issued by a root."""

    def make(kit: Kit) -> Showing:
        root = kit.root("root")
        return Showing(kit.client(root, "leaf", **odd), (root,))  # type: ignore[arg-type]

    return make


def below(client: dict[str, object] | None = None, **odd: object) -> Callable[[Kit], Showing]:
    """A client issued by an odd intermediate that it sends."""

    def make(kit: Kit) -> Showing:
        root = kit.root("root")
        mid = kit.intermediate(root, "mid", **odd)  # type: ignore[arg-type]
        leaf = kit.client(mid, "leaf", **(client or {}))  # type: ignore[arg-type]
        return Showing(leaf, (root,), (mid,))

    return make


def _by_rsa(digest: str) -> Callable[[Kit], Showing]:
    def make(kit: Kit) -> Showing:
        root = kit.root("root", key="rsa2048")
        return Showing(kit.client(root, "leaf", digest=digest), (root,))

    return make


def _weak_intermediate_digest(kit: Kit) -> Showing:
    root = kit.root("root", key="rsa2048")
    mid = kit.intermediate(root, "mid", digest="sha1")
    return Showing(kit.client(mid, "leaf"), (root,), (mid,))


def _weak_root_digest(kit: Kit) -> Showing:
    root = kit.root("root", key="rsa2048", digest="sha1")
    return Showing(kit.client(root, "leaf"), (root,))


def _stranger(kit: Kit) -> Showing:
    return Showing(kit.client(kit.root("other"), "leaf"), (kit.root("root"),))


def _stranger_with_root(kit: Kit) -> Showing:
    other = kit.root("other")
    return Showing(kit.client(other, "leaf"), (kit.root("root"),), (other,))


def _stranger_with_chain(kit: Kit) -> Showing:
    mid = kit.intermediate(kit.root("other"), "mid")
    return Showing(kit.client(mid, "leaf"), (kit.root("root"),), (mid,))


def _self_signed(kit: Kit) -> Showing:
    return Showing(kit.client(None, "leaf"), (kit.root("root"),))


def _forged(kit: Kit) -> Showing:
    root, other = kit.root("root"), kit.root("other")
    return Showing(kit.client(root, "leaf", signer=other), (root,))


def _no_chain(kit: Kit) -> Showing:
    root = kit.root("root")
    return Showing(kit.client(kit.intermediate(root, "mid"), "leaf"), (root,))


def _path_length(kit: Kit) -> Showing:
    root = kit.root("root", path_length=0)
    mid = kit.intermediate(root, "mid")
    return Showing(kit.client(mid, "leaf"), (root,), (mid,))


def _expired_root(kit: Kit) -> Showing:
    root = kit.root("root", not_after=kit.now - DAY)
    return Showing(kit.client(root, "leaf"), (root,))


def _intermediate_anchor(kit: Kit) -> Showing:
    mid = kit.intermediate(kit.root("root"), "mid")
    return Showing(kit.client(mid, "leaf"), (mid,))


def _pinned(kit: Kit) -> Showing:
    leaf = kit.client(kit.root("root"), "leaf")
    return Showing(leaf, (leaf,))


def _pinned_self_signed(kit: Kit) -> Showing:
    leaf = kit.client(None, "leaf")
    return Showing(leaf, (leaf,))


def _issued_by_pinned(kit: Kit) -> Showing:
    pinned = kit.client(None, "pinned")
    return Showing(kit.client(pinned, "leaf"), (pinned,))


def _renewed_root(kit: Kit) -> Showing:
    old = kit.root("root", not_after=kit.now - DAY)
    new = kit.root("root2", common_name="root", key=old.key)
    return Showing(kit.client(old, "leaf"), (old, new))


def _renewed_intermediate(kit: Kit) -> Showing:
    root = kit.root("root")
    old = kit.intermediate(root, "mid", not_after=kit.now - DAY)
    new = kit.intermediate(root, "mid2", common_name="mid", key=old.key)
    return Showing(kit.client(old, "leaf"), (root,), (old, new))


def _cross_signed(kit: Kit) -> Showing:
    root, other = kit.root("root"), kit.root("other")
    mid = kit.intermediate(other, "mid")
    cross = kit.intermediate(root, "mid2", common_name="mid", key=mid.key)
    return Showing(kit.client(mid, "leaf"), (root,), (mid, other, cross))


def _expired_root_cross_signed(kit: Kit) -> Showing:
    old = kit.root("old", not_after=kit.now - DAY)
    new = kit.root("new")
    cross = kit.intermediate(new, "cross", common_name="old", key=old.key)
    return Showing(kit.client(old, "leaf"), (old, new), (cross,))


def _long_chain(kit: Kit) -> Showing:
    low = kit.chain_of(kit.root("root"), 10)
    mids = []
    above: Made | None = low
    while above is not None and above.issuer is not None:
        mids.append(above)
        above = above.issuer
    assert above is not None
    return Showing(kit.client(low, "leaf"), (above,), tuple(mids))


def _even_exponent(kit: Kit) -> Showing:
    root = kit.root("root")
    odd, even = b"\x02\x03\x01\x00\x01", b"\x02\x03\x01\x00\x02"
    return Showing(kit.client(root, "leaf", key="rsa2048", patch=[(odd, even)]), (root,))


def _policies(
    above: list[x509.ObjectIdentifier],
    leaf: list[x509.ObjectIdentifier],
    *more: tuple[x509.ExtensionType, bool],
) -> Callable[[Kit], Showing]:
    """An intermediate that requires a policy from itself on, and lists ``above``."""
    listed = [_listed(above)] if above else []
    required = [(ONE_SHOT_POLICY, True), *listed, *more]
    return below({"extensions": [_listed(leaf)]}, extensions=required)


def _listed(policies: list[x509.ObjectIdentifier]) -> tuple[x509.ExtensionType, bool]:
    return x509.CertificatePolicies([x509.PolicyInformation(oid, None) for oid in policies]), False


DNS_ONLY = x509.NameConstraints([x509.DNSName("good.example")], None)
NOT_EVIL = x509.NameConstraints(None, [x509.DNSName("evil.example")])
WEAK = Reason.WEAK_KEY

ROWS = (
    Row("a client of a root", direct(), None),
    Row("a client of an intermediate", below(), None),
    Row("version 1, as openssl x509 -req makes it", direct(version_1=True), None),
    Row("version 1 intermediate", below(version_1=True), Reason.ISSUER_NOT_A_CA),
    Row("no extensions but version 3", direct(authority=None, usage=None, purposes=[]), None),
    Row("any purpose with client", direct(purposes=[ANY_PURPOSE, CLIENT_AUTH]), None),
    Row("server purpose", direct(purposes=[SERVER_AUTH]), Reason.WRONG_PURPOSE),
    Row("key for encipherment only", direct(usage=["key_encipherment"]), Reason.WRONG_PURPOSE),
    Row("intermediate for servers", below(purposes=[SERVER_AUTH]), Reason.WRONG_PURPOSE),
    Row("expired root", _expired_root, Reason.CERTIFICATE_EXPIRED),
    Row("no constraints on intermediate", below(authority=None), Reason.ISSUER_NOT_A_CA),
    Row("intermediate is no authority", below(authority=False), Reason.ISSUER_NOT_A_CA),
    Row("intermediate may not sign", below(usage=["crl_sign"]), Reason.ISSUER_NOT_A_CA),
    Row("a pinned client issues", _issued_by_pinned, Reason.ISSUER_NOT_A_CA),
    Row("path length", _path_length, Reason.PATH_TOO_LONG),
    Row("ten intermediates", _long_chain, None),
    Row("a stranger", _stranger, Reason.ISSUER_MISSING),
    Row("a stranger who sends the root", _stranger_with_root, Reason.UNTRUSTED_ISSUER),
    Row("a stranger who sends a chain", _stranger_with_chain, Reason.UNTRUSTED_ISSUER),
    Row("self-signed", _self_signed, Reason.UNTRUSTED_ISSUER),
    Row("forged", _forged, Reason.SIGNATURE_INVALID),
    Row("chain not sent", _no_chain, Reason.ISSUER_MISSING),
    Row("intermediate as anchor", _intermediate_anchor, None),
    Row("pinned client", _pinned, None),
    Row("pinned self-signed client", _pinned_self_signed, None),
    Row("root renewed with the same key", _renewed_root, None),
    Row("intermediate renewed", _renewed_intermediate, None),
    Row("cross-signed", _cross_signed, None, openssl_agrees=False),
    Row("expired root cross-signed", _expired_root_cross_signed, None, openssl_agrees=False),
    Row("permitted name", below({"dns": ["a.good.example"]}, extensions=[(DNS_ONLY, True)]), None),
    Row(
        "name not permitted",
        below({"dns": ["a.evil.example"]}, extensions=[(DNS_ONLY, True)]),
        Reason.NAME_CONSTRAINT_VIOLATED,
    ),
    Row(
        "excluded name",
        below({"dns": ["a.evil.example"]}, extensions=[(NOT_EVIL, True)]),
        Reason.NAME_CONSTRAINT_VIOLATED,
    ),
    Row(
        "policy required and absent",
        below(extensions=[(ONE_SHOT_POLICY, True)]),
        Reason.CERTIFICATE_POLICY_VIOLATED,
    ),
    Row("policy required and there", _policies([POLICY_OID], [POLICY_OID]), None),
    Row("policy required, any given", _policies([POLICY_OID], [ANY_POLICY]), None),
    Row("policy required, any above", _policies([ANY_POLICY], [POLICY_OID]), None),
    Row("policy required, other given", _policies([POLICY_OID], [OTHER_OID]), NO_POLICY),
    Row("policy required, any inhibited", _policies([POLICY_OID], [ANY_POLICY], NO_ANY), NO_POLICY),
    Row("policy required, none above", _policies([], [POLICY_OID]), NO_POLICY),
    Row(
        "unknown critical extension",
        direct(extensions=[(x509.UnrecognizedExtension(POLICY_OID, b"\x05\x00"), True)]),
        Reason.CRITICAL_EXTENSION,
    ),
    Row("Ed25519", direct(key="ed25519"), None),
    Row("Ed448", direct(key="ed448"), None),
    Row("P-384", direct(key="p384"), None),
    Row("P-521", direct(key="p521"), None),
    Row("RSA 2048", direct(key="rsa2048"), None),
    Row("RSA 1024", direct(key="rsa1024"), WEAK, openssl_agrees=False),
    Row("P-224", direct(key="p224"), WEAK, openssl_agrees=False),
    Row("DSA", direct(key="dsa1024"), WEAK, openssl_agrees=False),
    Row("RSA with an even exponent", _even_exponent, WEAK, openssl_agrees=False),
    Row("RSA 1024 intermediate", below(key="rsa1024"), WEAK, openssl_agrees=False),
    Row("SHA-1", _by_rsa("sha1"), Reason.WEAK_DIGEST, openssl_agrees=False),
    Row("MD5", _by_rsa("md5"), Reason.WEAK_DIGEST, openssl_agrees=False),
    Row("SHA-1 intermediate", _weak_intermediate_digest, Reason.WEAK_DIGEST, openssl_agrees=False),
    Row("SHA-1 root", _weak_root_digest, None),
    Row("shortest serial", direct(serial=1), None),
    Row("longest serial", direct(serial=2**159 - 1), None),
    Row("empty subject with names", direct(common_name="", dns=["a.example"]), None),
    Row(
        "empty subject without names",
        direct(common_name=""),
        Reason.MALFORMED_CERTIFICATE,
        openssl_agrees=False,
    ),
)
