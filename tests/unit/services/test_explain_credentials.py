"""What explaining says of steps that ask for credentials."""

from dataclasses import replace
from random import Random
from typing import Any
from uuid import UUID

import pytest

from ostiary.consumers.judging import Bad, Judgement, Verdict, judge
from ostiary.consumers.model import Consumer, ConsumerKind, Credential, CredentialType, Known
from ostiary.consumers.reason import CredentialReason
from ostiary.services.credentials import Proof, credential_in
from ostiary.services.explain import Explainer
from ostiary.services.explanation import Explanation, Shown
from ostiary.services.requests import Request
from ostiary.services.visits import Scheme, Visit
from tests.daemon.test_credential_extraction import ACTIONS, any_request, expected
from tests.unit.services.support import NOW, prepared


@pytest.mark.parametrize(
    ("policy", "status", "said"),
    [
        ("{key-auth: }", 401, "answers 401 to requests without a good credential"),
        ("{basic-auth: }", 401, "answers 401 to requests without a good credential"),
        ("{key-auth: {action: {passThrough: true}}}", 200, "passThrough goes on"),
        ("{jwt: {action: {secretOrPublicKey: x}}}", 401, "requests without a good credential"),
        (
            "{oauth2-introspect: {action: {endpoint: 'https://a'}}}",
            401,
            "without a good credential",
        ),
        ("{jwt: {action: {secretOrPublicKey: x, passThrough: true}}}", 200, "passThrough goes on"),
    ],
)
def test_a_step_that_asks_for_a_credential_is_told_as_for_who_has_none(
    policy: str, status: int, said: str
) -> None:
    text = f"""
http: {{port: 8080}}
apiEndpoints: {{api: {{paths: /api}}}}
pipelines:
  api:
    apiEndpoints: [api]
    policies:
      - {policy}
      - terminate: {{condition: {{name: authenticated}}, action: {{statusCode: 299}}}}
      - terminate: {{condition: {{name: anonymous}}, action: {{statusCode: 200}}}}
"""
    visit = Visit(scheme=Scheme.HTTP, name="a", host="a", path="/api", method="GET")
    told = Explainer(prepared(text), NOW).visit(visit, Shown(b""))
    assert told.answer.status == status
    assert any(said in step.detail for step in told.steps)


ADA = Consumer(id=UUID(int=7), kind=ConsumerKind.USER, name="ada", active=True)
KEY, BASIC = CredentialType.KEY_AUTH, CredentialType.BASIC_AUTH
DOCUMENT = """
http: {port: 8080}
apiEndpoints:
  key: {paths: /key, scopes: [read]}
  basic: {paths: /basic}
  either: {paths: /either}
serviceEndpoints: {s: {url: "http://127.0.0.1:1"}}
pipelines:
  key: {apiEndpoints: [key], policies: [{key-auth: }, {proxy: {action: {serviceEndpoint: s}}}]}
  basic:
    apiEndpoints: [basic]
    policies: [{basic-auth: }, {proxy: {action: {serviceEndpoint: s}}}]
  either:
    apiEndpoints: [either]
    policies:
      - key-auth: {action: {passThrough: true}}
      - terminate:
          - {condition: {name: consumer, consumers: [ada]}, action: {statusCode: 201}}
          - {condition: {name: scope, scopes: [write]}, action: {statusCode: 202}}
          - {condition: {name: authenticated}, action: {statusCode: 203}}
          - action: {statusCode: 204}
"""


def known(kind: CredentialType, name: str, *scopes: str, active: bool = True) -> Known:
    credential = Credential(
        type=kind, id=name, secret="right", scopes=frozenset(scopes), active=active
    )
    return Known(consumer=ADA, credential=credential)


class Directory:
    """Three credentials; says what it was asked, and can be unreachable."""

    def __init__(self) -> None:
        self.broken = False
        self.kept = {
            (KEY, "k1"): known(KEY, "k1", "read"),
            (KEY, "bare"): known(KEY, "bare"),
            (KEY, "off"): known(KEY, "off", "read", active=False),
            (BASIC, "ada"): known(BASIC, "ada"),
        }

    def find(self, kind: CredentialType, name: str) -> Known | None:
        if self.broken:
            raise OSError("the disk is gone")
        return self.kept.get((kind, name))


def explained(
    path: str, directory: Directory | None = None, query: str = "", **more: Any
) -> Explanation:
    found = directory or Directory()

    def ask(judgement: Judgement, sent: bytes) -> Verdict:
        try:
            return judge(judgement, sent, found, lambda kept, given: kept == given, DECOYS)
        except OSError:
            return Bad(CredentialReason.NO_ANSWER)

    visit = Visit(scheme=Scheme.HTTP, name="a", host="a", path=path, query=query, **more)
    return Explainer(prepared(DOCUMENT), NOW, ask=ask).visit(visit, Shown(b""))


DECOYS = dict.fromkeys(CredentialType, "nobody's")


@pytest.mark.parametrize(
    ("path", "headers", "query", "status"),
    [
        ("/key", [("Authorization", "apiKey k1:right")], "", None),
        ("/key", [("authorization", "APIKEY   k1:right")], "", None),
        ("/key", [], "apiKey=k1%3Aright", None),
        ("/key", [], "apikey=k1%3Aright", 401),
        ("/key", [("Authorization", "apiKey k1:wrong")], "", 401),
        ("/key", [("Authorization", "apiKey nobody:right")], "", 401),
        ("/key", [("Authorization", "apiKey k1")], "", 401),
        ("/key", [("Authorization", "apiKey off:right")], "", 401),
        ("/key", [("Authorization", "apiKey bare:right")], "", 403),
        ("/key", [("Authorization", "apiKey k1:right")] * 2, "", 401),
        ("/basic", [("Authorization", "Basic YWRhOnJpZ2h0")], "", None),
        ("/basic", [("Authorization", "Basic YWRhOndyb25n")], "", 401),
        ("/either", [("Authorization", "apiKey bare:right")], "", 201),
        ("/either", [("Authorization", "apiKey bare:wrong")], "", 204),
        ("/either", [], "", 204),
    ],
)
def test_a_credential_in_the_request_is_judged_as_the_agent_does(
    path: str, headers: list[tuple[str, str]], query: str, status: int | None
) -> None:
    told = explained(path, query=query, headers=tuple(headers))
    assert told.answer.status == status
    assert (told.forwarded is not None) is (status is None)
    said = "\n".join(step.detail for step in told.steps)
    assert "right" not in said
    assert "wrong" not in said


def test_the_service_is_told_the_consumer_and_not_what_the_client_says_of_it() -> None:
    headers = (("Authorization", "apiKey k1:right"), ("eg-consumer-id", "eve"), ("X-A", "1"))
    told = explained("/key", headers=headers, client="192.0.2.7")
    assert told.forwarded is not None
    sent = [one for one in told.forwarded.headers if one[0].lower() == "eg-consumer-id"]
    assert sent == [("eg-consumer-id", str(ADA.id))]
    assert ("X-A", "1") in told.forwarded.headers
    assert ("X-Forwarded-For", "192.0.2.7") in told.forwarded.headers


@pytest.mark.parametrize("path", ["/key", "/either"])
def test_who_can_not_be_judged_is_refused_whatever_passes_through(path: str) -> None:
    directory = Directory()
    directory.broken = True
    told = explained(path, directory, headers=(("Authorization", "apiKey k1:right"),))
    assert told.answer.status == 503


def test_a_key_that_is_given_is_shown_wherever_a_step_looks_for_one() -> None:
    assert explained("/key", proof=Proof(key="k1:right")).answer.served
    assert explained("/basic", proof=Proof(password="ada:right")).answer.served
    assert explained("/basic", proof=Proof(key="k1:right")).answer.status == 401
    in_request = (("Authorization", "apiKey k1:wrong"),)
    told = explained("/key", headers=in_request, proof=Proof(key="k1:right"))
    assert told.answer.status == 401, "what stands in the request counts first"


def test_as_if_a_consumer_s_credential_were_shown() -> None:
    kept = tuple(Directory().kept.values())
    assert explained("/key", proof=Proof(as_if=kept)).answer.served
    assert explained("/basic", proof=Proof(as_if=kept)).answer.served
    without = tuple(one for one in kept if one.credential.id != "k1")
    assert explained("/key", proof=Proof(as_if=without)).answer.status == 403
    told = explained("/key", proof=Proof(as_if=()))
    assert (told.answer.status, told.answer.served) == (401, False)


def test_steps_have_numbers_and_say_which_were_skipped() -> None:
    told = explained("/either", proof=Proof(key="bare:right"))
    steps = [(one.step, one.skipped) for one in told.steps if one.step]
    assert steps == [(1, False), (2, False)]
    steps = [(one.step, one.skipped) for one in explained("/either").steps if one.step]
    assert steps == [(1, False), (2, True), (3, True), (4, True), (5, False)]


def test_keys_are_found_as_the_engine_finds_them() -> None:
    dice = Random(20261122)
    for action in ACTIONS:
        for _ in range(300):
            asked = any_request(dice)
            request = Request(method="GET", host="a", path="/", query=asked.query)
            request = replace(request, headers=asked.headers)
            assert credential_in(action, request) == expected(action, asked), (action, asked)
