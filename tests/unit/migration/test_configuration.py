"""An Express Gateway's configuration, thing by thing: the same, different, or not possible."""

import pytest

from ostiary.migration.configuration import judge
from ostiary.migration.findings import Finding, Verdict

BASE = """\
http: {port: 8080}
apiEndpoints:
  api: {host: '*', paths: /a}
serviceEndpoints:
  backend: {url: 'http://127.0.0.1:3000'}
policies: [proxy, terminate]
pipelines:
  all:
    apiEndpoints: [api]
    policies:
      - proxy: [{action: {serviceEndpoint: backend}}]
"""
TLS = """\
https:
  port: 8443
  tls:
    default: {key: /k, cert: /c, ca: [/a]}
"""


def judged(text: str) -> dict[str, Finding]:
    """Findings by path; where a place has several, the last."""
    return {one.path: one for one in judge(text, "f", {}).findings}


def told(text: str, path: str) -> str:
    """All that is said of a place."""
    return "; ".join(one.message for one in judge(text, "f", {}).findings if one.path == path)


def test_each_thing_of_a_configuration_has_a_verdict_and_its_line() -> None:
    found = judged(BASE)
    assert list(found) == [
        *("http", "apiEndpoints.api", "serviceEndpoints.backend", "policies"),
        "pipelines.all.policies[0].proxy[0]",
    ]
    assert [one.position.line for one in found.values()] == [1, 3, 5, 6, 11]
    same = {path for path, one in found.items() if one.verdict is Verdict.SAME}
    assert same == {"http", "apiEndpoints.api", "serviceEndpoints.backend", "policies"}


def test_what_our_check_refuses_is_not_possible_with_its_way_out() -> None:
    text = BASE + TLS.replace("  tls:", "  options: {secureOptions: 67108864}\n  tls:")
    found = judged(text)["https.options.secureOptions"]
    assert found.verdict is Verdict.IMPOSSIBLE
    assert found.way_out == "use minVersion and maxVersion"


def test_what_our_check_warns_of_differs() -> None:
    found = judged(BASE.replace("  api: {host", "  bare: {paths: /b}\n  api: {host"))
    assert found["apiEndpoints.bare"].verdict is Verdict.DIFFERS


def test_of_what_is_not_possible_nothing_else_is_said() -> None:
    step = "- proxy: [{action: {serviceEndpoint: backend}}]"
    found = judged(BASE.replace(step, "- nonsense: [{action: {max: 1}}]"))
    within = [path for path in found if path.startswith("pipelines.all.policies")]
    assert within == ["pipelines.all.policies[0].nonsense"]


def test_a_key_that_express_gateway_ignores_differs_and_one_like_ours_is_asked_about() -> None:
    found = judged(BASE.replace("paths: /a", "paths: /a, colour: red, methds: GET"))
    colour, methods = (found[f"apiEndpoints.api.{key}"] for key in ("colour", "methds"))
    assert (colour.verdict, colour.way_out) == (Verdict.DIFFERS, "leave it out")
    assert methods.way_out.startswith("did you mean 'methods'")


@pytest.mark.parametrize("text", ["", "[]", "{", "a: !!js/function 'x'", "\0", "http: {port: x}"])
def test_a_text_that_is_no_configuration_is_told_as_such(text: str) -> None:
    assert any(one.verdict is Verdict.IMPOSSIBLE for one in judge(text, "f", {}).findings)


@pytest.mark.parametrize("old", ["apiEndpoints", "serviceEndpoints", "pipelines"])
def test_the_other_names_of_sections_are_the_same(old: str) -> None:
    text = BASE.replace(f"{old}:\n", f"{old.removesuffix('s')}:\n")
    assert {one.verdict for one in judge(text, "f", {}).findings} == {
        Verdict.SAME,
        Verdict.DIFFERS,
    }


# -- differences, told only where they are met ----------------------------------------------------


DIFFERENT = {
    "the recipe": (
        BASE + TLS.replace("  tls:", "  options: {requestCert: true}\n  tls:"),
        "proxy: [{action",
        "proxy: [{condition: {name: not, condition: {name: tlsClientAuthenticated}}, action",
        "pipelines.all.policies[0].proxy[0].condition.condition",
        "on a resumed TLS 1.3 session",
    ),
    "methods": (BASE, "paths: /a", "methods: [GET]", "apiEndpoints.api.methods", "OPTIONS"),
    "methods as text": (
        BASE, "paths: /a", "methods: 'get, post'", "apiEndpoints.api.methods", "OPTIONS",
    ),
    "a path condition": (
        BASE,
        "proxy: [{action",
        "proxy: [{condition: {name: pathExact, path: /a}, action",
        "pipelines.all.policies[0].proxy[0].condition",
        "in its one form",
    ),
    "the admin API": (BASE, "http:", "admin: {port: 9876}\nhttp:", "admin", "token"),
    "tokens": (BASE, "[proxy,", "[oauth2, proxy,", "policies[0]", "/oauth2/token"),
    "a name behind a pattern": (
        BASE + TLS,
        "    default:",
        "    '*.a.io': {key: /k, cert: /c, ca: /a}\n"
        "    x.a.io: {key: /k, cert: /c, ca: /a}\n    default:",
        'https.tls["x.a.io"]',
        "Express Gateway takes '*.a.io'",
    ),
    "a pattern": (
        BASE + TLS, "default:", "'*.a.io':", 'https.tls["*.a.io"]', "not for a.b.a.io",
    ),
    "a relative file": (
        BASE + TLS, "key: /k", "key: certs/k", "https.tls.default.key", "begins at the folder",
    ),
    "no answer": (
        BASE,
        "proxy: [{action",
        "proxy: [{condition: {name: method, methods: GET}, action",
        "pipelines.all",
        "goes on to the next endpoint",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "old", "new", "path", "words"), DIFFERENT.values(), ids=list(DIFFERENT)
)
def test_a_difference_is_told_where_it_is_met_and_nowhere_else(
    text: str, old: str, new: str, path: str, words: str
) -> None:
    assert old in text
    assert words in told(text.replace(old, new), path)
    assert words not in " ".join(one.message for one in judge(text, "f", {}).findings)


def test_options_that_are_named_among_methods_run_the_pipeline_here_too() -> None:
    assert not told(BASE.replace("paths: /a", "methods: 'GET,OPTIONS'"), "apiEndpoints.api.methods")


def test_a_pipeline_without_policies_is_told_to_answer_nothing() -> None:
    text = BASE[: BASE.index("    policies:\n")] + "    policies: []\n"
    assert "404" in told(text, "pipelines.all")
