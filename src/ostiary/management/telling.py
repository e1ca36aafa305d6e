"""Notifications in words: a sentence for people, the particulars for programs.

However many certificates there are, one notification tells of all; a few of them are named.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from ostiary.kernel.notices import Topic
from ostiary.services.list_news import News
from ostiary.store.database.notifications import NewNotification
from ostiary.store.database.records import Client, JsonValue
from ostiary.telemetry.ending import ENDED
from ostiary.telemetry.expiry import Dated, Held
from ostiary.x509.certificate import Certificate

MOST_NAMED = 20
_LONGEST_NAME = 200
_NOUNS = {
    Held.TRUSTED: ("the trusted certificate", "trusted certificates"),
    Held.SERVER: ("the server certificate", "server certificates"),
    Held.CLIENT: ("the client certificate", "client certificates"),
    Held.INTERMEDIATE: ("the intermediate authority", "intermediate authorities"),
    Held.AUTHORITY: ("your own authority", "of your own authorities"),
}
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


def certificates_end(
    held: Held, reached: timedelta, found: Sequence[Dated], now: datetime
) -> NewNotification:
    """Certificates of one kind end within ``reached``, or have ended."""
    ordered = sorted(found, key=lambda one: (one.not_after, one.fingerprint))
    named = [
        _certificate(one.subject, one.fingerprint, one.not_after, one.where)
        for one in ordered[:MOST_NAMED]
    ]
    return _end(held, reached, named, first=ordered[0].not_after, count=len(found), now=now)


def clients_end(reached: timedelta, found: Sequence[Client], now: datetime) -> NewNotification:
    """Client certificates seen lately end within ``reached``; the nearest end first."""
    named = [
        _certificate(one.subject, one.fingerprint, one.not_after, ", ".join(sorted(one.apis)))
        for one in found[:MOST_NAMED]
    ]
    first = found[0].not_after
    return _end(Held.CLIENT, reached, named, first=first, count=len(found), now=now)


def _end(
    held: Held,
    reached: timedelta,
    named: Sequence[Mapping[str, JsonValue]],
    *,
    first: datetime,
    count: int,
    now: datetime,
) -> NewNotification:
    one, several = _NOUNS[held]
    who = f"{one} {named[0]['subject']!r}" if count == 1 else f"{count:,} {several}"
    within: dict[str, JsonValue] = {} if reached == ENDED else {"withinDays": reached // _DAY}
    return NewNotification(
        topic=(Topic.CERTIFICATE_EXPIRED if reached == ENDED else Topic.CERTIFICATE_EXPIRING).value,
        at=now,
        summary=_when(who, count, reached, f"{reached // _DAY} days", first),
        data={"held": held.value, **within, "count": count, "certificates": named},
    )


def lists_end(
    reached: timedelta,
    found: Sequence[tuple[tuple[str, str, str], datetime]],
    now: datetime,
) -> NewNotification:
    """Revocation lists end within ``reached``, or have ended; by setting, issuer and kind."""
    ordered = sorted(found, key=lambda one: (one[1], one[0]))
    (_, issuer, kind), first = ordered[0]
    noun = "revocation list" if kind == "whole" else "delta revocation list"
    count = len(found)
    who = f"the {noun} of {cut(issuer)!r}" if count == 1 else f"{count:,} revocation lists"
    within: dict[str, JsonValue] = {} if reached == ENDED else {"withinHours": reached // _HOUR}
    lists = [
        {"issuer": cut(issuer), "where": where, "kind": kind, "nextUpdate": _time(ends)}
        for (where, issuer, kind), ends in ordered[:MOST_NAMED]
    ]
    return NewNotification(
        topic=(Topic.CRL_EXPIRED if reached == ENDED else Topic.CRL_EXPIRING).value,
        at=now,
        summary=_when(who, count, reached, f"{reached // _HOUR} hours", first),
        data={**within, "count": count, "lists": lists},
    )


def newly_revoked(news: News, now: datetime) -> NewNotification:
    """A list names certificates that it did not name before."""
    issuer = cut(news.issuer)
    if news.count == 1 and news.named:
        serial, entry = news.named[0]
        summary = f"{issuer!r} has revoked its certificate {serial:x} ({entry.reason})"
    else:
        summary = f"{issuer!r} has revoked {news.count:,} certificates"
    certificates = [
        {"serial": f"{serial:x}", "reason": entry.reason, "revokedAt": _time(entry.date)}
        for serial, entry in news.named
    ]
    return NewNotification(
        topic=Topic.CERTIFICATE_REVOKED.value,
        at=now,
        summary=summary,
        data={"issuer": issuer, "count": news.count, "certificates": certificates},
    )


def clients_refused(found: Sequence[tuple[Certificate, str]], now: datetime) -> NewNotification:
    """Clients came with revoked certificates; each with the API it was refused at, if any."""
    certificates = [
        {
            "subject": cut(one.subject),
            "fingerprint": one.fingerprint,
            "issuer": cut(one.issuer),
            "serial": f"{one.serial:x}",
            "api": api,
        }
        for one, api in found[:MOST_NAMED]
    ]
    count = len(found)
    who = f"{certificates[0]['subject']!r}" if count == 1 else f"{count:,} clients"
    return NewNotification(
        topic=Topic.CLIENT_REVOKED.value,
        at=now,
        summary=f"{who} refused: revoked",
        data={"count": count, "certificates": certificates},
    )


def clients_blocked(
    certificates: Sequence[Mapping[str, JsonValue]],
    count: int,
    *,
    by: str,
    note: str,
    until: datetime | None,
    now: datetime,
) -> NewNotification:
    """An operator has blocked certificates; some of them are named."""
    end = f" until {until:%Y-%m-%d %H:%M} UTC" if until else ""
    return NewNotification(
        topic=Topic.CLIENT_BLOCKED.value,
        at=now,
        summary=f"{_named(certificates, count)} blocked by {by}{end}"
        + (f": {note}" if note else ""),
        data={
            "count": count,
            "certificates": certificates[:MOST_NAMED],
            "by": by,
            "note": note,
            "until": None if until is None else _time(until),
        },
    )


def client_unblocked(
    certificate: Mapping[str, JsonValue], *, by: str, now: datetime
) -> NewNotification:
    """An operator judges a certificate as all others again."""
    return NewNotification(
        topic=Topic.CLIENT_UNBLOCKED.value,
        at=now,
        summary=f"{_named((certificate,), 1)} unblocked by {by}",
        data={"count": 1, "certificates": [certificate], "by": by},
    )


def _named(certificates: Sequence[Mapping[str, JsonValue]], count: int) -> str:
    if count > 1:
        return f"{count:,} certificates"
    one = certificates[0]
    if one.get("subject"):
        return f"{one['subject']!r}"
    if one.get("fingerprint"):
        return f"the certificate {one['fingerprint']}"
    return f"the certificate {one.get('serial')} of {one.get('issuer')!r}"


def _when(who: str, count: int, reached: timedelta, within: str, first: datetime) -> str:
    at = f"{first:%Y-%m-%d %H:%M} UTC"
    if reached == ENDED:
        has = "has" if count == 1 else "have"
        return f"{who} {has} expired, {'on' if count == 1 else 'the first on'} {at}"
    within = within.removesuffix("s") if within.startswith("1 ") else within
    ends, on = ("expires", "on") if count == 1 else ("expire", "the first on")
    return f"{who} {ends} within {within}, {on} {at}"


def _certificate(
    subject: str, fingerprint: bytes, not_after: datetime, where: str
) -> Mapping[str, JsonValue]:
    return {
        "subject": cut(subject),
        "fingerprint": fingerprint.hex(),
        "notAfter": _time(not_after),
        "where": cut(where),
    }


def cut(name: str) -> str:
    """A name as long as a message can bear."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def hash_of(*words: str) -> str:
    """A short name for something whose own may be too long."""
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
