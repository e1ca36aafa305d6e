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
)
from ostiary.compiler.enforcement import closing_rules, entry_rules, policy_rules
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
    credentials: list[str]
    """Rules that set the verdicts on credentials; empty where no pipeline asks for one."""
    messages: bool = False
    """Whether pipelines have something to say in the access log."""


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
    strict = any(entry.asking is Asking.TRUSTED for entry in entries)
    closing = closing_rules() if document.https and document.https.options.close_blocked else []
    by_entry = [*closing, *entry_rules(_strict(entries, path_of) if strict else None)]
    match scheme.type:
        case AuthType.NONE:
            if not asks:
                return Judging([], [], tells=False)
            facts = [*certificate_facts(key=True), *identity_facts(document)]
            shown = _handshake(document, once=True)
            judge = [*judging_rules(shown), *calling_rules(scheme, shown, path_of)]
            return Judging(facts, [*judge, *by_entry], tells=True)
        case AuthType.CERTIFICATE:
            once = not scheme.apis
            facts = [*certificate_facts(key=once), *identity_facts(document)]
            shown = _handshake(document, once=once)
            rules = [
                *scope_rules(scheme, path_of),
                *judging_rules(shown, reports=scheme.reports),
                *calling_rules(scheme, shown, path_of),
                *closing,
                *policy_rules(scheme),
            ]
            return Judging(facts, rules, tells=True)
        case AuthType.HEADER:
            balancer = Shown(
                question=Question.VERDICT,
                presence=names.BALANCER_KEY,
                key=f"var({names.BALANCER_KEY})",
                counter=0,
            )
            judge = [*judging_rules(balancer), *by_entry] if strict else []
            facts = balancer_facts() if strict else []
            return Judging(
                facts,
                [*judge, *judged_by_header(document, plan, after_handshake=strict)],
                tells=True,
            )
        case _:
            assert_never(scheme.type)


def _handshake(document: Document, *, once: bool) -> Shown:
    """``once``: the verdict's key is the same for all requests of a connection."""
    scoped = f"var({names.SCOPE}),concat(|,{names.FINGERPRINT})"
    return Shown(
        question=question_of(document),
        presence=names.KEY if once else names.FINGERPRINT,
        key=f"var({names.KEY})" if once else scoped,
        counter=0,
    )


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


def _strict(entries: tuple[Entry, ...], path_of: PathOf) -> str:
    """An ACL literal for "the entry is strict"; empty where every one is."""
    if all(entry.asking is Asking.TRUSTED for entry in entries):
        return ""
    return f"{{ var({names.ENTRY}) -m str -f {word(path_of('strict.lst'))} }}"
