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
from ostiary.compiler.scopes import Scheme
from ostiary.config.effective import AuthType
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


def identity_rules(document: Document, scheme: Scheme) -> list[str]:
    """Add the headers for admitted clients.

    ``guards.removals`` stands before: nothing of these names is left, so nothing is looked for.
    Where nobody else gets to a service, the gate asks for all headers at once.
    """
    in_header = scheme.type is AuthType.HEADER
    tests = "" if scheme.requires else f" if {AUTHENTICATED}"
    rules = _refusals(document, scheme)
    rules += [
        f"http-request add-header {word(told.header)} {word(told.text(in_header=in_header))}{tests}"
        for told in _told(document)
    ]
    name = document.identity.headers.client_cert_chain
    if name:
        chain, given = f"%[var({names.CHAIN})]", f"{{ var({names.CHAIN}) -m beg : }}"
        rules.append(f"http-request add-header {word(name)} {chain} if {AUTHENTICATED} {given}")
    return rules


def certificate_there(document: Document, scheme: Scheme) -> str:
    """ACL literal for "there is the certificate that the service is to be told"; empty where it
    isn't told.

    A certificate of three quarters of a buffer leaves HAProxy no room to encode it. The service
    must not be told of an admitted client with nothing in its certificate's place.
    """
    if not document.identity.headers.client_cert:
        return ""
    in_header = scheme.type is AuthType.HEADER
    return CERTIFICATE_TOLD if in_header else f"{{ var({_CERTIFICATE}) -m found }}"


def _refusals(document: Document, scheme: Scheme) -> list[str]:
    """Of who is admitted without it; where the gate doesn't ask that."""
    there = certificate_there(document, scheme)
    if scheme.requires or not there:
        return []
    return [f"http-request return {problem(500)} if {AUTHENTICATED} !{there}"]


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
