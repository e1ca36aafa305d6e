import pytest

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
    TlsClientAuthenticated,
)
from ostiary.services.requests import Request, holds, normalised, told

REQUEST = Request(method="GET", host="api.example:8443", path="/users/1", query="a=b")


@pytest.mark.parametrize(
    ("path", "becomes"),
    [
        ("/a", "/a"),
        ("/", "/"),
        ("//a///b", "/a/b"),
        ("/a/./b/.", "/a/b/"),
        ("/a/../b", "/b"),
        ("/a/..", "/"),
        ("/../../a", "/a"),
        ("/a/%2e%2E/b", "/b"),
        ("/%75sers", "/users"),
        ("/a%c3%a9", "/a%C3%A9"),
        ("/a%20b", "/a%20b"),
        ("/a...b/..c", "/a...b/..c"),
    ],
)
def test_a_path_is_brought_to_one_form(path: str, becomes: str) -> None:
    assert normalised(path) == becomes


@pytest.mark.parametrize(
    "path",
    ["/a%2fb", "/a%2Fb", "/a%5cb", "/a%00b", "/a%252fb", "/a%252e", "/a\\b", "/a%zz", "/a%",
     "/a/..;x/b", "/a#b", "*"],
)  # fmt: skip
def test_a_path_that_can_be_read_in_two_ways_is_refused(path: str) -> None:
    assert normalised(path) is None


@pytest.mark.parametrize("path", ["/a//../b/%2e/./c", "/%2e%2e/x", "/a/b/../../../c//"])
def test_a_normalised_path_stays_as_it_is(path: str) -> None:
    once = normalised(path)
    assert once is not None
    assert normalised(once) == once


CONDITIONS: list[tuple[Condition, bool, str]] = [
    (Always(), True, "always"),
    (Never(), False, "never"),
    (PathExact(path="/users/1?a=b"), True, "pathExact '/users/1?a=b'"),
    (PathExact(path="/users/1"), False, "pathExact '/users/1'"),
    (PathMatch(pattern="users/[0-9]"), True, "pathMatch 'users/[0-9]'"),
    (PathMatch(pattern="USERS"), False, "pathMatch 'USERS'"),
    (PathMatch(pattern="a=b$"), True, "pathMatch 'a=b$'"),
    (Method(methods=("GET", "POST")), True, "method GET,POST"),
    (Method(methods=("POST",)), False, "method POST"),
    (HostMatch(pattern="api.*"), True, "hostMatch 'api.*'"),
    (HostMatch(pattern="api.example"), False, "hostMatch 'api.example'"),
    (TlsClientAuthenticated(), False, "tlsClientAuthenticated"),
    (Not(condition=Never()), True, "not never"),
    (AllOf(conditions=()), True, "allOf()"),
    (OneOf(conditions=()), False, "oneOf()"),
    (AllOf(conditions=(Always(), Never())), False, "always and never"),
    (OneOf(conditions=(Always(), Never())), True, "always or never"),
    (
        AllOf(conditions=(OneOf(conditions=(Always(), Never())), Not(condition=Never()))),
        True,
        "(always or never) and not never",
    ),
    (OneOf(conditions=(Never(),)), False, "never"),
]


@pytest.mark.parametrize(("condition", "true", "words"), CONDITIONS)
def test_conditions_are_evaluated_and_told(condition: Condition, true: bool, words: str) -> None:
    assert holds(condition, REQUEST, authenticated=False) is true
    assert holds(Not(condition=condition), REQUEST, authenticated=False) is not true
    assert told(condition) == words


def test_only_an_admitted_client_is_authenticated() -> None:
    assert holds(TlsClientAuthenticated(), REQUEST, authenticated=True)


SCRIPT = ExpressionHolds(expression="req.query.a > 1")


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        (SCRIPT, None),
        (Not(condition=SCRIPT), None),
        (AllOf(conditions=(SCRIPT, Always())), None),
        (AllOf(conditions=(SCRIPT, Never())), False),
        (OneOf(conditions=(SCRIPT, Never())), None),
        (OneOf(conditions=(Always(), SCRIPT)), True),
        (Not(condition=OneOf(conditions=(SCRIPT, Always()))), False),
    ],
)
def test_what_a_script_decides_is_not_known_unless_the_rest_decides(
    condition: Condition, truth: bool | None
) -> None:
    assert holds(condition, REQUEST, authenticated=False) is truth
