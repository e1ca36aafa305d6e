"""What operators say of a request, made what the walk through the gateway needs."""

import ipaddress
from collections.abc import Iterator
from datetime import datetime

from ostiary.config.model.base import TOKEN
from ostiary.consumers.model import Consumer, Credential, Known
from ostiary.management.consumers.finding import anybody
from ostiary.management.described import Described
from ostiary.management.errors import Unacceptable
from ostiary.services.credentials import Proof
from ostiary.services.requests import Headers
from ostiary.store.database.work import Work

_AT_ONCE = 500
_MOST_AS_IF = 10_000


def headers_of(lines: tuple[str, ...]) -> Headers:
    """Raises Unacceptable."""
    return tuple(_header(line, f"/headers/{at}") for at, line in enumerate(lines))


def _header(line: str, where: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not TOKEN.fullmatch(name) or not (value.isprintable() or value.isspace()):
        # What was written isn't said again: it may be a secret.
        raise Unacceptable.one("this is no header", "write it as 'X-Tenant: acme'", where)
    if name.lower() == "host":
        raise Unacceptable.one("the host is told by the URL", "leave the header out", where)
    return name, value.strip()


def address_of(text: str) -> str:
    """Raises Unacceptable."""
    if not text:
        return ""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise Unacceptable.one(
            f"{text[:80]!r} is no address", "write it as 192.0.2.7 or 2001:db8::7", "/client"
        ) from error


def proof_of(described: Described, work: Work, at: datetime) -> Proof:
    """What is shown at a time (aware). Raises Unacceptable, NotThere."""
    for field_, text in (("key", described.key), ("user", described.user)):
        if text and ":" not in text:
            raise Unacceptable.one(
                "there is no colon in it", "write the name, a colon and the secret", f"/{field_}"
            )
    as_if = tuple(_as_if(described.consumer, work, at)) if described.consumer else None
    return Proof(key=described.key, password=described.user, token=described.token, as_if=as_if)


def _as_if(called: str, work: Work, at: datetime) -> Iterator[Known]:
    """Of somebody with very many credentials the oldest; none that is not between its dates."""
    whose = anybody(work, called)
    consumer = Consumer(id=whose.uuid, kind=whose.kind, name=whose.name, active=whose.active)
    for offset in range(0, _MOST_AS_IF, _AT_ONCE):
        page = work.credentials.page(consumer=whose.uuid, offset=offset, limit=_AT_ONCE)
        for one in page.items:
            begun = one.valid_from is None or one.valid_from <= at
            if not begun or (one.valid_until is not None and one.valid_until <= at):
                continue
            kept = Credential(
                type=one.type, id=one.name, scopes=frozenset(one.scopes), active=one.active
            )
            yield Known(consumer=consumer, credential=kept)
        if len(page.items) < _AT_ONCE:
            return
