"""Is this credential good here, and whose is it?"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from ostiary.consumers.model import ConsumerKind, CredentialType, Known
from ostiary.consumers.ports import Directory
from ostiary.consumers.reading import read_credential
from ostiary.consumers.reason import CredentialReason


@dataclass(frozen=True, slots=True)
class ConsumerTest:
    """Is the consumer one of these: usernames, or ids of users and apps?"""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class ScopeTest:
    """Has the credential all of these scopes?"""

    scopes: frozenset[str]


Test: TypeAlias = ConsumerTest | ScopeTest
"""What a condition of a pipeline asks about the consumer."""

MOST_TESTS = 31
"""For one judgement: their outcomes are bits of one number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """By what a credential is judged: the same for all requests to which the same applies."""

    type: CredentialType
    scopes: frozenset[str] = frozenset()
    """The credential must have all of them."""
    tests: tuple[Test, ...] = ()
    """At most MOST_TESTS."""

    @property
    def id(self) -> str:
        """Short and stable: 16 hex digits that depend on what is judged by, on nothing else."""
        parts = [self.type.value, *sorted(self.scopes)]
        for test in self.tests:
            parts.append(type(test).__name__)
            parts += sorted(words_of(test))
        text = "\0".join(f"{len(part)}:{part}" for part in parts)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Good:
    """The credential is good here."""

    known: Known
    passed: int
    """Which tests hold: bit 0 is the first."""


@dataclass(frozen=True, slots=True)
class Bad:
    """The credential is not, and why."""

    reason: CredentialReason
    known: Known | None = None
    """Whose it is, where the secret was right."""


Verdict: TypeAlias = Good | Bad

Verify: TypeAlias = Callable[[str, str], bool]
"""Whether a secret as it is kept is the one given; in constant time."""

Decoys: TypeAlias = Mapping[CredentialType, str]
"""Of each type a kept secret that nobody has."""


def judge(
    judgement: Judgement, sent: bytes, directory: Directory, verify: Verify, decoys: Decoys
) -> Verdict:
    """Judge a credential as it was sent. Raises OSError when the directory can't be asked.

    Whether there is a credential of this name shows neither in the reason nor in the time that
    the answer takes: without one a decoy's secret is compared.
    """
    read = read_credential(judgement.type, sent)
    if read is None:
        return Bad(CredentialReason.MALFORMED)
    known = directory.find(judgement.type, read.name)
    kept = known.credential.secret if known is not None else decoys[judgement.type]
    if not verify(kept, read.secret) or known is None:
        return Bad(CredentialReason.WRONG)
    return judge_known(judgement, known)


def judge_known(judgement: Judgement, known: Known) -> Verdict:
    """Judge a credential whose secret is right, or that has none."""
    if not (known.credential.active and known.consumer.active):
        return Bad(CredentialReason.INACTIVE, known)
    if not judgement.scopes <= known.credential.scopes:
        return Bad(CredentialReason.SCOPE_MISSING, known)
    passed = sum(1 << bit for bit, test in enumerate(judgement.tests) if holds(test, known))
    return Good(known, passed)


def holds(test: Test, known: Known) -> bool:
    """Whether this is true of a consumer and its credential."""
    match test:
        case ConsumerTest(names=names):
            consumer = known.consumer
            user = consumer.kind is ConsumerKind.USER and consumer.name != ""
            named = user and consumer.name in names
            return named or str(consumer.id) in names
        case ScopeTest(scopes=scopes):
            return scopes <= known.credential.scopes
        case _:
            assert_never(test)


def words_of(test: Test) -> frozenset[str]:
    """What the test asks for."""
    match test:
        case ConsumerTest(names=names):
            return names
        case ScopeTest(scopes=scopes):
            return scopes
        case _:
            assert_never(test)
