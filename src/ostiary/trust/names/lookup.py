"""Many rules, and which of them a certificate may fit, found by one test of each.

That is the test which fewest certificates pass: a fingerprint, a serial number, a distinguished
name, an alternative name. Looking takes a few look-ups by hash, whatever the number of rules, but
for patterns that all say the same few words (``search``, ``tables``).
"""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from ostiary.trust.names.automaton import WITHIN
from ostiary.trust.names.facts import Facts
from ostiary.trust.names.globs import MANY, canonical
from ostiary.trust.names.pattern import Pattern
from ostiary.trust.names.reading import parse_pattern
from ostiary.trust.names.rules import Rule, fingerprint_of, serial_of
from ostiary.trust.names.scoped import DNS, EMAIL, URI, Kind, glob_of
from ostiary.trust.names.search import PatternSearch
from ostiary.trust.names.tables import Table

_Key = TypeVar("_Key")


class Numbers(Generic[_Key]):
    """Numbers by key, several of one key; small where most keys have one."""

    __slots__ = ("_latest", "_next")

    def __init__(self) -> None:
        self._latest: dict[_Key, int] = {}
        self._next: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._latest)

    def add(self, key: _Key, number: int) -> None:
        """One more; a number has one key."""
        before = self._latest.get(key)
        if before is not None:
            self._next[number] = before
        self._latest[key] = number

    def keys(self) -> Iterable[_Key]:
        """Every key once, in the order of their first numbers."""
        return self._latest.keys()

    def of(self, key: _Key) -> Iterator[int]:
        """Those of one key."""
        number = self._latest.get(key)
        while number is not None:
            yield number
            number = self._next.get(number)


class RuleLookup:
    """Rules by what is looked up fastest in them. Immutable once made."""

    __slots__ = ("_by_alternative", "_by_fingerprint", "_by_ip", "_by_pattern", "_by_serial",
                 "_others", "_patterns", "_search")  # fmt: skip

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Numbers them from 0. Raises PatternRefused for the first test that can't be read, among
        those by which rules are looked up."""
        self._by_fingerprint: Numbers[bytes] = Numbers()
        self._by_serial: Numbers[int] = Numbers()
        self._by_pattern: Numbers[Pattern] = Numbers()
        self._by_ip = _Networks()
        self._others: list[int] = []
        alternatives: dict[str, Numbers[str]] = {kind: Numbers() for kind in _KINDS}
        for number, rule in enumerate(rules):
            if rule.fingerprint is not None:
                self._by_fingerprint.add(bytes.fromhex(fingerprint_of(rule.fingerprint)), number)
            elif rule.serial is not None:
                self._by_serial.add(serial_of(rule.serial), number)
            elif rule.distinguished_name is not None:
                # By what it says: the search keeps only one of those that say the same.
                self._by_pattern.add(parse_pattern(rule.distinguished_name).plain(), number)
            elif not (self._by_ip.add(rule.ip, number) or _add(alternatives, rule, number)):
                self._others.append(number)
        self._patterns = tuple(self._by_pattern.keys())
        self._search = PatternSearch(self._patterns)
        self._by_alternative = {
            kind: _Alternatives(numbers) for kind, numbers in alternatives.items() if len(numbers)
        }

    def candidates(self, facts: Facts) -> Iterator[int]:
        """Numbers of all rules that may fit; those of others are seldom among them. Each once."""
        for fingerprint in facts.fingerprints if len(self._by_fingerprint) else ():
            yield from self._by_fingerprint.of(bytes.fromhex(fingerprint))
        yield from self._by_serial.of(facts.serial)
        for place in self._search.fitting(facts.names.subject):
            yield from self._by_pattern.of(self._patterns[place])
        yield from self._by_ip.of(facts.names.alternatives.ip)
        for kind, found in self._by_alternative.items():
            values = getattr(facts.names.alternatives, kind)
            yield from found.of({_KINDS[kind].folded(value) for value in values})
        yield from self._others


_KINDS: dict[str, Kind] = {"dns": DNS, "uri": URI, "email": EMAIL}


def _add(alternatives: dict[str, Numbers[str]], rule: Rule, number: int) -> bool:
    for kind, numbers in alternatives.items():
        text = getattr(rule, kind)
        if text is not None:
            # Here a star passes separators: whoever is found is tested all the same.
            glob = glob_of(_KINDS[kind].folded(text.strip())).replace(WITHIN, MANY)
            numbers.add(canonical(glob), number)
            return True
    return False


class _Alternatives:
    """Patterns of alternative names of one kind."""

    __slots__ = ("_globs", "_numbers", "_table")

    def __init__(self, numbers: Numbers[str]) -> None:
        self._numbers = numbers
        self._globs = tuple(numbers.keys())
        self._table = Table({glob: place for place, glob in enumerate(self._globs)})

    def of(self, values: Iterable[str]) -> Iterator[int]:
        places = {place for value in values for place in self._table.fitting(value)}
        for place in places | self._table.loose if self._globs else ():
            yield from self._numbers.of(self._globs[place])


class _Networks:
    """Networks by their lengths: there are 162."""

    __slots__ = ("_lengths", "_numbers")

    def __init__(self) -> None:
        self._numbers: Numbers[tuple[int, int, int]] = Numbers()
        self._lengths: set[tuple[int, int]] = set()

    def add(self, text: str | None, number: int) -> bool:
        if text is None:
            return False
        network = ipaddress.ip_network(text.strip())
        size = network.max_prefixlen - network.prefixlen
        self._lengths.add((network.version, size))
        address = int(network.network_address)
        self._numbers.add((network.version, size, address >> size), number)
        return True

    def of(self, values: Iterable[str]) -> Iterator[int]:
        keys: set[tuple[int, int, int]] = set()
        for value in values if self._lengths else ():
            try:
                address = ipaddress.ip_address(value)
            except ValueError:
                # A network may stand there in an authority's constraints only.
                continue
            keys |= {
                (version, size, int(address) >> size)
                for version, size in self._lengths
                if version == address.version
            }
        for key in keys:
            yield from self._numbers.of(key)
