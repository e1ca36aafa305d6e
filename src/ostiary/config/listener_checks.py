"""Checks of listeners: ports, names of certificates, and what clients will be asked for."""

import ipaddress
import re
from collections.abc import Iterator

from ostiary.config.effective import AuthType
from ostiary.config.enrolment_checks import check_enrolment
from ostiary.config.model.certificate_condition import ClientCertificate
from ostiary.config.model.condition import (
    AllOf,
    Condition,
    Not,
    OneOf,
    TlsClientAuthenticated,
)
from ostiary.config.model.document import Document
from ostiary.config.model.listeners import Admin, HttpsListener, TlsEntry
from ostiary.config.text.tree import Places
from ostiary.kernel.problems import Problem

# RFC 6066 section 3: SNI holds a DNS name; a wildcard is one whole leftmost label (RFC 6125 6.4.3).
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:\*\.)?{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)
_ANY_ADDRESS = frozenset({None, "0.0.0.0", "::"})  # noqa: S104 - read, never bound


def check_listeners(document: Document, places: Places, auth: AuthType) -> Iterator[Problem]:
    """Yield problems of all listeners; ``auth``: where client certificates come from."""
    if document.http is None and document.https is None:
        way_out = "add http: {port: 8080}, or https with a certificate"
        yield places.problem((), "neither http nor https is given", way_out)
    yield from _ports(document, places)
    if document.https is not None:
        yield from _names(document.https, places)
        if auth is not AuthType.CERTIFICATE:
            for name, entry in document.https.tls.items():
                yield from _entry(document.https, name, entry, places)
            yield from _rejection(document.https, places)
    if document.admin is not None and document.admin.enabled:
        yield from _admin(document.admin, places)
    yield from check_enrolment(document, places)
    if auth is AuthType.NONE:
        yield from _never_asked(document, places)


def _ports(document: Document, places: Places) -> Iterator[Problem]:
    taken: list[tuple[str, int, str | None]] = []
    listeners: list[tuple[str, int, str | None]] = [
        (name, one.port, one.hostname)
        for name, one in (("http", document.http), ("https", document.https))
        if one is not None
    ]
    if document.admin is not None and document.admin.enabled:
        listeners.append(("admin", document.admin.port, document.admin.address))
    if document.pki is not None:
        listeners.append(("pki", document.pki.port, document.pki.host))
        if document.pki.est is not None:
            listeners.append(("pki.est", document.pki.est.port, document.pki.est.host))
    for name, port, host in listeners:
        for other, its_port, its_host in taken:
            hosts = {host, its_host}
            if port == its_port and (len(hosts) == 1 or hosts & _ANY_ADDRESS):
                message = f"port {port} is also the port of {other}"
                yield places.problem((*name.split("."), "port"), message, "choose another port")
        taken.append((name, port, host))


def _admin(admin: Admin, places: Places) -> Iterator[Problem]:
    """Credentials must not cross a network in the open, unless somebody says he knows."""
    if admin.host is not None and admin.hostname is not None and admin.host != admin.hostname:
        message = f"host {admin.host!r} and hostname {admin.hostname!r} are both given"
        yield places.problem(("admin", "host"), message, "keep one of the two")
    if admin.tls is not None or _is_loopback(admin.address):
        return
    path = ("admin", "hostname" if admin.hostname is not None else "host")
    if admin.allow_plain_http:
        message = f"credentials travel in the open to {admin.address!r}: allowPlainHttp is true"
        yield places.warning(path, message, "add tls to admin")
        return
    message = f"{admin.address!r} is not a loopback address, and admin has no tls"
    way_out = "add tls: {key: …, cert: …}, or stay on 127.0.0.1"
    yield places.problem(path, message, way_out)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _names(https: HttpsListener, places: Places) -> Iterator[Problem]:
    if not https.tls:
        message = "https has no certificate"
        yield places.problem(("https", "tls"), message, "add tls: {default: {key: …, cert: …}}")
    seen: dict[str, str] = {}
    for name in https.tls:
        path = ("https", "tls", name)
        folded = name.lower()
        if folded in seen:
            message = f"the name {name[:80]!r} is already given as {seen[folded][:80]!r}"
            yield places.problem(path, message, "names don't depend on case: keep one")
            continue
        seen[folded] = name
        way_out = "use default, an exact name, or *.name for one label"
        if not _NAME.fullmatch(name):
            yield places.problem(path, f"{name[:80]!r} isn't a name for a certificate", way_out)
        elif _is_address(name):
            message = f"{name!r} is an address, and clients never send those as name"
            yield places.problem(path, message, "use default")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _entry(https: HttpsListener, name: str, entry: TlsEntry, places: Places) -> Iterator[Problem]:
    path = ("https", "tls", name)
    if https.requests_certificate(name) and not entry.ca:
        message = "trusts nobody: every client certificate will be refused"
        yield places.warning(path, message, "add ca, the file of the clients' authority")
    if entry.reject_unauthorized and not https.requests_certificate(name):
        message = "rejectUnauthorized does nothing, since no certificate is requested"
        yield places.warning((*path, "rejectUnauthorized"), message, "add requestCert: true")


def _rejection(https: HttpsListener, places: Places) -> Iterator[Problem]:
    options = https.options
    explicit = "reject_unauthorized" in options.model_fields_set and options.reject_unauthorized
    if explicit and not any(https.requests_certificate(name) for name in https.tls):
        message = "rejectUnauthorized does nothing, since no certificate is requested"
        path = ("https", "options", "rejectUnauthorized")
        yield places.warning(path, message, "add requestCert: true")


def _never_asked(document: Document, places: Places) -> Iterator[Problem]:
    """Warn where a pipeline asks for certificates that no client is asked for."""
    https = document.https
    if https is not None and any(https.requests_certificate(name) for name in https.tls):
        return
    for name, pipeline in document.pipelines.items():
        for use_number, use in enumerate(pipeline.policies):
            for step_number, step in enumerate(use.steps):
                asking = _asks(step.condition)
                if asking:
                    message = f"{asking} is never true: no certificate is requested"
                    path = ("pipelines", name, "policies", use_number, "steps", step_number)
                    way_out = "set requestCert: true in https.options"
                    yield places.warning((*path, "condition"), message, way_out)


def _asks(condition: Condition) -> str:
    """The name of the first condition on certificates; empty without one."""
    match condition:
        case TlsClientAuthenticated() | ClientCertificate():
            return condition.name
        case Not():
            return _asks(condition.condition)
        case AllOf() | OneOf():
            return next(filter(None, map(_asks, condition.conditions)), "")
        case _:
            return ""
