"""What of the published things is to be made anew by now."""

from collections.abc import Iterator
from datetime import datetime

from ostiary.management.authority.public import is_due
from ostiary.pki.catalog import Catalog, Published


def anything_due(catalog: Catalog, now: datetime) -> bool:
    """Whether something lacks or has half of its time behind it, and the key for it is here."""
    return any(
        _is_due(catalog, one, now)
        for one in catalog.all()
        if now <= one.certificate.not_after and _key_is_here(catalog, one)
    )


def late_without_key(catalog: Catalog, now: datetime) -> Iterator[tuple[Published, datetime]]:
    """Authorities whose key is kept elsewhere and whose list needs it soon, and when it ends."""
    for one in catalog.all():
        if now <= one.certificate.not_after and not _key_is_here(catalog, one):
            whole = catalog.whole(one)
            if whole is not None and is_due(whole.head.this_update, whole.head.next_update, now):
                yield one, whole.head.next_update


def _is_due(catalog: Catalog, one: Published, now: datetime) -> bool:
    whole = catalog.whole(one)
    if whole is None or is_due(whole.head.this_update, whole.head.next_update, now):
        return True
    if catalog.publishing.url is not None and catalog.delta(one) is None:
        return True
    responder = catalog.responder(one)
    if responder is None or not catalog.responder_is_good(responder, now):
        return True
    return is_due(responder.certificate.not_before, responder.certificate.not_after, now)


def _key_is_here(catalog: Catalog, one: Published) -> bool:
    return catalog.files.key(one.certificate.sha256).exists()
