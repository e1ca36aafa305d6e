"""Tokens that devices enrol with, and requests that wait for approval, beside the ledger's rows."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from ostiary.store.database.columns import microseconds, seal
from ostiary.store.database.seals import broken
from ostiary.store.ledger.enrolment_records import (
    AlreadyDecided,
    Claim,
    Claimed,
    KeptRequest,
    KeptToken,
    NewRequest,
    NewToken,
    RequestState,
    TokenSpent,
    TooManyWaiting,
)
from ostiary.store.ledger.tables import claims, enrol_tokens, requests

MOST_PENDING = 1_000
"""Requests that may wait; whoever may ask must not be able to fill the disk."""

Work = Callable[..., AbstractContextManager[Connection]]


class Enrolments:
    """Part of the ledger, in its transactions; raises what the ledger does."""

    def __init__(self, work: Work) -> None:
        """``work``: the ledger's own transactions; with ``writes=True`` those that write."""
        self._work = work

    def add_token(self, token: NewToken) -> KeptToken:
        """From now on it may be used."""
        with self._work(writes=True) as connection:
            number = connection.execute(
                insert(enrol_tokens).values(_token_values(token)).returning(enrol_tokens.c.id)
            ).scalar_one()
        return KeptToken(number, token, 0, None)

    def tokens(self, limit: int = 1_000) -> tuple[KeptToken, ...]:
        """The newest first, with those that have ended."""
        with self._work() as connection:
            rows = connection.execute(_tokens().order_by(enrol_tokens.c.id.desc()).limit(limit))
            return tuple(map(_token_of, rows))

    def token(self, number: int) -> KeptToken | None:
        """The token with this number."""
        return self._token(_tokens().where(enrol_tokens.c.id == number))

    def token_of_digest(self, digest: bytes) -> KeptToken | None:
        """The token of a secret, also when it has ended: the caller must look."""
        return self._token(_tokens().where(enrol_tokens.c.digest == digest))

    def end_token(self, number: int, at: datetime) -> None:
        """No use of it is new from now on; a second end changes nothing."""
        with self._work(writes=True) as connection:
            connection.execute(
                update(enrol_tokens)
                .where(enrol_tokens.c.id == number, enrol_tokens.c.ended.is_(None))
                .values(ended=at)
            )

    def claimed(self, token: int, content: bytes) -> Claimed | None:
        """What came of the use of this token for this content."""
        query = select(claims.c.certificate, claims.c.request).where(
            claims.c.token == token, claims.c.content == content
        )
        with self._work() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Claimed(certificate=row.certificate, request=row.request)

    def park(self, request: NewRequest, claim: Claim | None) -> KeptRequest:
        """Have it wait, and use the token up for it, both or none.

        Raises TokenSpent, TooManyWaiting.
        """
        with self._work(writes=True) as connection:
            waiting = select(func.count()).where(requests.c.state == RequestState.PENDING.value)
            if connection.execute(waiting).scalar_one() >= MOST_PENDING:
                raise TooManyWaiting(f"{MOST_PENDING} requests wait for approval already")
            number = connection.execute(
                insert(requests).values(_request_values(request)).returning(requests.c.id)
            ).scalar_one()
            if claim is not None:
                spend(connection, claim, Claimed(certificate=None, request=number))
        return KeptRequest(number, request, RequestState.PENDING, None, "", "", None)

    def request(self, number: int) -> KeptRequest | None:
        """The request with this number."""
        return self._request(select(requests).where(requests.c.id == number))

    def request_of(self, content: bytes, asked_by: str) -> KeptRequest | None:
        """The newest request of somebody for this content."""
        query = select(requests).where(
            requests.c.content == content, requests.c.asked_by == asked_by
        )
        return self._request(query.order_by(requests.c.id.desc()).limit(1))

    def requests(
        self, state: RequestState | None, *, before: int | None, limit: int
    ) -> tuple[KeptRequest, ...]:
        """The newest first, from below number ``before``; fewer than ``limit`` at the end."""
        query = select(requests)
        if state is not None:
            query = query.where(requests.c.state == state.value)
        if before is not None:
            query = query.where(requests.c.id < before)
        with self._work() as connection:
            rows = connection.execute(query.order_by(requests.c.id.desc()).limit(limit))
            return tuple(map(_request_of, rows))

    def pending(self) -> int:
        """How many wait."""
        query = select(func.count()).where(requests.c.state == RequestState.PENDING.value)
        with self._work() as connection:
            found: int = connection.execute(query).scalar_one()
        return found

    def decide(
        self,
        number: int,
        state: RequestState,
        *,
        at: datetime,
        by: str,
        note: str = "",
        certificate: int | None = None,
    ) -> None:
        """For good. Raises AlreadyDecided."""
        values = {
            "state": state.value,
            "decided": at,
            "decided_by": by,
            "note": note,
            "certificate": certificate,
        }
        with self._work(writes=True) as connection:
            done = connection.execute(
                update(requests)
                .where(requests.c.id == number, requests.c.state == RequestState.PENDING.value)
                .values(values)
            )
            if done.rowcount != 1:
                raise AlreadyDecided(f"request {number} is decided already")

    def _token(self, query: Select[Any]) -> KeptToken | None:
        with self._work() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _token_of(row)

    def _request(self, query: Select[Any]) -> KeptRequest | None:
        with self._work() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _request_of(row)


def spend(connection: Connection, claim: Claim, came: Claimed) -> None:
    """Use a token, in a transaction that writes: writers take turns, so no use is counted twice.

    Raises TokenSpent.
    """
    row = connection.execute(_tokens().where(enrol_tokens.c.id == claim.token)).one_or_none()
    if row is None or not _token_of(row).good_at(claim.at):
        raise TokenSpent("the token has ended, or was used as often as it may be")
    connection.execute(
        insert(claims).values(
            token=claim.token,
            content=claim.content,
            at=claim.at,
            certificate=came.certificate,
            request=came.request,
        )
    )


def _tokens() -> Select[Any]:
    used = (
        select(func.count())
        .select_from(claims)
        .where(claims.c.token == enrol_tokens.c.id)
        .scalar_subquery()
    )
    return select(enrol_tokens, used.label("used"))


def _token_values(token: NewToken) -> dict[str, object]:
    return {
        "name": token.name,
        "purpose": token.purpose,
        "uses": token.uses,
        "approval": int(token.approval),
        "digest": token.digest,
        "created": token.created,
        "created_by": token.created_by,
        "expires": token.expires,
        "seal": _token_seal(token),
    }


def _token_seal(token: NewToken) -> bytes:
    return seal(
        token.name,
        token.purpose,
        token.uses,
        int(token.approval),
        token.digest.hex(),
        microseconds(token.expires),
    )


def _token_of(row: Row[Any]) -> KeptToken:
    token = NewToken(
        name=row.name,
        purpose=row.purpose,
        uses=row.uses,
        approval=bool(row.approval),
        digest=row.digest,
        created=row.created,
        created_by=row.created_by,
        expires=row.expires,
    )
    if _token_seal(token) != row.seal:
        raise broken(f"enrolment token {row.id} of the ledger")
    return KeptToken(row.id, token, row.used, row.ended)


def _request_values(request: NewRequest) -> dict[str, object]:
    return {
        "content": request.content,
        "name": request.name,
        "purpose": request.purpose,
        "der": request.der,
        "asked_by": request.asked_by,
        "received": request.received,
        "state": RequestState.PENDING.value,
        "decided_by": "",
        "note": "",
        "seal": _request_seal(request),
    }


def _request_seal(request: NewRequest) -> bytes:
    return seal(
        request.content.hex(), request.name, request.purpose, request.der.hex(), request.asked_by
    )


def _request_of(row: Row[Any]) -> KeptRequest:
    request = NewRequest(
        content=row.content,
        name=row.name,
        purpose=row.purpose,
        der=row.der,
        asked_by=row.asked_by,
        received=row.received,
    )
    if _request_seal(request) != row.seal:
        raise broken(f"request {row.id} of the ledger")
    state = RequestState(row.state)
    return KeptRequest(
        row.id, request, state, row.decided, row.decided_by, row.note, row.certificate
    )
