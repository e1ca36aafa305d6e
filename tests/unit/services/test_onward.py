"""What a described request is made into on its way to the service."""

from typing import Any

import pytest

from ostiary.services.drawing import drawn
from ostiary.services.explain import Explainer
from ostiary.services.explanation import Explanation, Shown
from ostiary.services.visits import Scheme, Visit
from tests.unit.services.support import NOW, TEXT, client, prepared

DOCUMENT = """
http: {port: 8080}
apiEndpoints:
  plain: {paths: /plain/*}
  strip: {paths: /strip/*}
  ignore: {paths: /ignore/*}
  change: {paths: /change/*}
  only: {paths: /only}
  script: {paths: /script}
serviceEndpoints:
  s: {url: "http://127.0.0.1:81/base/"}
  two: {urls: ["http://127.0.0.1:81", "http://127.0.0.1:82"]}
pipelines:
  plain:
    apiEndpoints: [plain]
    policies: [{proxy: {action: {serviceEndpoint: two, changeOrigin: false}}}]
  strip:
    apiEndpoints: [strip]
    policies: [{proxy: {action: {serviceEndpoint: s, stripPath: true, headers: {X-Own: mine}}}}]
  ignore:
    apiEndpoints: [ignore]
    policies: [{proxy: {action: {serviceEndpoint: s, ignorePath: true}}}]
  change:
    apiEndpoints: [change]
    policies:
      - rewrite:
          condition: {name: regexpmatch, match: "^/change/(.*)$"}
          action: {rewrite: /new/$1}
      - headers: {action: {headersPrefix: X-P-, forwardHeaders: {Was: req.originalUrl}}}
      - request-transformer:
          action:
            headers:
              add:
                X-Url: req.method + " " + req.url + " " + req.hostname + " " + req.protocol
                X-Twice: req.headers['x-p-was'] + req.query.a
                X-Id: requestID + req.ip
              remove: [cookie]
            query: {add: {who: "'2 & 3'", c.d: req.query.a}, remove: [secret]}
      - proxy: {action: {serviceEndpoint: two}}
  script:
    apiEndpoints: [script]
    policies:
      - terminate:
          condition: {name: not, condition: {name: expression, expression: "req.query.a > 1"}}
          action: {statusCode: 410}
      - expression: {action: {jscode: "req.headers['x-kind'] = req.query.kind.toLowerCase()"}}
      - request-transformer: {action: {headers: {add: {X-Up: "req.query.a.toUpperCase()"}}}}
      - proxy: {action: {serviceEndpoint: two}}
  only:
    apiEndpoints: [only]
    policies:
      - ip-filter: {action: {allow: [10.0.0.0/8, "2001:db8::/32"], deny: 10.0.0.1, statusCode: 451}}
      - terminate: {action: {statusCode: 204}}
"""


def explained(path: str, query: str = "", **more: Any) -> Explanation:
    visit = Visit(
        scheme=Scheme.HTTP, name="a.example", host="a.example:8080", path=path, query=query, **more
    )
    return Explainer(prepared(DOCUMENT), NOW).visit(visit, Shown(b""))


@pytest.mark.parametrize(
    ("path", "query", "becomes", "host"),
    [
        ("/plain/x", "a=1", "/plain/x?a=1", "a.example:8080"),
        ("/strip/x", "", "/base/x", "127.0.0.1:81"),
        ("/strip/", "a=1", "/base/?a=1", "127.0.0.1:81"),
        ("/ignore/x", "a=1", "/base/", "127.0.0.1:81"),
    ],
)
def test_the_path_becomes_the_service_s(path: str, query: str, becomes: str, host: str) -> None:
    sent = explained(path, query).forwarded
    assert sent is not None
    assert (sent.path, dict(sent.headers)["Host"]) == (becomes, host)


def test_the_service_s_own_headers_are_set() -> None:
    sent = explained("/strip/x", headers=(("x-own", "theirs"),)).forwarded
    assert sent is not None
    assert [one for one in sent.headers if one[0].lower() == "x-own"] == [("X-Own", "mine")]


def test_steps_change_headers_and_query_as_the_engine_would() -> None:
    headers = (("Cookie", "a=b"), ("X-Twice", "no"), ("X-Client-Cert-SHA256", "00"), ("Te", "x"))
    told = explained("/change/x", "a=%2c+1&secret=1&who=me&b", headers=headers)
    sent = told.forwarded
    assert sent is not None
    assert sent.path == "/new/x?a=%2C+1&b&who=2%20%26%203&c.d=%2C%201"
    found = dict(sent.headers)
    assert found["X-P-Was"] == "/change/x?a=%2C+1&secret=1&who=me&b"
    assert found["X-Url"] == "GET /new/x?a=%2C+1&secret=1&who=me&b a.example http"
    assert found["X-Twice"] == found["X-P-Was"] + ", 1"
    assert found["X-Id"] == "<the request's id><the client's address>"
    assert {"Cookie", "X-Client-Cert-SHA256"} & set(found) == set()
    assert found["X-Forwarded-Host"] == "a.example:8080"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("10.2.0.1", 204),
        ("10.0.0.1", 451),
        ("192.0.2.1", 451),
        ("2001:db8::7", 204),
        ("2002:a00:1::", 451),  # 10.0.0.1 inside
        ("2002:a02:1::", 451),  # 10.2.0.1 inside, which lets nobody in
        ("", 204),
    ],
)
def test_an_address_is_let_in_or_not(address: str, status: int) -> None:
    assert explained("/only", client=address).answer.status == status


def test_an_admitted_certificate_is_told_to_the_service_by_name() -> None:
    visit = Visit(scheme=Scheme.HTTPS, name="a.example", host="a.example", path="/users")
    shown = client().certificate
    sent = Explainer(prepared(TEXT), NOW).visit(visit, Shown(shown.der)).forwarded
    assert sent is not None
    found = dict(sent.headers)
    assert found["X-Client-Cert-Subject-DN"] == shown.subject
    assert found["X-Client-Cert-SHA256"] == shown.fingerprint
    assert found["Client-Cert"].startswith("<")
    nobody = Visit(scheme=Scheme.HTTP, name="a.example", host="a.example", path="/users")
    assert Explainer(prepared(TEXT), NOW).visit(nobody, Shown(shown.der)).forwarded is None


def test_a_pipeline_is_drawn_step_by_step() -> None:
    document = prepared(DOCUMENT).document
    rewrite, headers, change, proxy = drawn(document, "change")
    assert rewrite.condition == "regexpmatch '^/change/(.*)$'"
    assert (headers.condition, headers.ends, headers.asks) == ("", False, False)
    assert change.number == 3
    assert (proxy.ends, proxy.service) == (True, "two")
    assert proxy.addresses == ("http://127.0.0.1:81", "http://127.0.0.1:82")
    only, _ = drawn(document, "only")
    assert only.refuses == 451


def test_what_a_script_decides_is_told_as_not_known() -> None:
    told = explained("/script", headers=(("x-kind", "mine"),))
    (open_one,) = [step for step in told.steps if step.unknown]
    assert (open_one.step, open_one.skipped) == (1, True)
    assert "is decided at each request: walked past" in open_one.detail
    assert told.answer.sentence.endswith("unless a step acts that isn't decided here: 1")
    assert told.forwarded is not None
    sent = dict(told.forwarded.headers)
    assert (sent["x-kind"], sent["X-Up"]) == ("<what the script says>",) * 2
    document = prepared(DOCUMENT).document
    assert [one.asks for one in drawn(document, "script")] == [True, True, True, False]
