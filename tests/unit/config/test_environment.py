"""Variables mean what they mean to Express Gateway, and never change structure."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.config.text.environment import expand, mask, unmask
from ostiary.config.text.reading import read
from ostiary.config.text.tree import Leaf, Row, Table, Tree
from tests.unit.config.support import MINIMAL, loaded, refused


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("${FOO}", "value"),
        ("${EMPTY}", ""),
        ("${EMPTY:-def}", ""),
        ("${NOPE}", None),
        ("${NOPE:-def}", "def"),
        ("${NOPE:-}", None),
        ("$${FOO}", "$${FOO}"),
        ("${req.ip}", "${req.ip}"),
        ("${ FOO }", "${ FOO }"),
        ("$FOO", "$FOO"),
        ("a ${FOO} b ${NOPE:-c}", "a value b c"),
        ("a${NOPE:-}", "a"),
    ],
)
def test_a_variable_expands_as_in_the_table(text: str, expanded: str | None) -> None:
    assert expand(text, {"FOO": "value", "EMPTY": ""}).text == expanded


def test_a_value_is_not_expanded_again() -> None:
    assert expand("${A}", {"A": "${B}", "B": "x"}).text == "${B}"


def test_a_plain_variable_takes_the_type_of_its_value() -> None:
    result = loaded("http: {port: ${PORT:-8080}, hostname: ${HOST}}", {"HOST": "::1"})
    assert result.document.http is not None
    assert result.document.http.port == 8080
    assert result.document.http.hostname == "::1"


def test_an_unset_plain_variable_is_null_with_a_warning() -> None:
    result = loaded("http: {port: 80, hostname: ${HOST}}")
    assert result.document.http is not None
    assert result.document.http.hostname is None
    (warning,) = result.warnings
    assert "'HOST' isn't set" in warning.message
    assert warning.path == "http.hostname"


@pytest.mark.parametrize("value", ['"${HOST}"', "a.${HOST}"])
def test_an_unset_variable_in_a_text_is_a_problem(value: str) -> None:
    (line,) = refused(f"http: {{port: 80, hostname: {value}}}")[:1]
    assert "error: http.hostname: the variable 'HOST' isn't set" in line


def test_the_request_s_id_in_a_template_is_told_from_a_variable() -> None:
    log = "- log: {action: {message: 'a %s'}}\n      - proxy:"
    (line,) = refused(MINIMAL.replace("- proxy:", log % "${requestID}"))
    assert "for the request's id write ${ requestID }, with blanks" in line
    assert loaded(MINIMAL.replace("- proxy:", log % "${ requestID }")).warnings == ()


def test_an_unset_security_switch_is_refused() -> None:
    lines = refused("https: {port: 1, tls: {default: {key: a, cert: b, requestCert: ${REQ}}}}")
    assert "null must be true or false" in lines[-1]


def test_keys_take_variables() -> None:
    result = loaded("https: {port: 1, tls: {${NAME}: {key: a, cert: b}}}", {"NAME": "a.example"})
    assert result.document.https is not None
    assert list(result.document.https.tls) == ["a.example"]


def test_an_unset_variable_in_a_key_is_a_problem() -> None:
    assert "'NAME' has no value" in refused("${NAME}: 1\nhttp: {port: 1}")[0]


def test_variables_in_comments_are_nobodys_business() -> None:
    assert loaded("http: {port: 80} # ${NOPE}").warnings == ()


@given(st.text(max_size=60))
def test_masking_is_undone(text: str) -> None:
    assert len(mask(text)) == len(text)
    if not any("\U00100000" <= sign <= "\U0010007f" for sign in text):
        assert unmask(mask(text)) == text


def shape(tree: Tree | None) -> object:
    match tree:
        case Row():
            return [shape(item) for item in tree.items]
        case Table():
            return {key: shape(value) for key, value in tree.entries.items()}
        case Leaf() | None:
            return None


@given(st.text(max_size=40), st.sampled_from(["${A}", '"${A}"', "x${A}y", "'${A}'", "${A:-b}"]))
@settings(deadline=None)
def test_substitution_never_changes_structure(value: str, written: str) -> None:
    text = f"a: {{b: {written}, c: [{written}, 1]}}\nd:\n  - {written}\n  - e: {written}\n"
    assert shape(read(text, "f", {"A": value}).tree) == {
        "a": {"b": None, "c": [None, None]},
        "d": [None, {"e": None}],
    }
