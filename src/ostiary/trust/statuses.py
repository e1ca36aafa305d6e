"""OCSP answers at hand: believed when they come, counted on while they hold, never outdone by
older ones.

They are kept as they came, so that what a restart brings back is verified again, and by the rules
of the day.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ostiary.trust.finding import Finding, Listed, NotRevoked, Undetermined
from ostiary.trust.ocsp import (
    OcspRules,
    Question,
    Status,
    Unbelieved,
    targets_of,
)
from ostiary.trust.ocsp_reading import status_of, verified
from ostiary.trust.status_lines import Line, read_line
from ostiary.trust.status_shelf import About, Kept, Shelf
from ostiary.x509.certificate import Certificate, parse
from ostiary.x509.ocsp_answer import Condition
from ostiary.x509.ocsp_question import Subject

MOST = 20_000
"""Answers, and as many again that revoke somebody."""
MOST_BYTES = 32 * 1024 * 1024
"""Of all those answers together, as they came; likewise."""
ASKED_AGAIN = timedelta(seconds=10)
"""After a question that nobody answered, and how long somebody stays undetermined at most before
it is looked at again."""
_MOST_FAILURES = 4_096
_MOST_SHARED = 256
_LATE = 0.75
"""The part of its time after which an answer in use is asked for again."""


@dataclass(frozen=True, slots=True)
class _Failure:
    why: str
    again: datetime


class Statuses:
    """The answers of one gateway (on a ``Shelf``). Not for two threads at once."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        """Nothing is known yet."""
        self._kept = Shelf(most, most_bytes)
        self._failures: OrderedDict[bytes, _Failure] = OrderedDict()
        self._shared: dict[bytes, Certificate] = {}
        self.version = 0
        """Grows with each answer taken: save them when it has."""

    def __len__(self) -> int:
        """How many answers are at hand."""
        return len(self._kept)

    def look(
        self, subject: Subject, rules: OcspRules, now: datetime, grace: timedelta = timedelta()
    ) -> Finding:
        """What is known of ``subject`` at ``now`` (aware); its path must have been verified.

        Whoever was revoked stays revoked beyond the answer's end, until a newer one says otherwise.
        What is not known, or not for long any more, comes with the question to ask.
        """
        key = subject.key
        status = self._status(key, subject, rules)
        if status is None:
            return self._unknown(key, subject, rules, now, "")
        self._kept.use(key, now)
        ended = status.until <= now
        asking = self._question(key, subject, rules, now) if ended else ()
        match status.condition:
            case Condition.REVOKED:
                return Listed(status.told, ended, asking, status.since)
            case Condition.GOOD if now < status.until + grace:
                until = status.until + grace if ended else status.until
                told = f"{status.told} until {until.isoformat()}"
                return NotRevoked(until, told, asking, status.delegate, status.since)
            case Condition.GOOD:
                why = f"the OCSP answer about it ended at {status.until.isoformat()}"
            case Condition.UNKNOWN:
                why = status.told
        return self._unknown(key, subject, rules, now, why)

    def read(
        self, question: Question, der: bytes, nonce: bytes, now: datetime
    ) -> Status | Unbelieved:
        """What an answer that has just come says, if it is to be believed; nothing is kept yet.

        ``nonce``: what was sent; empty: none.
        """
        status = status_of(question, der, nonce, now)
        if isinstance(status, Unbelieved):
            return status
        before = self._status(question.key, question.subject, question.rules)
        if before is not None and _outdone(status, before):
            return Unbelieved(f"it is older than the one at hand, of {before.since.isoformat()}")
        return status

    def take(
        self, question: Question, der: bytes, status: Status, now: datetime, nonce: bytes = b""
    ) -> bool:
        """Keep what ``read`` has read, by the same ``nonce``; whether somebody may have been judged
        otherwise by what was known before."""
        before = self._kept.get(question.key)
        last = before.status if before else None
        # Whoever was revoked by an answer that has ended may be admitted by a newer list since.
        had = last.condition if last and not _is_renewed(last, status, now) else None
        due = _due(question.key, status, question.rules, now)
        self._failures.pop(question.key, None)
        used = before.used if before else now
        about = self._about(question.subject, question.rules)
        status = self._sharing(status)
        revokes = status.condition is Condition.REVOKED
        line = Line(question.key, now, der, nonce, revokes)
        self._kept.keep(Kept(line, used, due, about, status))
        if status.condition is Condition.UNKNOWN:
            self.fail(question, status.told, now + ASKED_AGAIN)
        self.version += 1
        return (had, status.condition) in _TURNS

    def fail(self, question: Question, why: str, again: datetime) -> None:
        """Nobody could be asked, or nobody's answer was believed; don't ask before ``again``."""
        self._fail(question.key, why, again)
        kept = self._kept.get(question.key)
        if kept is not None:
            kept.due = max(kept.due, again)

    def due(self, now: datetime, used_since: datetime) -> tuple[bytes, ...]:
        """The keys of what to ask for again before it ends: answers used since then."""
        return tuple(
            kept.line.key
            for kept in self._kept
            if kept.due <= now and kept.used >= used_since and kept.about
        )

    def question(self, key: bytes) -> Question | None:
        """The question that an answer at hand has answered; None where that is gone."""
        kept = self._kept.get(key)
        if kept is None or kept.about is None:
            return None
        subject = Subject(parse(kept.about.leaf), kept.about.issuer)
        return _question(key, subject, kept.about.rules)

    def ends(self) -> Iterator[tuple[Condition, datetime]]:
        """What the verified answers say, and until when; from any thread."""
        for kept in self._kept:
            if kept.status is not None:
                yield kept.status.condition, kept.status.until

    def lines(self) -> tuple[Line, ...]:
        """All answers, as they may be saved."""
        return tuple(kept.line for kept in self._kept)

    def load(self, data: bytes) -> int:
        """Read what ``encode_lines`` wrote; returns how many lines could not be read."""
        bad = 0
        for text in data.splitlines():
            line = read_line(text)
            if line is None:
                bad += 1
            else:
                self._kept.keep(Kept(line, line.taken, line.taken))
        return bad

    def _fail(self, key: bytes, why: str, again: datetime) -> None:
        self._failures[key] = _Failure(why, again)
        self._failures.move_to_end(key)
        while len(self._failures) > _MOST_FAILURES:
            self._failures.popitem(last=False)

    def _status(self, key: bytes, subject: Subject, rules: OcspRules) -> Status | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.about is None or kept.about.rules.id != rules.id:
            status = verified(kept.line, subject, rules)
            if status is None:
                self._kept.drop(key)
                return None
            kept.status, kept.due = self._sharing(status), _due(key, status, rules, kept.line.taken)
            kept.about = self._about(subject, rules)
        return kept.status

    def _about(self, subject: Subject, rules: OcspRules) -> About:
        return About(subject.certificate.der, self._share(subject.issuer), rules)

    def _sharing(self, status: Status) -> Status:
        if status.delegate is None:
            return status
        return replace(status, delegate=self._share(status.delegate))

    def _share(self, certificate: Certificate) -> Certificate:
        """The same object for the same certificate: thousands of answers have the same few."""
        if len(self._shared) > _MOST_SHARED:
            self._shared.clear()
        return self._shared.setdefault(certificate.sha256, certificate)

    def distrust(self, subject: Subject, rules: OcspRules, now: datetime, why: str) -> Undetermined:
        """Forget the answer about ``subject``, and who asks is asked for another: but not at once
        where that one has only just come."""
        key = subject.key
        kept = self._kept.get(key)
        self._kept.drop(key)
        if kept is not None and now < kept.line.taken + ASKED_AGAIN:
            self._fail(key, why, kept.line.taken + ASKED_AGAIN)
        return self._unknown(key, subject, rules, now, why)

    def _unknown(
        self, key: bytes, subject: Subject, rules: OcspRules, now: datetime, why: str
    ) -> Undetermined:
        failure = self._failures.get(key)
        if failure is not None:
            why = why or failure.why
            if now < failure.again:
                return Undetermined(why, failure.again)
        asking = self._question(key, subject, rules, now)
        if not asking:
            nobody = f"no OCSP responder is known for {subject.certificate.subject!r}"
            return Undetermined(why or nobody)
        waiting = f"the OCSP responder has not told about {subject.certificate.subject!r} yet"
        return Undetermined(why or waiting, now + ASKED_AGAIN, asking)

    def _question(
        self, key: bytes, subject: Subject, rules: OcspRules, now: datetime
    ) -> tuple[Question, ...]:
        failure = self._failures.get(key)
        if failure is not None and now < failure.again:
            return ()
        found = _question(key, subject, rules)
        return (found,) if found.targets else ()


_TURNS = frozenset(
    {
        (None, Condition.REVOKED),
        (Condition.GOOD, Condition.REVOKED),
        (Condition.UNKNOWN, Condition.REVOKED),
        (Condition.REVOKED, Condition.GOOD),
        (Condition.GOOD, Condition.UNKNOWN),
    }
)
"""What makes remembered verdicts wrong. Who was undetermined is looked at again soon anyway."""


def _is_renewed(last: Status, new: Status, now: datetime) -> bool:
    both = last.condition is Condition.REVOKED and new.condition is Condition.REVOKED
    return both and last.until <= now


def _outdone(new: Status, old: Status) -> bool:
    """Whether the old one goes on to count: a replay, or the responder no longer knows whom it
    revoked."""
    if old.condition is Condition.REVOKED and new.condition is Condition.UNKNOWN:
        return True
    ages = (new.since, new.produced_at), (old.since, old.produced_at)
    if ages[0] == ages[1]:
        return old.condition is Condition.REVOKED and new.condition is not Condition.REVOKED
    return ages[0] < ages[1]


def _question(key: bytes, subject: Subject, rules: OcspRules) -> Question:
    return Question(subject=subject, key=key, targets=targets_of(subject, rules), rules=rules)


def _due(key: bytes, status: Status, rules: OcspRules, taken: datetime) -> datetime:
    """Not all at one time: by its key, an answer is asked for up to a tenth earlier."""
    part = _LATE - key[0] / 2560
    due = taken + (status.until - taken) * part
    return due if rules.refresh is None else min(due, taken + rules.refresh)
