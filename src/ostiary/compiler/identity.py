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
from ostiary.compiler.facts import CERTIFICATE_TOLD, Fact
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


def identity_rules(document: Document, *, in_header: bool = False) -> list[str]:
    """Add the headers for admitted clients.

    ``guards.removals`` stands before: nothing of these names is left, so nothing is looked for.
    ``in_header``: the client's certificate is in a header, and the request's facts tell of it.

    A certificate of three quarters of a buffer leaves HAProxy no room to encode it. The service
    must not be told of an admitted client with nothing in its certificate's place.
    """
    headers = document.identity.headers
    there = CERTIFICATE_TOLD if in_header else f"{{ var({_CERTIFICATE}) -m found }}"
    rules = [
        f"http-request return {problem(500)} if {AUTHENTICATED} !{there}",
    ] * bool(headers.client_cert)
    rules += [
        f"http-request add-header {word(told.header)} {word(told.text(in_header=in_header))} "
        f"if {AUTHENTICATED}"
        for told in _told(document)
    ]
    if headers.client_cert_chain:
        chain, given = f"%[var({names.CHAIN})]", f"{{ var({names.CHAIN}) -m beg : }}"
        name = word(headers.client_cert_chain)
        rules.append(f"http-request add-header {name} {chain} if {AUTHENTICATED} {given}")
    return rules


@dataclass(frozen=True, slots=True)
class _Told:
    header: str
    variable: str
    """Holds the text for all requests of a connection, where the certificate is the handshake's."""
    expression: str
    """Empty where the variable is there already."""
    fact: str
    """The text where the certificate is in a header, as a sample expression."""
    colons: str = ""

    def text(self, *, in_header: bool) -> str:
        expression = self.fact if in_header else f"var({self.variable})"
        return f"{self.colons}%[{expression}]{self.colons}"


def _told(document: Document) -> list[_Told]:
    headers = document.identity.headers
    digest = f"var({names.FINGERPRINT}),lower"
    lower = f"{Fact.FINGERPRINT.value},lower"
    issuer = "ssl_c_i_dn(,0,rfc2253)"
    wanted = (
        (headers.client_cert, _CERTIFICATE, "ssl_c_der,base64", Fact.CERTIFICATE.value, ":"),
        (headers.subject, names.SUBJECT, "", Fact.SUBJECT.value, ""),
        (headers.issuer, "sess.ost.id", issuer, Fact.ISSUER.value, ""),
        (headers.serial, "sess.ost.sn", "ssl_c_serial,hex", Fact.SERIAL.value, ""),
        (headers.fingerprint, "sess.ost.fp", digest, lower, ""),
    )
    return [_Told(name, *rest) for name, *rest in wanted if name]
