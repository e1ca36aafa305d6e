"""Files of revocation lists: read once, and never replaced by older ones."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ostiary.x509.pem import read_crls
from ostiary.x509.revocation import RevocationList

ReadLists = Callable[[bytes], tuple[RevocationList, ...]]
"""All lists in the bytes of one file; raises NotACrl. A million entries take seconds."""


@dataclass(frozen=True, slots=True)
class ListFile:
    """What one file holds, and what it held before that is newer."""

    digest: str
    """SHA-256 of its bytes, hexadecimal."""
    lists: tuple[RevocationList, ...]
    kept: tuple[RevocationList, ...] = ()
    """Lists that were in the file, of higher numbers than those in it now: they stay in force."""

    @property
    def every(self) -> tuple[RevocationList, ...]:
        """All that may count."""
        return (*self.lists, *self.kept)


Recall = Callable[[str, str], ListFile | None]
"""What a file (absolute path) held when the gateway ran before, if it was something else than what
has this digest."""


@dataclass(frozen=True, slots=True)
class ListReading:
    """How files of lists are read, and what was read last time."""

    read: ReadLists = read_crls
    before: Mapping[str, ListFile] = field(default_factory=dict)
    """By absolute path, or the text itself where PEM stands in the configuration."""
    recall: Recall = field(default=lambda _path, _digest: None)

    def file(self, path: str, content: bytes, digest: str) -> ListFile:
        """The lists of one file; bytes that were read last time aren't read again. Raises NotACrl.

        RFC 5280 5.2.3: numbers only grow. Who puts an old list back, by mistake or to have
        somebody admitted again, changes nothing.
        """
        last = self.before.get(path)
        if last is not None and last.digest == digest:
            return last
        lists = self.read(content)
        last = last or self.recall(path, digest)
        return ListFile(digest, lists, tuple(_newer(last, lists)) if last else ())


def _newer(last: ListFile, lists: tuple[RevocationList, ...]) -> Iterator[RevocationList]:
    now: dict[object, int] = {}
    for one in lists:
        now[kind_of_list(one)] = max(one.number, now.get(kind_of_list(one), -1))
    for one in last.every:
        # Whatever is gone from the file altogether was taken out on purpose.
        if one not in lists and one.number > now.get(kind_of_list(one), one.number):
            yield one


def kind_of_list(one: RevocationList) -> object:
    """What must be equal for numbers to be compared: authority, key, scope, and whole or delta; an
    authority with a new key counts anew."""
    return one.issuer_key, one.authority_key, one.scope, one.base is None


def ends_of(
    places: Iterable[tuple[tuple[str | int, ...], RevocationList]],
) -> Mapping[tuple[str, str, str], datetime]:
    """Until when the lists tell: by setting, issuer, and ``whole`` or ``delta``.

    Of several lists about the same the newest counts, of lists about different parts the one that
    ends first; lists that can't be used are not among them.
    """
    return {label: end for label, (_, end) in lives_of(places).items()}


def lives_of(
    places: Iterable[tuple[tuple[str | int, ...], RevocationList]],
) -> Mapping[tuple[str, str, str], tuple[datetime, datetime]]:
    """From when until when the lists tell, likewise."""
    newest: dict[tuple[str, object], RevocationList] = {}
    for at, one in places:
        *above, last = at
        part = f"[{last}]" if isinstance(last, int) else f".{last}"
        key = (".".join(map(str, above)) + part, kind_of_list(one))
        before = newest.get(key)
        if before is None or (before.number, before.this_update) < (one.number, one.this_update):
            newest[key] = one
    found: dict[tuple[str, str, str], tuple[datetime, datetime]] = {}
    for (where, _), one in newest.items():
        if one.fault is None and one.next_update is not None:
            label = (where, one.issuer, "whole" if one.base is None else "delta")
            life = (one.this_update, one.next_update)
            found[label] = min(life, found.get(label, life), key=lambda each: each[1])
    return found
