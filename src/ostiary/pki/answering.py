"""OCSP: questions looked up in the ledger as it is now, and answered from memory if possible."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ostiary.ca.ocsp import (
    Failure,
    Good,
    Issuer,
    Malformed,
    Question,
    Responder,
    Revoked,
    Status,
    Unknown,
    read_questions,
)
from ostiary.ca.signing import Reason
from ostiary.kernel.errors import OstiaryError
from ostiary.pki.catalog import NEVER, Catalog, Generation, Published
from ostiary.pki.complaints import Complaints
from ostiary.pki.documents import Document, Media, document
from ostiary.store.ledger.reading import LedgerReader

MOST_KEPT = 20_000
"""Answers; about a kilobyte each."""


@dataclass(frozen=True, slots=True)
class Once:
    """An answer for one asker: a failure, or one with the nonce he sent."""

    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """An answer that was signed before."""

    generation: Generation
    """Of the ledger, when it was last looked up."""
    status: Status
    responder: Responder
    refresh: datetime
    """Half of its time: from then on another one is signed."""
    document: Document


class Answering:
    """One house's responder; for one thread."""

    def __init__(
        self, catalog: Catalog, clock: Callable[[], datetime], complaints: Complaints
    ) -> None:
        self._catalog = catalog
        self._clock = clock
        self._kept: OrderedDict[tuple[Issuer, int], _Kept] = OrderedDict()
        self._complaints = complaints
        self.outcomes: Counter[str] = Counter()
        """How often each was told: ``good``, ``revoked``, ``unknown``, of each certificate;
        ``refused`` (no question, or not ours to answer), ``failed`` (no key, no ledger)."""

    def answer(self, der: bytes) -> Document | Once:
        """Whatever is asked, an OCSPResponse."""
        try:
            questions = read_questions(der)
        except Malformed:
            return self._failure(Failure.MALFORMED_REQUEST)
        try:
            if len(questions) == 1:
                return self._answered(questions[0])
            return self._answered_together(questions)
        except OstiaryError as error:
            self._complaints.tell("ocsp-not-answered", error)
            return self._failure(Failure.INTERNAL_ERROR)

    def _answered(self, question: Question) -> Document | Once:
        one, reader = self._catalog.of_issuer(question.issuer), self._catalog.reader
        if one is None or reader is None:
            # RFC 5019 section 2.2.3: not ours to answer for.
            return self._failure(Failure.UNAUTHORIZED)
        key, now = (question.issuer, question.serial), self._clock()
        generation = self._catalog.generation(reader)
        kept = self._kept.get(key) if question.nonce is None else None
        if kept is not None and kept.generation == generation and now < kept.refresh:
            self._kept.move_to_end(key)
            self.outcomes[_word(kept.status)] += 1
            return kept.document
        responder = self._catalog.responder(one)
        if responder is None or not self._catalog.responder_is_good(responder, now):
            return self._failure(Failure.TRY_LATER)
        status = _status(reader, one, question.serial)
        if kept is not None and _still(kept, status, responder, now):
            self._kept[key] = replace(kept, generation=generation)
            self.outcomes[_word(status)] += 1
            return kept.document
        signed = self._signed(question, status, responder, now)
        self.outcomes[_word(status)] += 1
        if question.nonce is not None:
            return Once(signed.document.body)
        self._remember(key, replace(signed, generation=generation))
        return signed.document

    def _answered_together(self, questions: Sequence[Question]) -> Once:
        """Signed for this one asker: who asks so is rare."""
        asked = {self._catalog.of_issuer(one.issuer) for one in questions}
        one, reader = asked.pop(), self._catalog.reader
        if asked or one is None or reader is None:
            # Nobody may sign for two authorities at once.
            return self._failure(Failure.UNAUTHORIZED)
        responder, now = self._catalog.responder(one), self._clock()
        if responder is None or not self._catalog.responder_is_good(responder, now):
            return self._failure(Failure.TRY_LATER)
        this_update, until = self._times(responder, now)
        told = [(question, _status(reader, one, question.serial)) for question in questions]
        der = responder.answer_several(told, this_update=this_update, next_update=until)
        self.outcomes.update(_word(status) for _, status in told)
        return Once(der)

    def _failure(self, failure: Failure) -> Once:
        ours = failure in (Failure.TRY_LATER, Failure.INTERNAL_ERROR)
        self.outcomes["failed" if ours else "refused"] += 1
        return Once(failure.der)

    def _times(self, responder: Responder, now: datetime) -> tuple[datetime, datetime]:
        this_update = now.replace(microsecond=0)
        lasts = timedelta(minutes=self._catalog.publishing.ocsp_minutes)
        return this_update, min(this_update + lasts, responder.certificate.not_after)

    def _signed(
        self, question: Question, status: Status, responder: Responder, now: datetime
    ) -> _Kept:
        this_update, until = self._times(responder, now)
        der = responder.answer(question, status, this_update=this_update, next_update=until)
        return _Kept(
            generation=NEVER,
            status=status,
            responder=responder,
            refresh=this_update + (until - this_update) / 2,
            document=document(der, Media.OCSP, this_update, until),
        )

    def _remember(self, key: tuple[Issuer, int], kept: _Kept) -> None:
        if isinstance(kept.status, Unknown):
            # Numbers can be made up without end, and would push out the real ones.
            return
        self._kept[key] = kept
        self._kept.move_to_end(key)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)


def _still(kept: _Kept, status: Status, responder: Responder, now: datetime) -> bool:
    return kept.status == status and kept.responder is responder and now < kept.refresh


def _word(status: Status) -> str:
    match status:
        case Good():
            return "good"
        case Revoked():
            return "revoked"
        case Unknown():
            return "unknown"


def _status(reader: LedgerReader, one: Published, serial: int) -> Status:
    standing = reader.standing(serial)
    if standing is None or standing.issuer != one.authority.id:
        return Unknown()
    gone = standing.revocation
    return Good() if gone is None else Revoked(gone.at, Reason(gone.reason))
