"""A look into a ledger that somebody else may be writing in."""

from contextlib import closing
from pathlib import Path

from ostiary.store.database.engines import sqlite_connection
from ostiary.store.database.faults import translated
from ostiary.store.ledger.records import AUTHORITIES

_QUERY = """
    SELECT der FROM certificates LEFT JOIN revocations ON revocations.certificate = id
    WHERE kind IN (?, ?) AND revocations.certificate IS NULL ORDER BY id
"""


def authorities_of(path: Path) -> tuple[bytes, ...]:
    """The certificates (DER) of the authorities in the ledger that are not revoked, the oldest
    first; empty where there is no ledger. Raises StoreBusy, StoreUnavailable, SnapshotDamaged."""
    if not path.exists():
        return ()
    with translated(repr(str(path))), closing(sqlite_connection(path, full=True)) as raw:
        kinds = sorted(one.value for one in AUTHORITIES)
        return tuple(row[0] for row in raw.execute(_QUERY, kinds))
