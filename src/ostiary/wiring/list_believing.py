"""What the configuration in force means for fetching: whom to ask, and whose lists to believe."""

import ipaddress
from collections.abc import Iterable
from datetime import timedelta

from ostiary.config.model.document import Document
from ostiary.config.model.fetch_hosts import host_pattern
from ostiary.config.model.listeners import Admin
from ostiary.config.model.revocation_fetch import Fetch
from ostiary.config.model.url import parse_url
from ostiary.services.fetching import FetchRules, NotFetched, url_of
from ostiary.services.list_sources import Believes
from ostiary.services.prepare import Prepared
from ostiary.trust.believing import believed
from ostiary.x509.certificate import Certificate
from ostiary.x509.revocation import RevocationList, subject_key


def fetch_of(document: Document) -> Fetch:
    """How this configuration has things fetched."""
    revocation = document.client_certificate_auth.revocation
    return (revocation and revocation.fetch) or Fetch()


def every_of(document: Document) -> timedelta:
    """How often to look for a newer list."""
    return fetch_of(document).every or timedelta(hours=1)


def rules_of(document: Document) -> FetchRules:
    """Whom certificates may send us to."""
    fetch = fetch_of(document)
    listeners = (document.http, document.https, document.admin or Admin())
    return FetchRules(
        hosts=tuple(map(host_pattern, fetch.hosts)),
        networks=tuple(map(ipaddress.ip_network, fetch.private)),
        own_ports=frozenset(one.port for one in listeners if one),
    )


def rules_for(url: str, document: Document, *, found: bool) -> FetchRules:
    """Whom to ask for this list; ``found``: a certificate named it, the file does not."""
    rules = rules_of(document)
    return rules if found else rules.with_url(parse_url(url, query=True))


def first_allowed(addresses: Iterable[str], rules: FetchRules) -> str | NotFetched:
    """Of the addresses of one list the first that may be asked, or why the last one may not."""
    refused: NotFetched | None = None
    for address in addresses:
        try:
            return str(url_of(address, rules))
        except NotFetched as error:
            refused = error
    if refused is None:
        raise ValueError("no addresses")
    return refused


def believer(prepared: Prepared, intermediates: Iterable[Certificate]) -> Believes:
    """Tells whether somebody who is known has signed a list. Call it, and this, in a thread."""
    own = (one for entry in prepared.materials.entries.values() for one in entry.anchors)
    known = tuple(dict.fromkeys((*prepared.materials.trusted, *own, *intermediates)))
    by_name: dict[bytes, list[Certificate]] = {}
    for certificate in known:
        by_name.setdefault(subject_key(certificate), []).append(certificate)

    def believes(one: RevocationList) -> bool:
        # Whoever has a deputy may bear any name.
        likely = known if one.signers else by_name.get(one.issuer_key, ())
        return one.fault is None and believed(one, likely) is not None

    return believes
