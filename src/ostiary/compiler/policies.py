"""The document's trust policies: what each scope believes, for the agent to judge by.

A scope is a TLS entry, or an API with a part of its own at one (``compiler.scopes``); in header
mode there is one entry for all listeners.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from ostiary.compiler.bundle import EntryMaterial, Materials
from ostiary.compiler.scopes import HEADER_ENTRY, scope_of
from ostiary.compiler.tls import Asking, Entry, entries_of
from ostiary.config.effective import AuthType, Effective, EffectivePolicy
from ostiary.config.model.document import Document
from ostiary.config.model.name_rule import NameRule
from ostiary.config.model.settings import CertificatePolicy
from ostiary.config.revocation_checks import follows_points, list_urls
from ostiary.trust.anchors import AnchorSet
from ostiary.trust.names.rules import EVERYBODY, NameRules, Rule, rule_of
from ostiary.trust.ocsp import Nonce, OcspRules
from ostiary.trust.policy import Preference, Revocation, TrustPolicy
from ostiary.trust.weak import WeakPolicy


def trust_policies(
    document: Document, materials: Materials, effective: Effective
) -> Mapping[str, TrustPolicy]:
    """By scope; only entries that ask for a certificate judge any.

    Raises PatternRefused for names that can't be read.
    """
    return _policies(_Making(document, materials, effective), effective.type.value)


def policies_of_any_type(
    document: Document, materials: Materials, effective: Effective
) -> Mapping[str, TrustPolicy]:
    """``trust_policies``, and what workers of another type ask about.

    When the type changes, requests still come by connections of the workers before. They are judged
    by what is trusted now: whoever stays allowed must not be refused since a scope is gone.
    """
    making = _Making(document, materials, effective)
    found: dict[str, TrustPolicy] = {}
    for kind in (AuthType.CERTIFICATE, AuthType.HEADER, effective.type.value):
        found |= _policies(making, kind)
    return found


def _policies(making: "_Making", kind: AuthType) -> Mapping[str, TrustPolicy]:
    materials = making.materials
    entries = _asking(making.document, kind)
    anchors = making.anchors(entries, everywhere=kind is AuthType.CERTIFICATE)
    match kind:
        case AuthType.NONE:
            return {entry.id: making.policy(anchors[entry.name], _OPEN) for entry in entries}
        case AuthType.CERTIFICATE:
            scopes = {entry.id: anchors[entry.name] for entry in entries}
            return dict(making.of_scopes(scopes))
        case AuthType.HEADER:
            # The entries' own anchors are the balancers'; the clients' are trusted everywhere.
            trusted = AnchorSet(materials.trusted)
            own = {entry.id: making.policy(anchors[entry.name], _OPEN) for entry in entries}
            return own | dict(making.of_scopes({HEADER_ENTRY: trusted}, path=False))


def asking_entries(document: Document, effective: Effective) -> tuple[Entry, ...]:
    """The TLS entries that ask for a certificate."""
    return _asking(document, effective.type.value)


def _asking(document: Document, kind: AuthType) -> tuple[Entry, ...]:
    if document.https is None:
        return ()
    entries = entries_of(document.https, kind)
    return tuple(entry for entry in entries if entry.asking is not Asking.NOTHING)


def rule_from(written: NameRule) -> Rule:
    """The rule that somebody wrote; raises PatternRefused."""
    return rule_of(
        distinguished_name=written.distinguished_name,
        dns=written.dns,
        uri=written.uri,
        email=written.email,
        ip=written.ip,
        issuer=written.issuer,
        serial=written.serial,
        fingerprint=written.fingerprint,
        policy=written.policy,
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    names: NameRules = EVERYBODY
    report_only: bool = False
    revocation: Revocation | None = None
    grace: timedelta = timedelta()
    preference: Preference = Preference.CRL_FIRST


_OPEN = _Asked()


class _Making:
    """Makes policies that share what is equal: a thousand APIs may trust ten thousand anchors."""

    def __init__(self, document: Document, materials: Materials, effective: Effective) -> None:
        self.document = document
        self.materials = materials
        self._effective = effective
        self._rules: dict[tuple[int, ...], NameRules] = {}
        self._weak = _weak(document.certificate_policy)
        self._ocsp = _ocsp(document, materials, self._weak)
        self._lists = (*materials.crls, *materials.client_crls)
        # Lists that were never fetched are named all the same: nobody passes for lack of them.
        awaited = list_urls(document) or follows_points(document)
        self._unsaid = Revocation.STRICT if awaited else None

    def anchors(self, entries: tuple[Entry, ...], *, everywhere: bool) -> Mapping[str, AnchorSet]:
        """By the entry's name in lower case: its own, and those that are trusted everywhere. Equal
        ones are one set."""
        made: dict[str, AnchorSet] = {}
        sets: dict[str, AnchorSet] = {}
        trusted = AnchorSet(self.materials.trusted if everywhere else ())
        by_name = {name.lower(): one for name, one in self.materials.entries.items()}
        found = {}
        for entry in entries:
            own = AnchorSet(by_name[entry.name].anchors)
            if own.id not in made:
                both = together(own, trusted)
                made[own.id] = sets.setdefault(both.id, both)
            found[entry.name] = made[own.id]
        return found

    def of_scopes(
        self, entries: Mapping[str, AnchorSet], *, path: bool = True
    ) -> Iterator[tuple[str, TrustPolicy]]:
        """The gateway's policy at each entry (id to anchors), and the overriding APIs' ones.

        ``path`` False: without any anchor, whoever hands certificates over has verified them.
        """
        gateway = self._asked(self._effective.gateway)
        apis = {
            name: self._asked(self._effective.apis[name]) for name in self._effective.overriding
        }
        for entry, anchors in entries.items():
            needed = path or bool(anchors)
            yield entry, self.policy(anchors, gateway, path_needed=needed)
            for name, asked in apis.items():
                yield scope_of(entry, name), self.policy(anchors, asked, path_needed=needed)

    def policy(self, anchors: AnchorSet, asked: _Asked, *, path_needed: bool = True) -> TrustPolicy:
        """One policy."""
        return TrustPolicy(
            anchors=anchors,
            crls=self.materials.crls if asked is _OPEN else self._lists,
            revocation=asked.revocation,
            grace=asked.grace,
            ocsp=None if asked is _OPEN else self._ocsp,
            preference=asked.preference,
            weak=self._weak,
            maximum_age=timedelta(
                milliseconds=self.document.certificate_policy.maximum_verdict_age_ms
            ),
            names=asked.names,
            path_needed=path_needed,
            report_only=asked.report_only,
        )

    def _asked(self, policy: EffectivePolicy) -> _Asked:
        patterns, allow, deny = policy.names.value, policy.allow.value, policy.deny.value
        # What APIs inherit is the same object: a long list is not even hashed for each of them.
        # ``effective`` keeps the objects alive, so no identity is used twice.
        key = (id(patterns), id(allow), id(deny))
        if key not in self._rules:
            self._rules[key] = NameRules(
                patterns=patterns,
                allow=tuple(map(rule_from, allow)),
                deny=tuple(map(rule_from, deny)),
            )
        mode = policy.revocation.value
        return _Asked(
            self._rules[key],
            policy.report_only.value,
            Revocation(mode) if mode else self._unsaid,
            policy.grace.value,
            Preference(policy.preference.value),
        )


def together(own: AnchorSet, trusted: AnchorSet) -> AnchorSet:
    """What is trusted at an entry: its own ``ca``, and what is trusted everywhere."""
    if not own:
        return trusted
    return AnchorSet((*own, *trusted)) if trusted else own


def anchors_of(entry: EntryMaterial, materials: Materials, effective: Effective) -> AnchorSet:
    """All anchors of one entry, as its policies have them."""
    everywhere = effective.type.value is AuthType.CERTIFICATE
    return together(AnchorSet(entry.anchors), AnchorSet(materials.trusted if everywhere else ()))


def _weak(settings: CertificatePolicy) -> WeakPolicy:
    refused = WeakPolicy().refuse_digests - ({"sha1"} if settings.allow_sha1 else set())
    return WeakPolicy(
        minimum_rsa_bits=settings.minimum_rsa_bits,
        minimum_ec_bits=settings.minimum_ec_bits,
        refuse_digests=refused,
    )


def _ocsp(document: Document, materials: Materials, weak: WeakPolicy) -> OcspRules | None:
    revocation = document.client_certificate_auth.revocation
    if revocation is None or revocation.ocsp is None:
        return None
    asked = revocation.ocsp
    return OcspRules(
        responders=materials.ocsp,
        aia=asked.aia,
        nonce=Nonce(asked.nonce),
        maximum_age=asked.maximum_age,
        refresh=asked.refresh,
        timeout=asked.timeout or OcspRules().timeout,
        weak=weak,
    )
