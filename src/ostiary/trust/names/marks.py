"""What conditions of pipelines ask about a certificate, answered as bits beside its verdict."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from ostiary.trust.names.facts import Facts
from ostiary.trust.names.rules import Test, test_of

BITS = 31
"""Outcomes in one number: the engine's are 32 bits, some of them signed."""


@dataclass(frozen=True, slots=True)
class CertificateTest:
    """What one condition asks. All that is given must hold, each for one of its texts."""

    given: tuple[tuple[str, tuple[str, ...]], ...]
    """Names of tests as in ``Rule``, with their texts."""


class Marks:
    """The tests of one configuration, ready to be answered. Immutable once made."""

    __slots__ = ("_ready", "id", "tests")

    def __init__(self, tests: Iterable[CertificateTest]) -> None:
        """Read every test; raises PatternRefused for the first that can't be read."""
        self.tests = tuple(tests)
        """In the order of their bits."""
        self._ready = [
            [[test_of(name, text) for text in texts] for name, texts in one.given]
            for one in self.tests
        ]
        self.id = hashlib.sha256(repr(self.tests).encode()).hexdigest()[:16]
        """By which the engine asks for them: 16 hex digits, the same for the same tests."""

    def __bool__(self) -> bool:
        """Whether anything is asked at all."""
        return bool(self.tests)

    @property
    def numbers(self) -> int:
        """How many numbers hold the bits."""
        return -(-len(self.tests) // BITS)

    def of(self, facts: Facts) -> tuple[int, ...]:
        """The outcomes for one certificate, ``BITS`` in each number, the first test lowest.

        Ask ``facts.fault`` first: nothing may be decided by such names, neither yes nor no.
        """
        found = [0] * self.numbers
        for at, kinds in enumerate(self._ready):
            if _holds(kinds, facts):
                found[at // BITS] |= 1 << at % BITS
        return tuple(found)


def _holds(kinds: list[list[Test]], facts: Facts) -> bool:
    return all(any(test(facts) for test in tests) for tests in kinds)
