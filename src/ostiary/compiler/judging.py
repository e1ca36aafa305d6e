"""Who judges on which listener: the verdict's rules put together for each of the three types."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

from ostiary.compiler import names
from ostiary.compiler.calling import calling_rules
from ostiary.compiler.decision import (
    Shown,
    balancer_facts,
    certificate_facts,
    judging_rules,
)
from ostiary.compiler.enforcement import (
    Gate,
    closing_rules,
    entry_gate,
    entry_rules,
    policy_gate,
)
from ostiary.compiler.forwarding import header_rules
from ostiary.compiler.identity import certificate_there, identity_facts
from ostiary.compiler.profiles import Profiles
from ostiary.compiler.questions import Question, question_of
from ostiary.compiler.scopes import Scheme, scope_rules
from ostiary.compiler.tls import Asking, Entry, entries_of
from ostiary.config.effective import AuthType
from ostiary.config.model.document import Document
from ostiary.haproxy.quote import word
from ostiary.trust.names.marks import Marks
from ostiary.trust.reason import Reason

PathOf = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What both listeners share."""

    scheme: Scheme
    routes: list[str]
    """Rules that find the route."""
    gate: Gate | None
    """What comes of a verdict; None where nobody is judged."""
    choices: Callable[[Gate | None], list[str]]
    """Rules that choose the backend of who may go on; they may look at the verdict."""
    path_of: PathOf
    """Absolute path of a file of the bundle."""
    profiles: Profiles
    """The kinds of credentials that pipelines ask for."""
    asks: bool = False
    """Whether pipelines ask the agent anything."""
    marks: Marks = field(default_factory=lambda: Marks(()))
    """What conditions of pipelines ask about certificates."""
    messages: bool = False
    """Whether pipelines have something to say in the access log."""

    @property
    def in_header(self) -> bool:
        """Whether the client's certificate comes in a header."""
        return self.scheme.type is AuthType.HEADER


@dataclass(frozen=True, slots=True)
class Judging:
    """How a listener judges: rules for connections, rules for requests."""

    facts: list[str]
    rules: list[str]
    gate: Gate | None
    """The plan's; None where nobody is judged on this listener."""
    tells: bool
    """Whether the service may be told who the client is."""


NOBODY_JUDGED = Judging([], [], None, tells=False)


def gate_of(document: Document, scheme: Scheme, path_of: PathOf) -> Gate | None:
    """What comes of a verdict, on either listener."""
    if scheme.type is not AuthType.NONE:
        return policy_gate(scheme, certificate_there(document, scheme))
    entries = entries_of(document.https, scheme.type) if document.https else ()
    if all(entry.asking is Asking.NOTHING for entry in entries):
        return None
    return entry_gate(_strict(entries, path_of))


def judging(document: Document, plan: Plan, entries: tuple[Entry, ...]) -> Judging:
    """The rules of the TLS listener, by the type that is in force.

    With types none and header the entries mean what they mean in Node.js: strict ones let nobody
    pass unadmitted, and in header mode it is the load balancer that is let in.
    """
    scheme, path_of = plan.scheme, plan.path_of
    closing = closing_rules() if document.https and document.https.options.close_blocked else []
    gate, rules = plan.gate, _gate_rules(plan)
    match scheme.type:
        case AuthType.NONE:
            if not gate:
                return NOBODY_JUDGED
            facts = [*certificate_facts(key=True), *identity_facts(document)]
            shown = _handshake(document, plan, once=True)
            judge = [*judging_rules(shown), *calling_rules(scheme, shown, path_of)]
            return Judging(facts, [*judge, *closing, *rules], gate, tells=True)
        case AuthType.CERTIFICATE:
            once = not scheme.apis
            facts = [*certificate_facts(key=once), *identity_facts(document)]
            shown = _handshake(document, plan, once=once)
            judge = [
                *scope_rules(scheme, path_of),
                *judging_rules(shown, reports=scheme.reports),
                *calling_rules(scheme, shown, path_of),
            ]
            return Judging(facts, [*judge, *closing, *rules], gate, tells=True)
        case AuthType.HEADER:
            strictly = _strict(entries, path_of)
            if strictly is None:
                return judged_by_header(document, plan)
            balancer = Shown(
                question=Question.VERDICT,
                presence=names.BALANCER_KEY,
                key=f"var({names.BALANCER_KEY})",
                counter=0,
            )
            first = [*judging_rules(balancer), *closing, *entry_rules(strictly)]
            then = judged_by_header(document, plan, after_handshake=True)
            return Judging(balancer_facts(), [*first, *then.rules], then.gate, tells=True)
        case _:
            assert_never(scheme.type)


def _handshake(document: Document, plan: Plan, *, once: bool) -> Shown:
    """``once``: the verdict's key is the same for all requests of a connection."""
    scoped = f"var({names.SCOPE}),concat(|,{names.FINGERPRINT})"
    return Shown(
        question=question_of(document),
        presence=names.KEY if once else names.FINGERPRINT,
        key=f"var({names.KEY})" if once else scoped,
        counter=0,
        marks=plan.marks.numbers,
    )


def judged_in_the_open(document: Document, plan: Plan) -> Judging:
    """How the plain listener judges.

    With type certificate nobody can show one here, and "enforced on all API requests" (the fourth
    seed) must not be got round by leaving out the s of https: who must show one is refused.
    """
    scheme = plan.scheme
    match scheme.type:
        case AuthType.NONE:
            return NOBODY_JUDGED
        case AuthType.CERTIFICATE:
            rules = [
                f"http-request set-var({names.CODE}) int({Reason.NO_CERTIFICATE.code})",
                *scope_rules(scheme, plan.path_of),
                *_gate_rules(plan),
            ]
            return Judging([], rules, plan.gate, tells=False)
        case AuthType.HEADER:
            return judged_by_header(document, plan)
        case _:
            assert_never(scheme.type)


def judged_by_header(document: Document, plan: Plan, *, after_handshake: bool = False) -> Judging:
    """Judge the certificate in the header, and enforce the policy; on either listener."""
    scheme = plan.scheme
    rules = [
        *scope_rules(scheme, plan.path_of),
        *header_rules(
            document,
            scheme,
            plan.path_of,
            after_handshake=after_handshake,
            marks=plan.marks.numbers,
        ),
        *_gate_rules(plan),
    ]
    return Judging([], rules, plan.gate, tells=True)


def _gate_rules(plan: Plan) -> tuple[str, ...]:
    return plan.gate.rules if plan.gate else ()


def _strict(entries: tuple[Entry, ...], path_of: PathOf) -> str | None:
    """An ACL literal for "the entry is strict"; empty where every one is, None where none is."""
    strict = [entry for entry in entries if entry.asking is Asking.TRUSTED]
    if not strict:
        return None
    if len(strict) == len(entries):
        return ""
    return f"{{ var({names.ENTRY}) -m str -f {word(path_of('strict.lst'))} }}"
