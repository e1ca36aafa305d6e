"""Conditions in JavaScript as ACL expressions: what ``config.expression.judging`` could read.

They mean what a script would say (``scripts.request`` makes its ``req``), also where it would
throw: such a request is refused with 500 by a rule, where and when the script would be run.
"""

from functools import partial
from typing import assert_never

from ostiary.compiler import names
from ostiary.compiler.answers import problem
from ostiary.compiler.asking import FAILED
from ostiary.compiler.expressions import ALWAYS, NEVER, Algebra, Expression, Literal, literal
from ostiary.compiler.fetches import HOSTNAME, PLAIN
from ostiary.compiler.searching import undecided_rules
from ostiary.config.expression.parts import Fact, Header, Query, Told
from ostiary.config.expression.truths import (
    Every,
    Filled,
    Fixed,
    Flag,
    Found,
    Given,
    Has,
    Known,
    Needs,
    Opposite,
    Place,
    Read,
    Same,
    Some,
    Truth,
    once_of,
    throws,
)
from ostiary.haproxy.quote import regex, word
from ostiary.scripts.request import MOST_PARAMETERS, NESTED, ONCE

_MATCHES = {Place.BEGIN: "beg", Place.END: "end", Place.ANYWHERE: "sub"}
_FLAGS = {
    Known.SECURE: "{ ssl_fc }",
    Known.AUTHORIZED: f"{{ var({names.CODE}) -m int eq {names.ADMITTED} }}",
    Known.CONSUMER: f"{{ var({names.CONSUMER}) -m found }}",
}
_BEFORE, _BEHIND = "(?:^|&)", r"(?:&|\z)"


def judged(truth: Truth, algebra: Algebra) -> Expression:
    """The expression; rules that refuse are appended to the algebra's."""
    for name in once_of(truth):
        tests = " ".join((*algebra.guards, f"{{ req.fhdr_cnt({name}) gt 1 }}"))
        algebra.rules.append(f"http-request return {problem(400)} if {tests}")
    return _judged(truth, algebra)


def _judged(truth: Truth, algebra: Algebra) -> Expression:  # noqa: C901, PLR0911 - a closed union
    match truth:
        case Fixed(holds):
            return ALWAYS if holds else NEVER
        case Flag(known):
            return _flag(known)
        case Given(part):
            return _given(part)
        case Filled(part):
            return _filled(part)
        case Same(part, text):
            return _same(part, text)
        case Has():
            return _has(truth)
        case Found():
            return _found(truth, algebra)
        case Needs(required, then):
            _refuse(algebra.negate(_judged(required, algebra)), algebra)
            return _judged(then, algebra)
        case Opposite(of):
            return algebra.negate(_judged(of, algebra))
        case Every(of) | Some(of):
            going_on = isinstance(truth, Every)
            turns = [(throws(one), partial(_judged, one, algebra)) for one in of]
            found = algebra.in_turn(turns, going_on=going_on)
            return algebra.every(found) if going_on else algebra.some(found)
        case _:
            assert_never(truth)


def _refuse(expression: Expression, algebra: Algebra) -> None:
    for alternative in expression.alternatives:
        tests = " ".join((*algebra.guards, *map(str, alternative)))
        algebra.rules.append(f"http-request return {problem(500, FAILED)} if {tests}")


def _flag(known: Known) -> Expression:
    if known is not Known.QUERY:
        return literal(_FLAGS[known])
    # As ``scripts.request.query_of``, which throws for these.
    nested = Literal(f"{{ query -m reg -- {regex(NESTED)} }}")
    many = Literal(f"{{ query,field({MOST_PARAMETERS + 1},&) -m found }}")
    return Expression(((~nested, ~many),))


def _given(part: Read) -> Expression:
    match part:
        case Told(fact):
            return literal(f"{{ {_fetch(fact)} -m found }}")
        case Header(name):
            return literal(f"{{ req.fhdr({name}) -m found }}")
        case Query(name):
            return _in_query(f"{_BEFORE}{_encoded(name)}(?:=|{_BEHIND})")
        case _:
            assert_never(part)


def _filled(part: Read) -> Expression:
    match part:
        case Told():
            return _given(part)
        case Header(name):
            if name in ONCE:
                return literal(f"{{ req.fhdr({name},1),length gt 0 }}")
            several = Literal(f"{{ req.fhdr_cnt({name}) gt 1 }}")
            return Expression(((Literal(f"{{ req.fhdr({name}),length gt 0 }}"),), (several,)))
        case Query(name):
            filled = _in_query(f"{_BEFORE}{_encoded(name)}=[^&]")
            return Expression((*filled.alternatives, (_twice(name),)))
        case _:
            assert_never(part)


def _same(part: Read, text: str) -> Expression:
    match part:
        case Told(fact):
            return literal(f"{{ {_fetch(fact)} -m str -- {word(text)} }}")
        case Header(name):
            test = f"-m str -- {word(text)}" if text else ",length eq 0"
            if name in ONCE:
                return literal(f"{{ req.fhdr({name},1){' ' if text else ''}{test} }}")
            alone = Literal(f"{{ req.fhdr_cnt({name}) eq 1 }}")
            same = Literal(f"{{ req.fhdr({name}){' ' if text else ''}{test} }}")
            return Expression(((alone, same),))
        case Query(name):
            value = f"={_encoded(text)}" if text else "=?"
            (same,) = _in_query(f"{_BEFORE}{_encoded(name)}{value}{_BEHIND}").alternatives[0]
            return Expression(((same, ~_twice(name)),))
        case _:
            assert_never(part)


def _has(truth: Has) -> Expression:
    """Of several headers of a name, the text in question stands within one of them."""
    match truth.part:
        case Told(fact):
            fetch = _fetch(fact)
        case Header(name) if name in ONCE or truth.place is Place.BEGIN:
            fetch = f"req.fhdr({name},1)"
        case Header(name) if truth.place is Place.END:
            fetch = f"req.fhdr({name},-1)"
        case Header(name):
            fetch = f"req.fhdr({name})"
        case _:
            assert_never(truth.part)
    return literal(f"{{ {fetch} -m {_MATCHES[truth.place]} -- {word(truth.text)} }}")


def _found(truth: Found, algebra: Algebra) -> Expression:
    part, flag = truth.part, "-i " if truth.ignores_case else ""
    fetch = f"req.fhdr({part.name},1)" if isinstance(part, Header) else _fetch(part.fact)
    there = _given(part)
    # Where there is nothing to search, there is nothing undecided.
    tests = (*algebra.guards, str(there)) if isinstance(part, Header) else algebra.guards
    algebra.rules += undecided_rules(fetch, truth.source, tests, flag)
    found = literal(f"{{ {fetch} -m reg {flag}-- {regex(truth.source)} }}")
    return algebra.some([found, algebra.negate(there)]) if truth.absent else found


def _fetch(fact: Fact) -> str:
    return word(HOSTNAME) if fact is Fact.HOSTNAME else PLAIN[fact]


def _in_query(source: str) -> Expression:
    return literal(f"{{ query -m reg -- {regex(source)} }}")


def _twice(name: str) -> Literal:
    """Two parameters of the name: a script sees a list. The first of them is followed by all of
    the second's, so one look through the query decides."""
    source = f"{_BEFORE}{_encoded(name)}(?:=[^&]*)?&(?:.*&)?{_encoded(name)}(?:=|{_BEHIND})"
    return Literal(f"{{ query -m reg -- {regex(source)} }}")


def _encoded(text: str) -> str:
    """An expression for all that is decoded to an ASCII text without ``%``
    (``scripts.request.decoded``): what else holds an escape or a sign that is none."""
    return "".join(map(_encoded_sign, text))


def _encoded_sign(sign: str) -> str:
    code = f"{ord(sign):02X}"
    high, last = code[0], code[1]
    low = last if last.isdigit() else f"[{last}{last.lower()}]"
    plain = {" ": r"\+| ", "&": "", "+": ""}.get(sign, sign if sign.isalnum() else f"\\{sign}")
    return f"(?:{plain}{'|' if plain else ''}%{high}{low})"
