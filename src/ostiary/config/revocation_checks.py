"""Checks of ``clientCertificateAuth.revocation``: a mode without anybody who could tell, and the
other way round."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ostiary.config.effective import Effective, EffectivePolicy
from ostiary.config.model.client_auth import ApiAuth
from ostiary.config.model.document import Document
from ostiary.config.model.ocsp import Ocsp
from ostiary.config.model.revocation_fetch import is_url
from ostiary.config.text.tree import PathPart, Places
from ostiary.kernel.problems import Problem

_AUTH = "clientCertificateAuth"
_NAME_THEM = "name lists in clientCertificateAuth.revocation.crl, or ask by ocsp there"


def check_revocation(document: Document, places: Places, effective: Effective) -> Iterator[Problem]:
    """Yield what would not act, or not as it looks."""
    told = _Told(_lists_are_named(document), asks_ocsp(document))
    gateway = document.client_certificate_auth
    yield from _fetching(document, places)
    yield from _ocsp_part(document, places)
    yield from _part((_AUTH,), gateway, effective.gateway, places, told)
    for name, entries in document.api_endpoints.items():
        for number, entry in enumerate(entries):
            own = entry.client_certificate_auth
            if own is not None:
                at = ("apiEndpoints", name, number, _AUTH)
                yield from _part(at, own, effective.apis[name], places, told)


@dataclass(frozen=True, slots=True)
class _Told:
    """Who may tell."""

    lists: bool
    ocsp: bool


def _lists_are_named(document: Document) -> bool:
    revocation = document.client_certificate_auth.revocation
    own = revocation.crl if revocation else None
    named = own or (document.https and document.https.options.crl)
    return bool(named) or follows_points(document)


def follows_points(document: Document) -> bool:
    """Whether lists are fetched from where certificates say that they are."""
    revocation = document.client_certificate_auth.revocation
    return bool(revocation and revocation.fetch and revocation.fetch.distribution_points)


def list_urls(document: Document) -> Mapping[str, int]:
    """The lists that are fetched because the file says so: URL to place in ``crl``."""
    revocation = document.client_certificate_auth.revocation
    named = (revocation and revocation.crl) or ()
    return {text: number for number, text in enumerate(named) if is_url(text)}


def _fetching(document: Document, places: Places) -> Iterator[Problem]:
    revocation = document.client_certificate_auth.revocation
    fetch = revocation and revocation.fetch
    if fetch and fetch.distribution_points and not fetch.hosts:
        yield places.warning(
            (_AUTH, "revocation", "fetch", "distributionPoints"),
            "no host is allowed that certificates may send the gateway to: nothing is fetched",
            "name them: hosts: [crl.example.com]",
        )


def asks_ocsp(document: Document) -> bool:
    """Whether OCSP responders are asked."""
    return _ocsp(document) is not None


def _ocsp(document: Document) -> Ocsp | None:
    revocation = document.client_certificate_auth.revocation
    return revocation.ocsp if revocation else None


def _ocsp_part(document: Document, places: Places) -> Iterator[Problem]:
    ocsp, revocation = _ocsp(document), document.client_certificate_auth.revocation
    if ocsp is None or ocsp.responders:
        return
    if not ocsp.aia:
        message = "no OCSP responder is named, and those of certificates are not asked"
        yield places.warning((_AUTH, "revocation", "ocsp"), message, "name one, or remove ocsp")
    elif not (revocation and revocation.fetch and revocation.fetch.hosts):
        yield places.warning(
            (_AUTH, "revocation", "ocsp"),
            "no OCSP responder is named, and no host is allowed that certificates may send the "
            "gateway to: nobody is asked",
            "name one: responders: http://ocsp.example.com/; or allow hosts: "
            "revocation.fetch.hosts: [ocsp.example.com]",
        )


def _part(
    at: tuple[PathPart, ...],
    auth: ApiAuth,
    acts: EffectivePolicy,
    places: Places,
    told: _Told,
) -> Iterator[Problem]:
    if auth.revocation is None:
        return
    at = (*at, "revocation")
    anybody = told.lists or told.ocsp
    match auth.revocation.mode:
        case "strict" if not anybody:
            message = "no revocation list is named: every client certificate is refused"
            yield places.warning((*at, "mode"), message, _NAME_THEM)
        case "soft" if not anybody:
            message = "no revocation list is named: nobody is known as revoked"
            yield places.warning((*at, "mode"), message, _NAME_THEM)
        case "off" if anybody and len(at) == 2:
            what = "the revocation lists that are named are not looked in"
            message = what if told.lists else "the OCSP responders are not asked"
            yield places.warning((*at, "mode"), message, "remove them, or choose soft or strict")
        case _:
            pass
    if auth.revocation.grace is not None and acts.revocation.value in ("off", "soft"):
        message = f"grace does nothing with mode {acts.revocation.value}"
        yield places.warning((*at, "grace"), message, "remove it, or choose strict")
    if auth.revocation.preference is not None and not told.ocsp:
        message = "preference does nothing, since OCSP is not asked"
        yield places.warning((*at, "preference"), message, "remove it, or add ocsp: {}")
