"""The document's trust policies: what each TLS entry believes, for the agent to judge by."""

from collections.abc import Mapping
from datetime import timedelta

from ostiary.compiler.bundle import Materials
from ostiary.compiler.tls import Asking, entries_of
from ostiary.config.model.document import Document
from ostiary.config.model.settings import CertificatePolicy
from ostiary.trust.policy import TrustPolicy, WeakPolicy


def trust_policies(document: Document, materials: Materials) -> Mapping[str, TrustPolicy]:
    """By entry id; only entries that ask for a certificate judge any."""
    if document.https is None:
        return {}
    by_name = {name.lower(): material for name, material in materials.entries.items()}
    settings = document.certificate_policy
    return {
        entry.id: TrustPolicy(
            anchors=by_name[entry.name].anchors,
            crls=materials.crls,
            weak=_weak(settings),
            maximum_age=timedelta(milliseconds=settings.maximum_verdict_age_ms),
        )
        for entry in entries_of(document.https)
        if entry.asking is not Asking.NOTHING
    }


def _weak(settings: CertificatePolicy) -> WeakPolicy:
    refused = WeakPolicy().refuse_digests - ({"sha1"} if settings.allow_sha1 else set())
    return WeakPolicy(
        minimum_rsa_bits=settings.minimum_rsa_bits,
        minimum_ec_bits=settings.minimum_ec_bits,
        refuse_digests=refused,
    )
