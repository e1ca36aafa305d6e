"""What goes on to the service of a described request: its path and its headers.

Stands for the rules of ``compiler.guards``, ``compiler.identity`` and ``compiler.upstreams``, in
their order.
"""

import re
from dataclasses import dataclass, replace

from ostiary.compiler.guards import DOT_SEGMENT, foreign_names
from ostiary.compiler.routes import Route
from ostiary.config.effective import AuthType
from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import ProxyAction
from ostiary.config.model.proxy import ProxyOptions
from ostiary.config.model.service_endpoint import ServiceEndpoint
from ostiary.config.proxying import effective_proxy
from ostiary.services.expressions import UNKNOWN_ADDRESS, UNKNOWN_REQUEST_ID
from ostiary.services.prepare import Prepared
from ostiary.services.requests import Headers, Request

CERTIFICATE = "<the certificate, as RFC 9440 says>"
CHAIN = "<the verified chain, where there is one to tell>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """A request as the service gets it; what only the engine knows stands in ``<…>``."""

    service: str
    addresses: tuple[str, ...]
    """One of them gets it."""
    method: str
    path: str
    """With the query."""
    headers: Headers


def arriving(prepared: Prepared, request: Request) -> Request:
    """The request as its pipeline gets it: only the gateway says who the client is."""
    document = prepared.document
    header = prepared.effective.header.name.value
    by_header = prepared.effective.type.value is AuthType.HEADER
    more = (header,) if by_header and header else ()
    foreign = re.compile(f"{foreign_names(document, more)}|upgrade|connection)$")
    kept = [one for one in request.headers if not foreign.search(one[0].lower())]
    ours = [
        *_identity(document, request),
        ("X-Forwarded-For", request.client or UNKNOWN_ADDRESS),
        ("X-Forwarded-Host", request.host),
        ("X-Forwarded-Proto", request.scheme),
    ]
    request_id = document.identity.headers.request_id
    if request_id:
        ours.append((request_id, UNKNOWN_REQUEST_ID))
    return replace(request, headers=(*kept, *ours), original=request.pathq)


def _identity(document: Document, request: Request) -> list[tuple[str, str]]:
    names, peer = document.identity.headers, request.peer
    if peer is None:
        return []
    wanted = (
        (names.client_cert, CERTIFICATE),
        (names.subject, peer.subject),
        (names.issuer, peer.issuer),
        (names.serial, peer.serial),
        (names.fingerprint, peer.fingerprint.lower()),
        (names.client_cert_chain, CHAIN),
    )
    return [(name, value) for name, value in wanted if name]


def onward(
    action: ProxyAction, request: Request, route: Route, document: Document
) -> Forwarded | None:
    """The request that a ``proxy`` step sends; None where its path would climb out of the
    service's own (400)."""
    service = document.service_endpoints[action.service_endpoint]
    options = effective_proxy(document, action)
    path = _path(request, route, service, options)
    if path is None:
        return None
    for name, value in sorted(options.headers.items()):
        request = request.with_header(name, value)
    host = service.targets[0].authority if options.change_origin else request.host
    return Forwarded(
        service=action.service_endpoint,
        addresses=tuple(dict.fromkeys((service.url,) if service.url else service.urls or ())),
        method=request.method,
        path=path,
        headers=(("Host", host), *request.headers),
    )


def _path(
    request: Request, route: Route, service: ServiceEndpoint, options: ProxyOptions
) -> str | None:
    own = service.targets[0].path
    if options.ignore_path:
        return own
    path = request.path
    if options.strip_path:
        if route.strip < 0:
            path = "/"
        elif route.strip > 1:  # the leading slash stays
            path = f"/{path[route.strip :].removeprefix('/')}"
        if re.search(DOT_SEGMENT, path):
            return None
    if options.prepend_path:
        path = own.rstrip("/") + path
    return replace(request, path=path).pathq
