"""Records for tests."""

from datetime import UTC, datetime, timedelta

from ostiary.store.database.records import (
    AuditEntry,
    ClientCertificate,
    ClientSeen,
    Component,
    JsonValue,
    Summary,
)
from ostiary.store.database.work import Work

NOW = datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=UTC)
DAY = timedelta(days=1)


def summary(
    subject: str = "CN=Root,O=Example", *, before: datetime = NOW - DAY, after: datetime = NOW + DAY
) -> Summary:
    return Summary(
        subject=subject,
        fingerprint=b"\xab" * 32,
        not_before=before,
        not_after=after,
        certificates=2,
    )


def shelved(work: Work, name: str, *summaries: Summary) -> Component:
    """A component with a version for each summary."""
    component = work.library.add(name=name, description=f"about {name}", at=NOW, by="ada")
    for number, one in enumerate(summaries, 1):
        pem = f"PEM {number} of {name}"
        work.library.upload(component.id, pem=pem, summary=one, at=NOW, by="ada")
    return component


def entry(
    action: str = "trusted.add",
    *,
    actor: str = "ada",
    at: datetime = NOW,
    of: str = "partner",
    before: JsonValue = None,
    after: JsonValue = None,
) -> AuditEntry:
    return AuditEntry(
        at=at,
        actor=actor,
        action=action,
        object=of,
        before=before,
        after=after,
        request_id="r1",
    )


def certificate(
    subject: str = "CN=device",
    *,
    issuer: str = "CN=Devices CA",
    serial: int = 17,
    not_after: datetime = NOW + 30 * DAY,
    anchor: bytes | None = b"\x01" * 32,
    facts: bytes = b"facts",
) -> ClientCertificate:
    return ClientCertificate(
        subject=subject,
        issuer=issuer,
        serial=serial,
        not_after=not_after,
        anchor=anchor,
        facts=facts,
    )


def fingerprint(number: int) -> bytes:
    return number.to_bytes(32, "big")


def seen(
    number: int,
    shown: ClientCertificate | None,
    *,
    at: datetime = NOW,
    count: int = 1,
    verdict: int = 1,
    apis: frozenset[str] = frozenset({"orders"}),
) -> ClientSeen:
    return ClientSeen(
        fingerprint=fingerprint(number),
        certificate=shown,
        first_seen=at,
        last_seen=at,
        count=count,
        verdict=verdict,
        apis=apis,
    )
