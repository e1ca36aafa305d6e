"""The whole way: text in, Document or every problem out."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.config.load import load
from ostiary.config.model.condition import Not, TlsClientAuthenticated
from ostiary.config.model.pipeline import ProxyAction, TerminateAction
from ostiary.kernel.problems import ConfigRefused, Position, Problem, Severity
from tests.unit.config.support import MINIMAL, SECURE, SEEDS, loaded, only, refused

REST = """
apiEndpoints: {clientAuthEndpoint: {paths: /secure/*}}
serviceEndpoints: {backend: {url: "http://localhost:3000"}}
"""


NO_REASON = Problem(position=Position("", 0, 0), path="", message="refused without a reason")


def seed(name: str) -> str:
    return (SEEDS / name).read_text()


def test_the_snippet_of_the_blog_is_refused_only_for_its_trailing_comma() -> None:
    line = only(refused(seed("required.yml")))
    assert line.startswith("gw.yml:14:4: error: a comma after the closing brace")
    assert "remove the comma" in line


def test_the_trailing_comma_is_found_in_front_of_other_keys_too() -> None:
    line = only(refused(seed("required.yml") + seed("pipelines.yml") + REST))
    assert line.startswith("gw.yml:14:4: error: a comma")


def test_the_snippet_without_its_comma_is_accepted() -> None:
    text = seed("required.yml").rstrip().removesuffix(",") + "\n"
    https = loaded(text).document.https
    assert https is not None
    assert https.port == 4444
    assert https.tls["default"].ca == ("/var/lib/chain/chain.pem",)
    assert https.rejects_unauthorized("default")


def test_diff_markers_and_comma_are_told_together() -> None:
    lines = refused(seed("diff.yml") + seed("pipelines.yml") + REST)
    assert [line.split(" error: ")[0] for line in lines] == [
        "gw.yml:12:1:",
        "gw.yml:13:1:",
        "gw.yml:15:4:",
    ]
    assert "delete this line" in lines[0]
    assert "diff marker" in lines[1]


def test_the_example_of_the_blog_runs_as_pasted() -> None:
    snippet = seed("required.yml").rstrip().removesuffix(",") + "\n"
    text = snippet.replace('Unauthorized": true', 'Unauthorized": false')
    result = loaded(text + seed("pipelines.yml") + REST)
    assert result.warnings == ()
    terminate, proxy = result.document.pipelines["default"].policies
    assert terminate.steps[0].condition == Not(condition=TlsClientAuthenticated())
    assert terminate.steps[0].action == TerminateAction(status_code=403)
    assert proxy.steps[0].action == ProxyAction(service_endpoint="backend")


def test_every_problem_is_told_at_once_in_file_order() -> None:
    lines = refused(
        MINIMAL.replace("port: 8080", "port: 8080, prot: 1").replace("[api]", "[apy]")
        + "admin: {hostname: 10.0.0.1, allowPlainHttp: true}\nlogs: {access: x}\n"
        "policies: [terminate]\n"
    )
    found = [line.split(" (")[0] for line in lines]
    assert found == [
        "gw.yml:1:20: error: http.prot: unknown key 'prot'",
        "gw.yml:2:21: warning: apiEndpoints.api: is in no pipeline, "
        "so its requests are answered 404",
        "gw.yml:6:20: error: pipelines.main.apiEndpoints[0]: no apiEndpoint named 'apy'",
        "gw.yml:8:9: error: pipelines.main.policies[0]: the policy 'proxy' isn't in policies",
        "gw.yml:10:19: warning: admin.hostname: credentials travel in the open to '10.0.0.1': "
        "allowPlainHttp is true",
    ]


def test_what_only_follows_from_a_misspelt_section_is_not_told() -> None:
    line = only(refused(MINIMAL.replace("apiEndpoints: {api", "apiEndpionts: {api")))
    assert "unknown key 'apiEndpionts' (did you mean 'apiEndpoints'?)" in line


def test_a_key_like_no_section_hides_nothing() -> None:
    assert len(refused(MINIMAL.replace("[api]", "[apy]") + "zzz: 1\n")) == 3


def test_warnings_alone_do_not_refuse() -> None:
    result = loaded(MINIMAL + "admin: {hostname: 10.0.0.1, allowPlainHttp: true}\n")
    assert [problem.severity for problem in result.warnings] == [Severity.WARNING]


def test_a_later_layer_can_place_its_own_problem() -> None:
    problem = loaded(SECURE).problem(("https", "tls", "default", "key"), "no such file")
    assert problem.position == Position("gw.yml", 4, 20)
    assert problem.path == "https.tls.default.key"


def test_a_problem_at_a_missing_key_stands_at_the_parent() -> None:
    problem = loaded(SECURE).problem(("certificate_policy", "minimum_rsa_bits"), "too short")
    assert problem.position == Position("gw.yml", 1, 1)
    assert problem.path == "certificate_policy.minimum_rsa_bits"


def test_json_is_accepted() -> None:
    assert loaded('{"http": {"port": "8080"}}').document.http is not None


def test_a_byte_order_mark_and_windows_line_ends_are_accepted() -> None:
    result = loaded("\ufeff" + MINIMAL.replace("\n", "\r\n"))
    assert "backend" in result.document.service_endpoints
    assert result.problem(("pipelines", "main"), "x").position.line == 6


def _only_refuses(text: str) -> None:
    """Load the text; whatever happens but a Document or problems with places fails the test."""
    problems: tuple[Problem, ...] = ()
    try:
        problems = load(text, "gw.yml", {"A": "1"}).warnings
    except ConfigRefused as refusal:
        problems = refusal.problems or (NO_REASON,)
    assert NO_REASON not in problems
    assert all(p.position.line >= 1 and p.position.column >= 1 for p in problems)


@given(st.text(max_size=200))
@settings(deadline=None, max_examples=200)
def test_arbitrary_text_is_accepted_or_refused_never_more(text: str) -> None:
    _only_refuses(text)


SCRAPS = """
{ } [ ] : , - ? & * ! | > % @ ` # a http port : << &x *x https tls pipelines policies proxy null 80
true ${A} ${B} !!js/function !!set !!binary \\U7fffffff \\ud800 ' --- ... name url apiEndpoints
serviceEndpoints urls condition action options not +
"""
WORDS = st.sampled_from([*SCRAPS.split(), '"', "\n", "\t", "\n  ", "\n    ", " ", ": ", "- "])


@given(st.lists(WORDS, max_size=30).map("".join))
@settings(deadline=None, max_examples=400)
def test_scrambled_configuration_is_accepted_or_refused_never_more(text: str) -> None:
    _only_refuses(text)


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["*"])
NAMES = """
http https tls options port default key cert ca apiEndpoints serviceEndpoints url urls main
pipelines policies proxy terminate condition conditions action name not identity headers methods
paths host healthCheck proxyOptions target engine crl
"""
KEYS = st.sampled_from(NAMES.split())
TREES = st.recursive(
    SCALARS, lambda t: st.lists(t, max_size=3) | st.dictionaries(KEYS, t, max_size=4), max_leaves=20
)


@given(st.dictionaries(KEYS, TREES, max_size=5))
@settings(deadline=None, max_examples=300)
def test_well_formed_nonsense_is_accepted_or_refused_never_more(tree: object) -> None:
    _only_refuses(json.dumps(tree))
