"""What to say when a row isn't what was written."""

from ostiary.store.soundness import Condition, Damaged, SnapshotDamaged


def broken(what: str) -> SnapshotDamaged:
    """For a row whose checksum does not fit."""
    return SnapshotDamaged(
        Damaged(
            condition=Condition.CORRUPT,
            what=f"the database is damaged: {what} isn't what was written",
        )
    )
