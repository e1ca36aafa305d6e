"""Rows of the ledger, there and back, each under its checksum."""

import hashlib
from typing import Any

from sqlalchemy import Row

from ostiary.store.database.columns import microseconds, seal
from ostiary.store.database.seals import broken
from ostiary.store.ledger.records import Entry, Kind, ListMade, Revocation, Written


def octets(serial: int) -> bytes:
    """A serial number, big-endian, without leading zeros."""
    return serial.to_bytes((serial.bit_length() + 7) // 8, "big")


def entry_values(entry: Entry) -> dict[str, object]:
    """A row of certificates."""
    fingerprint = hashlib.sha256(entry.der).digest()
    return {
        "serial": octets(entry.serial),
        "issuer": entry.issuer,
        "kind": entry.kind.value,
        "name": entry.name,
        "subject": entry.subject,
        "fingerprint": fingerprint,
        "not_before": entry.not_before,
        "not_after": entry.not_after,
        "der": entry.der,
        "key": entry.key,
        "issued": entry.issued,
        "issued_by": entry.issued_by,
        "renews": entry.renews,
        "seal": _seal_of(entry, fingerprint),
    }


def _seal_of(entry: Entry, fingerprint: bytes) -> bytes:
    return seal(
        f"{entry.serial:x}",
        -1 if entry.issuer is None else entry.issuer,
        entry.kind.value,
        entry.name,
        entry.subject,
        fingerprint.hex(),
        entry.key.hex(),
        microseconds(entry.not_after),
    )


def revocation_values(certificate: int, revocation: Revocation) -> dict[str, object]:
    """A row of revocations."""
    return {
        "certificate": certificate,
        "at": revocation.at,
        "reason": revocation.reason,
        "revoked_by": revocation.by,
        "seal": revocation_seal(certificate, revocation),
    }


def revocation_seal(certificate: int, revocation: Revocation) -> bytes:
    """Checksum of a row of revocations."""
    return seal(certificate, microseconds(revocation.at), revocation.reason, revocation.by)


def written_of_row(row: Row[Any]) -> Written:
    """Of certificates joined with revocations. Raises SnapshotDamaged."""
    entry = Entry(
        serial=int.from_bytes(row.serial, "big"),
        issuer=row.issuer,
        kind=_kind(row),
        name=row.name,
        subject=row.subject,
        not_before=row.not_before,
        not_after=row.not_after,
        der=row.der,
        key=row.key,
        issued=row.issued,
        issued_by=row.issued_by,
        renews=row.renews,
    )
    fingerprint = hashlib.sha256(entry.der).digest()
    if _seal_of(entry, fingerprint) != row.seal:
        raise broken(f"entry {row.id} of the ledger")
    revocation = None
    if row.at is not None:
        revocation = Revocation(at=row.at, reason=row.reason, by=row.revoked_by)
        if revocation_seal(row.id, revocation) != row.revocation_seal:
            raise broken(f"the revocation of entry {row.id} of the ledger")
    return Written(row.id, entry, fingerprint, revocation)


def _kind(row: Row[Any]) -> Kind:
    try:
        return Kind(row.kind)
    except ValueError as error:
        raise broken(f"entry {row.id} of the ledger") from error


def list_of_row(row: Row[Any]) -> ListMade:
    """A row of lists."""
    return ListMade(row.number, row.this_update, row.next_update)
