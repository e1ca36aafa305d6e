from datetime import timedelta

import pytest

from ostiary.services.explain import Explainer
from ostiary.services.explanation import Explanation, Shown
from ostiary.services.visits import NoSuchApi, Scheme, Visit
from ostiary.trust.reason import Reason
from tests.unit.services.support import NOW, TEXT, client, prepared, stranger

NOBODY = Shown(b"")
CLIENT = Shown(client().certificate.der)
STRANGER = Shown(stranger().certificate.der)


def explain(
    path: str,
    shown: Shown,
    name: str = "a.example",
    scheme: Scheme = Scheme.HTTPS,
    method: str = "GET",
) -> Explanation:
    visit = Visit(scheme=scheme, name=name, host=name, path=path, method=method)
    return Explainer(prepared(), NOW).visit(visit, shown)


def test_a_trusted_certificate_is_let_in_with_every_step_told() -> None:
    told = explain("/users", CLIENT)
    assert told.answer.served
    assert told.reason is None
    assert all(step.passed for step in told.steps)
    names = [step.name for step in told.steps]
    assert names[:3] == ["listener", "tls entry", "handshake"]
    assert "certificate: path" in names
    assert names[-2:] == ["pipeline 'users': terminate", "pipeline 'users': proxy"]


def test_a_foreign_certificate_is_refused_at_the_step_that_refuses_with_a_way_out() -> None:
    told = explain("/users", STRANGER)
    assert (told.answer.served, told.answer.status) == (False, 403)
    assert told.reason is Reason.ISSUER_MISSING
    (failed,) = [step for step in told.steps if step.way_out]
    assert failed.name == "certificate: path"
    assert failed.way_out == Reason.ISSUER_MISSING.way_out


def test_each_entry_has_its_own_trust() -> None:
    assert explain("/users", STRANGER, "x.wild.example").answer.served
    assert explain("/users", CLIENT, "x.wild.example").reason is Reason.ISSUER_MISSING
    assert explain("/users", CLIENT, "nobody.example").reason is Reason.NO_TRUST_ANCHORS


def test_a_strict_entry_ends_in_an_alert() -> None:
    told = explain("/users", STRANGER, "strict.example")
    assert told.answer.alert == "unknown_ca"
    assert told.answer.status is None
    assert explain("/users", CLIENT, "strict.example").answer.served


def test_where_no_certificate_is_asked_for_nobody_is_authenticated() -> None:
    told = explain("/users", CLIENT, "open.example")
    assert told.decision is None
    assert told.answer.status == 403


def test_a_certificate_can_not_be_shown_on_plain_http() -> None:
    told = explain("/users", CLIENT, scheme=Scheme.HTTP)
    assert (told.entry, told.decision, told.answer.status) == (None, None, 403)


def test_the_same_certificate_is_refused_at_a_later_time() -> None:
    later = Explainer(prepared(), NOW + timedelta(days=31))
    assert later.api("users", CLIENT).reason is Reason.CERTIFICATE_EXPIRED


@pytest.mark.parametrize(
    ("path", "status"), [("/lost", 404), ("/nowhere", 404), ("/users%2f", 400), ("/id-1", 404)]
)
def test_what_leads_nowhere_is_told(path: str, status: int) -> None:
    told = explain(path, CLIENT)
    assert (told.answer.served, told.answer.status) == (False, status)
    assert not told.steps[-1].passed


def test_an_answer_of_the_pipeline_below_400_serves_the_client() -> None:
    told = explain("/id-1", NOBODY, method="POST")
    assert (told.answer.served, told.answer.status) == (True, 204)


def test_an_api_is_visited_at_a_name_a_path_and_by_a_method_of_its_own() -> None:
    told = Explainer(prepared(), NOW).api("hosted", STRANGER)
    assert told.about == "POST https://any.wild.example/things/x"
    assert told.entry == "*.wild.example"
    assert told.answer.served


def test_an_api_that_no_sample_matches_is_visited_all_the_same() -> None:
    told = Explainer(prepared(), NOW).api("odd", NOBODY)
    assert any(step.detail.startswith("API endpoint 'odd'") for step in told.steps)


def test_an_unknown_api_is_refused_with_those_there_are() -> None:
    with pytest.raises(NoSuchApi, match=r"'userz' .*users, odd, hosted, lost"):
        Explainer(prepared(), NOW).api("userz", NOBODY)


def test_bytes_that_are_no_certificate_are_refused_not_raised() -> None:
    told = explain("/users", Shown(b"\x30\x03abc"))
    assert told.reason is Reason.MALFORMED_CERTIFICATE


def test_a_listener_that_is_not_there_refuses_the_connection() -> None:
    without = Explainer(prepared(TEXT.replace("http: {port: 8080}\n", "")), NOW)
    visit = Visit(scheme=Scheme.HTTP, name="a.example", host="a.example", path="/users")
    assert not without.visit(visit, NOBODY).answer.served


def test_a_listed_certificate_is_known_by_its_digest() -> None:
    digest = client().certificate.fingerprint
    text = TEXT.replace(
        "condition: {name: not, condition: {name: tlsClientAuthenticated}}",
        f"condition: {{name: clientCertificate, fingerprint: '{digest}'}}",
    )
    visit = Visit(scheme=Scheme.HTTPS, name="a.example", host="a.example", path="/users")
    explainer = Explainer(prepared(text), NOW)
    assert explainer.visit(visit, CLIENT).answer.status == 403
    assert explainer.visit(visit, STRANGER).answer.served
    assert explainer.visit(visit, NOBODY).answer.served


POLICIES = """
http: {port: 8080}
apiEndpoints: {all: {}}
serviceEndpoints: {s: {url: "http://127.0.0.1:1"}}
pipelines:
  all:
    apiEndpoints: [all]
    policies:
      - ip-filter: {action: {allow: 10.0.0.0/8, deny: 10.0.0.1}}
      - rate-limit: {action: {max: 3}}
      - log: {action: {message: hello}}
      - headers: {action: {forwardHeaders: {X-H: "1"}}}
      - request-transformer: {action: {headers: {add: {X-A: "1"}, remove: [x-b]}}}
      - response-transformer: {action: {headers: {remove: [server]}}}
      - cors:
      - rewrite:
          - condition: {name: regexpmatch, match: "^/js(.*)$"}
            action: {rewrite: "/src/$1"}
          - condition: {name: pathmatch, match: "/old/:id"}
            action: {rewrite: "/new/:id", redirect: 301}
      - terminate: {condition: {name: pathMatch, pattern: ^/src/no}, action: {statusCode: 410}}
      - redirect: {condition: {name: pathExact, path: /moved}, action: {location: "${req.url}/"}}
      - proxy: {action: {serviceEndpoint: s}}
"""


def walked(path: str, method: str = "GET", query: str = "") -> Explanation:
    visit = Visit(
        scheme=Scheme.HTTP, name="a.example", host="a", path=path, method=method, query=query
    )
    return Explainer(prepared(POLICIES), NOW).visit(visit, NOBODY)


def test_steps_that_go_on_say_what_they_do() -> None:
    told = walked("/x")
    assert told.answer.served
    said = "\n".join(step.detail for step in told.steps)
    for words in (
        "denies 10.0.0.1/32, allows only 10.0.0.0/8",
        "more than 3 in 60000 ms by ${req.ip} are refused",
        "adds 'hello' to the access log",
        "always is true: sets X-H",
        "changes the request: sets X-A, removes x-b",
        "changes the answer: removes server",
        "adds headers for browsers",
        "regexpmatch '^/js(.*)$' is false: skipped",
        "passed on to the service 's'",
    ):
        assert words in said


def test_a_rewritten_path_is_what_later_steps_see() -> None:
    assert walked("/js/no").answer.status == 410
    told = walked("/js/x", query="a=b")
    assert "rewrites '/js/x?a=b' to '/src/x?a=b'" in "\n".join(one.detail for one in told.steps)
    assert walked("/js../x").answer.status == 400


def test_redirects_and_preflights_are_answers() -> None:
    told = walked("/OLD/7/")
    assert (told.answer.served, told.answer.status) == (True, 301)
    assert "'/new/7'" in told.answer.sentence
    assert walked("/moved").answer.status == 302
    assert walked("/moved", "OPTIONS").answer.status == 204
