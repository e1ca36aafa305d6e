"""Expressions: what HAProxy can say in a line, and what becomes a variable."""

from itertools import count, product
from random import Random

import pytest

from ostiary.compiler.expressions import ALWAYS, NEVER, Algebra, Expression, Literal, literal, when

A, B, C = (literal(f"{{ {name} }}") for name in "abc")


def _algebra(guard: Literal | None = None) -> Algebra:
    numbers = count(1)
    return Algebra(lambda: f"v{next(numbers)}", guard)


def _true(expression: str, facts: dict[str, bool]) -> bool:
    """What HAProxy makes of a condition: alternatives of literals side by side."""

    def holds(one: str) -> bool:
        return not facts[one[1:]] if one.startswith("!") else facts[one]

    words = expression.replace("{ ", "").replace(" }", "").replace(" -m bool", "")
    return any(all(map(holds, all_of.split())) for all_of in words.split(" or "))


def _value(rules: list[str], expression: Expression, facts: dict[str, bool]) -> bool:
    """Run the rules in order, then read the expression."""
    known = dict(facts) | {f"var(v{at})": False for at in range(1, 200)}
    for rule in rules:
        name, _, condition = rule.removeprefix("http-request set-").partition(" bool(true) if ")
        if _true(condition, known):
            known[name] = True
    return expression.always or (not expression.never and _true(str(expression), known))


def _random(dice: Random, algebra: Algebra, depth: int) -> tuple[Expression, str]:
    """An expression, and the same in Python."""
    kind = dice.randrange(4) if depth else 0
    if kind == 0:
        name = dice.choice("abc")
        return literal(f"{{ {name} }}"), name
    if kind == 1:
        inner, said = _random(dice, algebra, depth - 1)
        return algebra.negate(inner), f"(not {said})"
    parts = [_random(dice, algebra, depth - 1) for _ in range(dice.randrange(5))]
    joined = algebra.every if kind == 2 else algebra.some
    word = f"{'all' if kind == 2 else 'any'}([{','.join(said for _, said in parts)}])"
    return joined([one for one, _ in parts]), word


@pytest.mark.parametrize("number", range(60))
def test_any_nesting_means_what_it_says(number: int) -> None:
    algebra = _algebra()
    expression, said = _random(Random(number), algebra, 5)
    for values in product((False, True), repeat=3):
        facts = dict(zip("abc", values, strict=True))
        expected = bool(eval(said, {}, facts))
        assert _value(algebra.rules, expression, facts) == expected, (said, facts)


@pytest.mark.parametrize("number", range(20))
def test_no_line_is_longer_than_haproxy_reads(number: int) -> None:
    dice, algebra = Random(number), _algebra(Literal("{ var(txn.ost.pl) -m int eq 1 }"))
    many = [_random(dice, algebra, 2)[0] for _ in range(40)]
    longest = [literal(f"{{ method {'GET ' * 7}}}") for _ in range(30)]
    result = algebra.every([algebra.some([*many, *longest]), *longest])
    lines = [*algebra.rules, f"http-request return a b c d e f{when(result)}"]
    assert max(len(line.split()) for line in lines) <= 64


def test_neutral_elements_vanish_and_the_others_decide() -> None:
    algebra = _algebra()
    assert algebra.every([ALWAYS, A]) == A
    assert algebra.every([A, NEVER]) == NEVER
    assert algebra.every([]) == ALWAYS
    assert algebra.some([NEVER, A]) == A
    assert algebra.some([A, ALWAYS]) == ALWAYS
    assert algebra.some([]) == NEVER
    assert algebra.negate(ALWAYS) == NEVER
    assert algebra.negate(NEVER) == ALWAYS
    assert algebra.rules == []


def test_simple_negations_need_no_variable() -> None:
    algebra = _algebra()
    assert str(algebra.negate(algebra.every([A, B]))) == "!{ a } or !{ b }"
    assert str(algebra.negate(algebra.some([A, B]))) == "!{ a } !{ b }"
    assert algebra.rules == []


def test_a_spilled_rule_acts_only_behind_its_guard() -> None:
    algebra = _algebra(Literal("{ mine }"))
    spilled = algebra.spill(algebra.some([A, algebra.every([B, C])]))
    assert str(spilled) == "{ var(v1) -m bool }"
    assert algebra.rules == [
        "http-request set-var(v1) bool(true) if { mine } { a }",
        "http-request set-var(v1) bool(true) if { mine } { b } { c }",
    ]


def test_always_is_written_as_nothing() -> None:
    assert when(ALWAYS) == ""
    assert when(A) == " if { a }"
