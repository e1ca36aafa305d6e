"""Column types that both databases keep alike: instants, seconds, bounded text, and seals.

Instants are whole microseconds, and seconds whole seconds, since 1970 in UTC: nothing depends on a
server's time zone, and comparing is comparing numbers.
"""

import hashlib
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator

from ostiary.store.database.errors import NotStorable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Since 1970. Raises ValueError for a time without zone, which is our bug."""
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone")
    return (at - _EPOCH) // _MICROSECOND


def whole_seconds(at: datetime) -> int:
    """Since 1970, rounded down. Raises ValueError for a time without zone, which is our bug."""
    return microseconds(at) // 1_000_000


class Instant(TypeDecorator[datetime]):
    """An aware datetime, in UTC when it comes out."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """To the number. Raises ValueError for a time without zone."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> datetime | None:
        """From the number."""
        return None if value is None else _EPOCH + value * _MICROSECOND


class Seconds(TypeDecorator[datetime]):
    """An aware datetime, cut to the second; half the size where there are a million of them."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """To the number. Raises ValueError for a time without zone."""
        return None if value is None else whole_seconds(value)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> datetime | None:
        """From the number."""
        return None if value is None else datetime.fromtimestamp(value, UTC)


class Words(TypeDecorator[str]):
    """Text of at most ``limit`` characters.

    PostgreSQL refuses NUL (its manual, 8.3), and a lone surrogate is no text at all.
    """

    impl = Text
    cache_ok = True

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Checked. Raises NotStorable."""
        if value is None:
            return None
        shown = f"{value[:40]!r}{'…' if len(value) > 40 else ''}"
        if len(value) > self.limit:
            raise NotStorable(
                f"{shown} has {len(value)} characters (at most {self.limit} are kept here)"
            )
        if "\0" in value or (not value.isascii() and _has_surrogate(value)):
            raise NotStorable(f"{shown} holds a character that no database keeps (remove it)")
        return value

    def process_result_value(self, value: str | None, _dialect: Dialect) -> str | None:
        """As it is."""
        return value


def seal(*parts: str | int) -> bytes:
    """Checksum of a row's content, for finding what a disk changed; not against forgers.

    SQLite and PostgreSQL (by default) have none of their own, and a flipped bit in a name, an
    address or a certificate is trust that nobody gave.
    """
    # A lone surrogate is refused by Words, with a better sentence than ours could be.
    contents = [str(part).encode("utf-8", "surrogatepass") for part in parts]
    return hashlib.sha256(b"".join(b"%d:%b" % (len(one), one) for one in contents)).digest()


def _has_surrogate(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False
