"""Consumers by what people call them: id or name."""

from collections.abc import Iterator
from contextlib import contextmanager

from ostiary.consumers.model import ConsumerKind
from ostiary.consumers.names import LONGEST_NAME, uuid_of
from ostiary.consumers.refusal import ConsumerRefused
from ostiary.management.errors import NotThere, Unacceptable
from ostiary.store.database.consumer_records import StoredConsumer
from ostiary.store.database.errors import NoSuch
from ostiary.store.database.work import Work


def consumer_of(work: Work, kind: ConsumerKind, called: str) -> StoredConsumer:
    """The user or app with this id or name. Raises NotThere, and Unacceptable where several apps
    have the name."""
    found = _found(work, kind, called)
    if found is None:
        raise NotThere(kind.value, called)
    return found


def anybody(work: Work, called: str) -> StoredConsumer:
    """A user by name or id, or else an app: users come first, as in Express Gateway. Raises
    NotThere, Unacceptable."""
    found = _found(work, ConsumerKind.USER, called) or _found(work, ConsumerKind.APP, called)
    if found is None:
        raise NotThere("consumer", called)
    return found


@contextmanager
def refusals() -> Iterator[None]:
    """What the rules refuse, told with its place in what was sent."""
    try:
        yield
    except ConsumerRefused as refused:
        where = f"/{refused.field}"
        raise Unacceptable.one(refused.message, refused.way_out, where) from refused


def _found(work: Work, kind: ConsumerKind, called: str) -> StoredConsumer | None:
    uuid = uuid_of(called)
    if uuid is not None:
        try:
            one = work.consumers.one(uuid)
        except NoSuch:
            return None
        return one if one.kind is kind else None
    if not (called and called.isprintable() and len(called) <= LONGEST_NAME):
        return None
    found = work.consumers.named(kind, called)
    if len(found) > 1:
        ids = ", ".join(str(one.uuid) for one in found[:10])
        raise Unacceptable.one(f"several apps are called {called!r}", f"name one by its id: {ids}")
    return found[0] if found else None
