"""Identity for the service: who the admitted client is, under names the operator chose.

``Client-Cert`` and ``Client-Cert-Chain`` are RFC 9440's. What is told comes from a certificate that
the agent admitted: names with control characters never get that far. The chain comes from the agent
itself: HAProxy can't take ``ssl_c_chain_der`` apart, and that is absent on resumed sessions and
holds what the client sent, verified or not.
"""

from dataclasses import dataclass

from ostiary.compiler import names
from ostiary.compiler.answers import problem
from ostiary.compiler.conditions import AUTHENTICATED
from ostiary.config.model.document import Document
from ostiary.haproxy.quote import word

_CERTIFICATE = "sess.ost.cc"


def identity_facts(document: Document) -> list[str]:
    """Compute the headers' texts, once a connection; copying is cheaper than formatting."""
    return [
        f"tcp-request session set-var({told.variable}) {word(told.expression)} if {{ ssl_c_used }}"
        for told in _told(document)
        if told.expression
    ]


def identity_rules(document: Document) -> list[str]:
    """Add the headers for admitted clients.

    ``guards.removals`` stands before: nothing of these names is left, so nothing is looked for.

    A certificate of three quarters of a buffer leaves HAProxy no room to encode it. The service
    must not be told of an admitted client with nothing in its certificate's place.
    """
    untold = f"{AUTHENTICATED} !{{ var({_CERTIFICATE}) -m found }}"
    refusal = f"http-request return {problem(500)} if {untold}"
    return [refusal] * bool(document.identity.headers.client_cert) + [
        f"http-request add-header {word(told.header)} {told.text} if {told.condition}"
        for told in _told(document)
    ]


@dataclass(frozen=True, slots=True)
class _Told:
    header: str
    variable: str
    expression: str
    """Empty where the variable is there already."""
    text: str
    condition: str


def _told(document: Document) -> list[_Told]:
    headers = document.identity.headers
    there = f"{{ var({names.CHAIN}) -m beg : }}"
    wanted = (
        (headers.client_cert, _CERTIFICATE, "ssl_c_der,base64", f":%[var({_CERTIFICATE})]:"),
        (headers.client_cert_chain, names.CHAIN, "", ""),
        (headers.subject, names.SUBJECT, "", ""),
        (headers.issuer, "sess.ost.id", "ssl_c_i_dn(,0,rfc2253)", ""),
        (headers.serial, "sess.ost.sn", "ssl_c_serial,hex", ""),
        (headers.fingerprint, "sess.ost.fp", f"var({names.FINGERPRINT}),lower", ""),
    )
    return [
        _Told(
            name,
            variable,
            expression,
            text or f"%[var({variable})]",
            AUTHENTICATED if variable != names.CHAIN else f"{AUTHENTICATED} {there}",
        )
        for name, variable, expression, text in wanted
        if name
    ]
