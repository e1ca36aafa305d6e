"""The rules that ask the agent in the middle of a pipeline; see ``asks``."""

from collections.abc import Iterable, Iterator

from ostiary.compiler.answers import problem
from ostiary.compiler.asks import ASK, OUTCOME, TEXT, Ask, Outcome
from ostiary.compiler.expressions import Algebra, Expression, literal
from ostiary.compiler.questions import Question
from ostiary.config.asked import What

FAILED = "The gateway can't work out what to do with the request."
UNANSWERED = "The request can't be judged at the moment. Try again."
TOO_LARGE = "The body is larger than this resource accepts."
_BODY_WAITED = "txn.ost.abody"
_HEAD, _PATH = 16_000, 6_000
"""Bytes: with less, the rest of HAProxy's buffer holds the body (``engine.buffer_size``)."""
_AGAIN = "{ var(txn.ost.error) -m int gt 1 }"
"""As in ``decision``: HAProxy had closed its connection with the question on it."""


def ask_truth(what: What, algebra: Algebra) -> Expression:
    """Ask for a condition, where the algebra's rules act; the expression is its outcome."""
    algebra.rules += asking_rules(algebra.asks[what], algebra.guards)
    name = algebra.fresh()
    holds = " ".join((*algebra.guards, f"{{ var({OUTCOME}) -m int {Outcome.TRUE.value} }}"))
    algebra.rules.append(f"http-request set-var({name}) bool(true) if {holds}")
    return literal(f"{{ var({name}) -m bool }}")


def ask_text(ask: Ask, name: str, tests: tuple[str, ...], *, lenient: bool) -> Iterator[str]:
    """Ask for a text; ``name`` is the variable that it is put in."""
    yield from asking_rules(ask, tests, lenient=lenient)
    done = " ".join((*tests, f"{{ var({OUTCOME}) -m int {Outcome.DONE.value} }}"))
    yield f"http-request set-var({name}) var({TEXT}) if {done}"


def asking_rules(ask: Ask, tests: Iterable[str], *, lenient: bool = False) -> Iterator[str]:
    """Ask, and refuse where there is no good outcome; ``lenient``: a failed one goes on.

    ``tests``: ACL literals for the requests it is asked about.
    """
    tests = tuple(tests)
    if ask.reads_body:
        yield from _body_rules(ask.body_limit, tests)
    when = f" if {' '.join(tests)}"
    question = Question.STEP_WITH_BODY if ask.reads_body else Question.STEP
    yield f"http-request set-var({ASK}) str({ask.id}){when}"
    yield f"http-request unset-var({OUTCOME}){when}"
    yield f"http-request unset-var(txn.ost.error){when}"
    yield f"http-request send-spoe-group ostiary {question.value}{when}"
    yield f"http-request send-spoe-group ostiary {question.value}{when} {_AGAIN}"
    known = f"{{ var({OUTCOME}) -m int 1:{len(Outcome)} }}"
    yield f"http-request return {problem(503, UNANSWERED)}{when} !{known}"
    if not lenient:
        bad_body = f"{{ var({OUTCOME}) -m int {Outcome.BODY.value} }}"
        yield f"http-request return {problem(400)}{when} {bad_body}"
        failed = f"{{ var({OUTCOME}) -m int {Outcome.FAILED.value} }}"
        yield f"http-request return {problem(500, FAILED)}{when} {failed}"


def _body_rules(limit: int, tests: Iterable[str]) -> Iterator[str]:
    """Wait for the whole body, at most ``limit`` bytes of it; a larger one is refused, not cut."""
    when = f" if {' '.join(tests)} !{{ var({_BODY_WAITED}) -m bool }}"
    larger = f"{{ req.body_size gt {limit} }}"
    # A head that leaves no room for such a body: where none tells its length, nobody could say
    # whether all of it is there.
    for head in (f"{{ req.hdrs,length gt {_HEAD} }}", f"{{ pathq,length gt {_PATH} }}"):
        yield f"http-request return {problem(413, TOO_LARGE)}{when} {head}"
    yield f"http-request return {problem(413, TOO_LARGE)}{when} {larger}"
    yield f"http-request wait-for-body time 10s{when}"
    yield f"http-request return {problem(413, TOO_LARGE)}{when} {larger}"
    yield f"http-request set-var({_BODY_WAITED}) bool(true){when}"
