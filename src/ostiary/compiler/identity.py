"""Identity for the service: who the admitted client is, under names the operator chose.

``Client-Cert`` and ``Client-Cert-Chain`` are RFC 9440's. What is told comes from a certificate that
the agent admitted: names with control characters never get that far.
"""

from ostiary.compiler import names
from ostiary.compiler.conditions import AUTHENTICATED
from ostiary.config.model.document import Document
from ostiary.haproxy.quote import word


def identity_rules(document: Document) -> list[str]:
    """Add the headers for admitted clients; computed once a connection, then copied.

    ``guards.removals`` stands before: nothing of these names is left, so nothing is looked for.
    """
    headers = document.identity.headers
    wanted = (
        (headers.client_cert, "sess.ost.cc", "ssl_c_der,base64", ":%[var(sess.ost.cc)]:"),
        (headers.subject, names.SUBJECT, "", f"%[var({names.SUBJECT})]"),
        (headers.issuer, "sess.ost.id", "ssl_c_i_dn(,0,rfc2253)", "%[var(sess.ost.id)]"),
        (headers.serial, "sess.ost.sn", "ssl_c_serial,hex", "%[var(sess.ost.sn)]"),
        (
            headers.fingerprint,
            "sess.ost.fp",
            f"var({names.FINGERPRINT}),lower",
            "%[var(sess.ost.fp)]",
        ),
    )
    rules: list[str] = []
    for name, variable, expression, value in wanted:
        if not name:
            continue
        if expression:
            first = f"if {AUTHENTICATED} !{{ var({variable}) -m found }}"
            rules.append(f"http-request set-var({variable}) {word(expression)} {first}")
        rules.append(f"http-request add-header {word(name)} {value} if {AUTHENTICATED}")
    return rules
