"""Conditions of pipelines (express-gateway semantics) as ACL expressions."""

from functools import partial
from typing import assert_never

from ostiary.compiler import credential_names, names
from ostiary.compiler.asking import ask_truth
from ostiary.compiler.asks import whats_in
from ostiary.compiler.expressions import ALWAYS, NEVER, Algebra, Expression, Literal, literal
from ostiary.compiler.judgements import judged
from ostiary.compiler.marks import mark_literal
from ostiary.compiler.profiles import test_of
from ostiary.compiler.searching import undecided_rules
from ostiary.config.asked import asked_by, may_refuse
from ostiary.config.expression.judging import truth_of
from ostiary.config.host_patterns import host_regex
from ostiary.config.model.auth_conditions import (
    Anonymous,
    Authenticated,
    ConsumerIs,
    ScopeHeld,
)
from ostiary.config.model.body_condition import BodyFits
from ostiary.config.model.certificate_condition import ClientCertificate
from ostiary.config.model.condition import (
    AllOf,
    Always,
    Condition,
    ExpressionHolds,
    HostMatch,
    Method,
    Never,
    Not,
    OneOf,
    PathExact,
    PathMatch,
    PathParameters,
    RegexpMatch,
    TlsClientAuthenticated,
)
from ostiary.config.model.plugins import PluginCondition
from ostiary.config.rewriting import parameters_regex
from ostiary.haproxy.quote import regex, word

AUTHENTICATED = f"{{ var({names.CODE}) -m int eq {names.ADMITTED} }}"
_CONSUMER = f"{{ var({credential_names.CONSUMER}) -m found }}"


def translate(condition: Condition, algebra: Algebra) -> Expression:  # noqa: C901, PLR0911, PLR0912 - a closed union
    """The expression of a condition nested to any depth."""
    match condition:
        case Always():
            return ALWAYS
        case Never():
            return NEVER
        case AllOf():
            return algebra.every(_in_turn(condition.conditions, algebra, going_on=True))
        case OneOf():
            return algebra.some(_in_turn(condition.conditions, algebra, going_on=False))
        case Not():
            return algebra.negate(translate(condition.condition, algebra))
        case PathExact():
            if not condition.path.startswith("/"):
                return NEVER
            return literal(f"{{ pathq -m str -- {word(condition.path)} }}")
        case PathMatch():
            return _search("pathq", condition.pattern, algebra)
        case PathParameters():
            return _search("path", parameters_regex(condition.match), algebra, "-i ")
        case RegexpMatch():
            return _search("pathq", condition.match, algebra)
        case Method():
            return literal(f"{{ method {' '.join(condition.methods)} }}")
        case HostMatch():
            return _search("req.hdr(host)", host_regex(condition.pattern), algebra)
        case ExpressionHolds() | BodyFits():
            return _scripted(condition, algebra)
        case PluginCondition():
            return ask_truth(condition.call, algebra) if condition.call else NEVER
        case TlsClientAuthenticated():
            return literal(AUTHENTICATED)
        case Authenticated():
            return literal(_CONSUMER)
        case Anonymous():
            return algebra.negate(literal(_CONSUMER))
        case ConsumerIs() | ScopeHeld():
            bit = 1 << algebra.tests.index(test_of(condition))
            return literal(f"{{ var({credential_names.CONSUMER_PASSED}),and({bit}) gt 0 }}")
        case ClientCertificate():
            mark = Literal(mark_literal(condition, algebra.marks))
            return Expression(((Literal(AUTHENTICATED), mark),))
        case _:
            assert_never(condition)


def acts(condition: Condition) -> bool:
    """Whether it is worked out by rules that ask or refuse: only for requests it is up to."""
    return any(whats_in(condition)) or may_refuse(condition)


def _in_turn(
    conditions: tuple[Condition, ...], algebra: Algebra, *, going_on: bool
) -> list[Expression]:
    turns = [(acts(one), partial(translate, one, algebra)) for one in conditions]
    return algebra.in_turn(turns, going_on=going_on)


def _scripted(condition: ExpressionHolds | BodyFits, algebra: Algebra) -> Expression:
    if isinstance(condition, ExpressionHolds) and (truth := truth_of(condition.expression)):
        return judged(truth, algebra)
    ((_, what),) = asked_by(condition)
    return ask_truth(what, algebra)


def _search(fetch: str, source: str, algebra: Algebra, flag: str = "") -> Expression:
    algebra.rules += undecided_rules(fetch, source, algebra.guards, flag)
    return literal(f"{{ {fetch} -m reg {flag}-- {regex(source)} }}")
