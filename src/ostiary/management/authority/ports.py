"""The ledger as the authority needs it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from ostiary.store.ledger.enrolment_records import (
    Claim,
    Claimed,
    KeptRequest,
    KeptToken,
    NewRequest,
    NewToken,
    RequestState,
)
from ostiary.store.ledger.records import Entry, ListMade, Revocation, State, Written


class Enrolments(Protocol):
    """What ``ostiary.store.ledger.enrolments.Enrolments`` offers; its docstrings hold here."""

    def add_token(self, token: NewToken) -> KeptToken: ...

    def tokens(self, limit: int = ...) -> tuple[KeptToken, ...]: ...

    def token(self, number: int) -> KeptToken | None: ...

    def token_of_digest(self, digest: bytes) -> KeptToken | None: ...

    def end_token(self, number: int, at: datetime) -> None: ...

    def claimed(self, token: int, content: bytes) -> Claimed | None: ...

    def park(self, request: NewRequest, claim: Claim | None) -> KeptRequest: ...

    def request(self, number: int) -> KeptRequest | None: ...

    def request_of(self, content: bytes, asked_by: str) -> KeptRequest | None: ...

    def requests(
        self, state: RequestState | None, *, before: int | None, limit: int
    ) -> tuple[KeptRequest, ...]: ...

    def pending(self) -> int: ...

    def decide(
        self,
        number: int,
        state: RequestState,
        *,
        at: datetime,
        by: str,
        note: str = ...,
        certificate: int | None = ...,
    ) -> None: ...


class Book(Protocol):
    """What ``ostiary.store.ledger.ledger.Ledger`` offers; its docstrings hold here."""

    @property
    def enrolments(self) -> Enrolments: ...

    def write(self, entries: Sequence[Entry], claim: Claim | None = None) -> None: ...

    def write_below_new(self, root: Entry, issuing: Entry) -> None: ...

    def revoke(self, ids: Sequence[int], revocation: Revocation) -> None: ...

    def begin_list(self, issuer: int, this_update: datetime, next_update: datetime) -> ListMade: ...

    def last_list(self, issuer: int) -> ListMade | None: ...

    def revoked(self, issuer: int, since: datetime | None) -> Iterator[tuple[int, Revocation]]: ...

    def named(self, names: Iterable[str]) -> tuple[Written, ...]: ...

    def compromised(self, keys: Iterable[bytes], reason: str) -> frozenset[bytes]: ...

    def of_serial(self, serial: int) -> Written | None: ...

    def of_fingerprint(self, fingerprint: bytes) -> Written | None: ...

    def of_number(self, number: int) -> Written | None: ...

    def of_kinds(self, kinds: Iterable[str]) -> tuple[Written, ...]: ...

    def page(
        self, *, search: str, state: State, now: datetime, before: int | None, limit: int
    ) -> tuple[Written, ...]: ...
