"""Who judges on which listener: the verdict's rules put together for each of the three types."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from ostiary.compiler import names
from ostiary.compiler.calling import calling_rules
from ostiary.compiler.decision import (
    Shown,
    balancer_facts,
    certificate_facts,
    judging_rules,
    scoped_key,
)
from ostiary.compiler.enforcement import policy_rules, required_rules
from ostiary.compiler.forwarding import header_rules
from ostiary.compiler.identity import identity_facts
from ostiary.compiler.questions import Question, question_of
from ostiary.compiler.scopes import Scheme, scope_rules
from ostiary.compiler.tls import Asking, Entry
from ostiary.config.effective import AuthType
from ostiary.config.model.document import Document
from ostiary.haproxy.quote import word
from ostiary.trust.reason import Reason

PathOf = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What both listeners share."""

    scheme: Scheme
    routes: list[str]
    """Rules that find the route."""
    choices: list[str]
    """Rules that choose the backend; they may look at the verdict."""
    path_of: PathOf
    """Absolute path of a file of the bundle."""


@dataclass(frozen=True, slots=True)
class Judging:
    """How the TLS listener judges: rules for connections, rules for requests."""

    facts: list[str]
    rules: list[str]
    tells: bool
    """Whether the service may be told who the client is."""


def judging(document: Document, plan: Plan, entries: tuple[Entry, ...]) -> Judging:
    """The rules of the TLS listener, by the type that is in force.

    With types none and header the entries mean what they mean in Node.js: strict ones let nobody
    pass unadmitted, and in header mode it is the load balancer that is let in.
    """
    scheme, path_of = plan.scheme, plan.path_of
    asks = any(entry.asking is not Asking.NOTHING for entry in entries)
    strict = _strict(entries, path_of)
    match scheme.type:
        case AuthType.NONE:
            if not asks:
                return Judging([], [], tells=False)
            facts = [*certificate_facts(key=True), *identity_facts(document)]
            judge = judging_rules(_handshake(document, names.KEY))
            calling = calling_rules(scheme, path_of)
            return Judging(facts, [*calling, *judge, *strict], tells=True)
        case AuthType.CERTIFICATE:
            once = not scheme.apis
            facts = [*certificate_facts(key=once), *identity_facts(document)]
            shown = _handshake(document, names.KEY if once else names.SCOPED_KEY)
            rules = [
                *calling_rules(scheme, path_of),
                *scope_rules(scheme, path_of),
                *([] if once else scoped_key()),
                *judging_rules(shown, reports=scheme.reports),
                *policy_rules(scheme),
            ]
            return Judging(facts, rules, tells=True)
        case AuthType.HEADER:
            balancer = Shown(question=Question.VERDICT, key=names.BALANCER_KEY, counter=0)
            judge = [*judging_rules(balancer), *strict] if strict else []
            facts = balancer_facts() if strict else []
            return Judging(
                facts,
                [*judge, *judged_by_header(document, plan, after_handshake=bool(strict))],
                tells=True,
            )
        case _:
            assert_never(scheme.type)


def _handshake(document: Document, key: str) -> Shown:
    return Shown(question=question_of(document), key=key, counter=0)


def judged_in_the_open(document: Document, plan: Plan) -> list[str]:
    """How the plain listener judges.

    With type certificate nobody can show one here, and "enforced on all API requests" (the fourth
    seed) must not be got round by leaving out the s of https: who must show one is refused.
    """
    match plan.scheme.type:
        case AuthType.NONE:
            return []
        case AuthType.CERTIFICATE:
            return [
                f"http-request set-var({names.CODE}) int({Reason.NO_CERTIFICATE.code})",
                *scope_rules(plan.scheme, plan.path_of),
                *policy_rules(plan.scheme),
            ]
        case AuthType.HEADER:
            return judged_by_header(document, plan)
        case _:
            assert_never(plan.scheme.type)


def judged_by_header(document: Document, plan: Plan, *, after_handshake: bool = False) -> list[str]:
    """Judge the certificate in the header, and enforce the policy; on either listener."""
    return [
        *scope_rules(plan.scheme, plan.path_of),
        *header_rules(document, plan.scheme, plan.path_of, after_handshake=after_handshake),
        *policy_rules(plan.scheme),
    ]


def _strict(entries: tuple[Entry, ...], path_of: PathOf) -> list[str]:
    strict = [entry for entry in entries if entry.asking is Asking.TRUSTED]
    if not strict:
        return []
    if len(strict) == len(entries):
        return required_rules("")
    return required_rules(f"{{ var({names.ENTRY}) -m str -f {word(path_of('strict.lst'))} }}")
