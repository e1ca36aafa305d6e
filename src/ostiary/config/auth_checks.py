"""Checks of ``clientCertificateAuth``: what would not act, or not as it looks.

They are about what acts, the file and what is managed put together; a finding that has its cause
in the store says so, for no line of the file would mend it.
"""

from collections.abc import Iterator

from ostiary.config.effective import AuthType, Effective, HeaderSettings, Source
from ostiary.config.model.client_auth import ApiAuth, GatewayAuth
from ostiary.config.model.document import Document
from ostiary.config.model.listeners import HttpsListener
from ostiary.config.revocation_checks import check_revocation
from ostiary.config.text.tree import PathPart, Places, camel
from ostiary.forwarded.formats import HeaderFormat
from ostiary.kernel.problems import Problem, Severity

_AT = ("clientCertificateAuth",)
_HEADER_ONLY = (
    "header_preset",
    "header_name",
    "header_format",
    "trusted_proxies",
    "proxy_protocol",
)
_HANDSHAKE_ONLY = ("trusted_certificates",)
FROM_STORE = "it is set in the store, by console, API or command line"


def check_auth(document: Document, places: Places, effective: Effective) -> Iterator[Problem]:
    """Yield every problem of client certificate authentication, warnings included."""
    yield from _one_part_for_each_api(document, places)
    match effective.type.value:
        case AuthType.NONE:
            yield from _idle(document, places)
        case AuthType.CERTIFICATE:
            yield from _certificate(document, places, effective)
            yield from check_revocation(document, places, effective)
        case AuthType.HEADER:
            yield from _header(document, places, effective)
            yield from check_revocation(document, places, effective)


def _one_part_for_each_api(document: Document, places: Places) -> Iterator[Problem]:
    for name, entries in document.api_endpoints.items():
        first: ApiAuth | None = None
        for number, entry in enumerate(entries):
            own = entry.client_certificate_auth
            if own is None:
                continue
            if first is not None and own != first:
                yield places.problem(
                    ("apiEndpoints", name, number, *_AT),
                    f"another entry of {name[:80]!r} has another clientCertificateAuth",
                    "write it in one entry: it is for the whole API",
                )
            first = first or own


def _idle(document: Document, places: Places) -> Iterator[Problem]:
    """Type none: what is written here does nothing."""
    auth = document.client_certificate_auth
    for field in GatewayAuth.model_fields:
        if field != "type" and getattr(auth, field) is not None:
            path = (*_AT, field)
            message = f"{camel(field)} does nothing without a type"
            yield places.warning(path, message, "add type: certificate, or type: header")
    for name, entries in document.api_endpoints.items():
        for number, entry in enumerate(entries):
            if _gives(entry.client_certificate_auth):
                yield places.warning(
                    ("apiEndpoints", name, number, *_AT),
                    "it does nothing without a type at the gateway",
                    "add clientCertificateAuth: {type: certificate} at the top",
                )


def _gives(auth: ApiAuth | None) -> bool:
    return auth is not None and any(
        getattr(auth, field) is not None for field in ApiAuth.model_fields
    )


# -- type certificate ---------------------------------------------------------------------------


def _certificate(document: Document, places: Places, effective: Effective) -> Iterator[Problem]:
    yield from _unused(document, places, _HEADER_ONLY, "certificate")
    https = document.https
    if https is None:
        yield _told(
            places,
            effective.type.source,
            (*_AT, "type"),
            "certificates can be added only when SSL is enabled, and there is no https section",
            "add https with a certificate, or choose another type",
        )
        return
    yield from _asked_anyway(https, places)
    yield from _shut_before_reported(https, places, effective)
    yield from _absent_let_in(https, places, effective)


def _unused(
    document: Document, places: Places, fields: tuple[str, ...], kind: str
) -> Iterator[Problem]:
    for field in fields:
        if getattr(document.client_certificate_auth, field) is not None:
            message = f"{camel(field)} does nothing with type {kind}"
            yield places.warning((*_AT, field), message, "remove it")


def _asked_anyway(https: HttpsListener, places: Places) -> Iterator[Problem]:
    written: list[tuple[PathPart, ...]] = []
    if "request_cert" in https.options.model_fields_set and not https.options.request_cert:
        written.append(("https", "options", "requestCert"))
    written += [
        ("https", "tls", name, "requestCert")
        for name, entry in https.tls.items()
        if entry.request_cert is False
    ]
    for path in written:
        message = "requestCert: false does nothing: with type certificate every client is asked"
        yield places.warning(path, message, "remove it")


def _shut_before_reported(
    https: HttpsListener, places: Places, effective: Effective
) -> Iterator[Problem]:
    reporting = effective.gateway.report_only.value or any(
        policy.report_only.value for policy in effective.apis.values()
    )
    if not reporting:
        return
    for name in https.tls:
        if https.rejects_explicitly(name):
            own = https.tls[name].reject_unauthorized is not None
            path = ("https", "tls", name) if own else ("https", "options")
            yield places.warning(
                (*path, "rejectUnauthorized"),
                "the handshake refuses certificates before reportOnly can let them pass",
                "set it to false while you only report",
            )


def _absent_let_in(https: HttpsListener, places: Places, effective: Effective) -> Iterator[Problem]:
    """Without the type these handshakes refuse who shows nothing; with it, `required` does."""
    shut = [name for name in https.tls if https.rejects_unauthorized(name)]
    if not shut or effective.gateway.required.value or effective.gateway.report_only.value:
        return
    yield places.warning(
        (*_AT, "required"),
        f"clients without a certificate are let in, also by {shut[0]!r}, whose handshake would "
        "refuse them with type none",
        "add required: true, unless you mean that",
    )


# -- type header --------------------------------------------------------------------------------


def _header(document: Document, places: Places, effective: Effective) -> Iterator[Problem]:
    header = effective.header
    if header.name.value is None:
        yield _told(
            places,
            effective.type.source,
            (*_AT, "type"),
            "type header needs the name of the header",
            "add headerName, or headerPreset for a load balancer by name",
        )
    else:
        yield from _header_name(document, places, header)
    if not header.trusted_proxies.value:
        empty = header.trusted_proxies.source is not Source.DEFAULT
        yield _told(
            places,
            header.trusted_proxies.source if empty else effective.type.source,
            (*_AT, "trustedProxies" if empty else "type"),
            "type header without trustedProxies: nobody's header would be believed",
            "add trustedProxies: [the addresses of the load balancer]",
        )
    if document.https is not None and header.proxy_protocol.value:
        yield from _two_kinds(document.https, places, header)


def _header_name(document: Document, places: Places, header: HeaderSettings) -> Iterator[Problem]:
    """A name that is also one of ours would have two meanings.

    Client-Cert alone has but one (RFC 9440): what the balancer says there is read, removed, and
    said anew to the service.
    """
    name = _folded(header.name.value or "")
    ours = document.identity.headers
    same = {_folded(one) for one in ours.names}
    if header.format.value is HeaderFormat.RFC9440 and ours.client_cert:
        same.discard(_folded(ours.client_cert))
    if name in same:
        yield _told(
            places,
            header.name.source,
            (*_AT, "headerName"),
            f"{header.name.value!r} is also a header that tells the service who the client is",
            "name one of the two differently, here or in identity.headers",
        )


def _folded(name: str) -> str:
    """Services behind a CGI-like interface read '-' and '_' as one (RFC 3875 section 4.1.18)."""
    return name.lower().replace("_", "-")


def _two_kinds(https: HttpsListener, places: Places, header: HeaderSettings) -> Iterator[Problem]:
    strict = [name for name in https.tls if https.rejects_unauthorized(name)]
    lenient = [
        name for name in https.tls if https.requests_certificate(name) and name not in strict
    ]
    if strict and lenient:
        yield _told(
            places,
            header.proxy_protocol.source,
            (*_AT, "proxyProtocol"),
            "proxyProtocol can't be used where some tls entries reject unauthorized clients and "
            "others only ask them: the balancer's address is lost between the two",
            "give all entries the same rejectUnauthorized",
        )


def _told(
    places: Places, source: Source, path: tuple[PathPart, ...], message: str, way_out: str
) -> Problem:
    """A problem, with its cause: the file at ``path``, or the store."""
    if source is Source.STORE:
        return places.problem(_AT, f"{message}; {FROM_STORE}", way_out, Severity.ERROR)
    return places.problem(path, message, way_out)
