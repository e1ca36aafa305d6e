"""Pages of lists: cursors that mean nothing to who carries them."""

import base64
import binascii
from datetime import UTC, datetime, timedelta

from ostiary.management.errors import Unacceptable
from ostiary.store.database.records import ClientCursor

LARGEST_PAGE = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST = 2**53


def checked_limit(limit: int) -> int:
    """Raises Unacceptable unless it is 1 to 1000."""
    if not 1 <= limit <= LARGEST_PAGE:
        raise Unacceptable.one(
            f"a page of {limit} can't be had", f"ask for 1 to {LARGEST_PAGE}", "/limit"
        )
    return limit


def offset_of(cursor: str | None) -> int:
    """How many to leave out. Raises Unacceptable for what is no cursor of ours."""
    (offset,) = _numbers(cursor, 1) if cursor else (0,)
    return offset


def after(offset: int, found: int, total: int) -> str | None:
    """Cursor of the page that follows; None at the end."""
    return _cursor(offset + found) if offset + found < total else None


def row_of(cursor: str | None) -> int | None:
    """The number that the page begins below. Raises Unacceptable."""
    return _numbers(cursor, 1)[0] if cursor else None


def below(row: int) -> str:
    """Cursor of the page below a number."""
    return _cursor(row)


def client_cursor(cursor: str | None) -> ClientCursor | None:
    """Raises Unacceptable."""
    if not cursor:
        return None
    seconds, number = _numbers(cursor, 2)
    try:
        return ClientCursor(at=_EPOCH + timedelta(seconds=seconds), id=number)
    except OverflowError as error:
        raise _no_cursor() from error


def of_client_cursor(cursor: ClientCursor | None) -> str | None:
    """The same on the way out."""
    if cursor is None:
        return None
    return _cursor((cursor.at - _EPOCH) // timedelta(seconds=1), cursor.id)


def _cursor(*numbers: int) -> str:
    text = ".".join(map(str, numbers))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _numbers(cursor: str, count: int) -> tuple[int, ...]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
        numbers = tuple(int(part) for part in text.split(".") if part.isdecimal())
    except (ValueError, binascii.Error) as error:
        raise _no_cursor() from error
    if len(numbers) != count or max(numbers) > _MOST:
        raise _no_cursor()
    return numbers


def _no_cursor() -> Unacceptable:
    return Unacceptable.one("this is no cursor of this list", "begin without one", "/cursor")
