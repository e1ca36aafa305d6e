"""What explaining says of steps that ask for tokens."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from ostiary.config.model.policies.tokens import IntrospectAction, JwtAction
from ostiary.consumers.model import Consumer, ConsumerKind, Credential, CredentialType, Known
from ostiary.jose.keys import VerificationKey, secret_or_public_key
from ostiary.services.credentials import Proof
from ostiary.services.explain import Explainer
from ostiary.services.explanation import Explanation, Shown
from ostiary.services.requests import Request
from ostiary.services.token_sources import PublishedKeys
from ostiary.services.token_steps import judge_by_keys_at_hand, token_in
from ostiary.services.visits import Scheme, Visit
from tests.support.tokens import SECRET, b64, token
from tests.unit.services.support import NOW, client, prepared

LATER = NOW.timestamp() + 60
DOCUMENT = f"""
http: {{port: 8080}}
https:
  port: 4444
  tls: {{default: {{key: site.key, cert: site.crt}}}}
clientCertificateAuth: {{type: certificate, trustedCertificates: [root.crt]}}
apiEndpoints:
  stored: {{paths: /stored, scopes: [read]}}
  claimed: {{paths: /claimed, scopes: [read]}}
  bound: {{paths: /bound}}
  published: {{paths: /published}}
  opaque: {{paths: /opaque}}
  open: {{paths: /open}}
  shown: {{paths: /shown}}
pipelines:
  shown:
    apiEndpoints: [shown]
    policies: [{{client-cert: }}, {{terminate: {{action: {{statusCode: 201}}}}}}]
  stored:
    apiEndpoints: [stored]
    policies:
      - jwt: {{action: {{secretOrPublicKey: {SECRET.decode()}}}}}
      - terminate:
          - {{condition: {{name: consumer, consumers: [ada]}}, action: {{statusCode: 201}}}}
          - action: {{statusCode: 202}}
  claimed:
    apiEndpoints: [claimed, open]
    policies:
      - jwt:
          action:
            secretOrPublicKey: {SECRET.decode()}
            checkCredentialExistence: false
            audience: orders
            passThrough: true
      - terminate:
          - {{condition: {{name: consumer, consumers: [eve]}}, action: {{statusCode: 201}}}}
          - {{condition: {{name: scope, scopes: [write]}}, action: {{statusCode: 202}}}}
          - {{condition: {{name: authenticated}}, action: {{statusCode: 203}}}}
          - action: {{statusCode: 204}}
  bound:
    apiEndpoints: [bound]
    policies:
      - jwt:
          action:
            secretOrPublicKey: {SECRET.decode()}
            checkCredentialExistence: false
            requireBoundCertificate: true
      - terminate: {{action: {{statusCode: 201}}}}
  published:
    apiEndpoints: [published]
    policies:
      - jwt: {{action: {{jwksUrl: 'https://issuer.example/k', checkCredentialExistence: false}}}}
      - terminate: {{action: {{statusCode: 201}}}}
  opaque:
    apiEndpoints: [opaque]
    policies:
      - oauth2-introspect: {{action: {{endpoint: 'https://issuer.example/i'}}}}
      - terminate: {{action: {{statusCode: 201}}}}
"""
ADA = Known(
    consumer=Consumer(id=UUID(int=7), kind=ConsumerKind.USER, name="ada", active=True),
    credential=Credential(
        type=CredentialType.JWT, id="ada-laptop", scopes=frozenset({"read"}), active=True
    ),
)


class Directory:
    """Knows one credential, and can be unreachable."""

    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken

    def find(self, kind: CredentialType, name: str) -> Known | None:
        if self.broken:
            raise OSError("the disk is gone")
        return ADA if (kind, name) == (CredentialType.JWT, "ada-laptop") else None


def published() -> tuple[VerificationKey, ...]:
    return secret_or_public_key(SECRET)


def explained(
    path: str,
    sent: str = "",
    *,
    broken: bool = False,
    keys: Any = None,
    shown: bytes = b"",
    https: bool = False,
    **proof: Any,
) -> Explanation:
    made = prepared(DOCUMENT)
    directory = Directory(broken=broken)
    ask = judge_by_keys_at_hand(made.gathered.tokens, keys, directory, NOW.timestamp())
    visit = Visit(
        scheme=Scheme.HTTPS if shown or https else Scheme.HTTP,
        name="a.example",
        host="a.example",
        path=path,
        headers=(("Authorization", f"Bearer {sent}"),) if sent else (),
        proof=Proof(**proof),
    )
    return Explainer(made, NOW, ask_about_token=ask).visit(visit, Shown(shown))


STORED = token({"sub": "ada-laptop", "exp": LATER})


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        (STORED, 201, "the token in the request is good: 'ada-laptop' of user 'ada', read"),
        (token({"sub": "nobody", "exp": LATER}), 401, "there is no such credential"),
        (token({"sub": "ada-laptop", "exp": 1}), 401, "the token has expired"),
        (token({"sub": "ada-laptop"}, key=b"x" * 32), 401, "none of the keys has signed"),
        ("no-token", 401, "the credential can't be read"),
        (STORED + "x" * 20_000, 401, "longer than 16384 bytes"),
        ("", 401, "answers 401 to requests without a good credential"),
    ],
)
def test_a_token_is_judged_as_the_agent_does(sent: str, status: int, said: str) -> None:
    told = explained("/stored", sent)
    assert told.answer.status == status
    assert any(said in step.detail for step in told.steps), told.steps
    assert not sent or sent not in str(told)


def test_a_token_that_is_given_is_shown_wherever_a_step_looks_for_one() -> None:
    assert explained("/stored", token=STORED).answer.status == 201
    assert explained("/stored", "no-token", token=STORED).answer.status == 401
    assert explained("/opaque", token=STORED).steps[-2].unknown


@pytest.mark.parametrize(
    ("path", "claims", "status"),
    [
        ("/claimed", {"sub": "eve", "aud": "orders", "scope": "read"}, 201),
        ("/claimed", {"sub": "bob", "aud": "orders", "scope": "read write"}, 202),
        ("/claimed", {"sub": "bob", "aud": "orders", "scope": "read"}, 203),
        ("/claimed", {"sub": "bob", "aud": "orders"}, 204),
        ("/open", {"sub": "bob", "aud": "orders"}, 203),
        ("/open", {"sub": "bob", "aud": "reports"}, 204),
    ],
)
def test_what_a_token_claims_is_what_conditions_see(
    path: str, claims: dict[str, Any], status: int
) -> None:
    assert explained(path, token(claims)).answer.status == status


def test_a_bound_token_passes_with_its_certificate_only() -> None:
    certificate = client().certificate.der
    fingerprint = client().certificate.sha256
    bound = token({"sub": "a", "cnf": {"x5t#S256": b64(fingerprint)}})
    assert explained("/bound", bound, shown=certificate).answer.status == 201
    assert explained("/bound", bound).answer.status == 401
    assert explained("/bound", token({"sub": "a"}), shown=certificate).answer.status == 401


def test_published_keys_are_those_at_hand_and_nobody_is_asked_for_others() -> None:
    good = token({"sub": "a"})
    assert explained("/published", good, keys=lambda _: published()).answer.status == 201
    forged = token({"sub": "a"}, key=b"x" * 32)
    assert explained("/published", forged, keys=lambda _: published()).answer.status == 401
    none_could_be_had = explained("/published", good, keys=lambda _: ())
    assert none_could_be_had.answer.status == 503
    fetched_by_nobody = explained("/published", good)
    assert fetched_by_nobody.steps[-2].unknown
    assert "unless a step acts that isn't decided here: 1" in fetched_by_nobody.answer.sentence

    def named(_: PublishedKeys) -> tuple[VerificationKey, ...]:
        return tuple(replace(one, kid="old") for one in published())

    assert explained("/published", token({"sub": "a"}, kid="new"), keys=named).steps[-2].unknown


def test_an_authorization_server_is_not_asked_and_that_is_told() -> None:
    told = explained("/opaque", "opaque-token")
    assert (told.steps[-2].unknown, told.steps[-2].skipped) == (True, True)
    assert "asks the authorization server" in told.steps[-2].detail
    assert "unless a step acts that isn't decided here: 1" in told.answer.sentence
    assert explained("/opaque").answer.status == 401


def test_who_can_not_be_looked_up_is_refused() -> None:
    assert explained("/stored", STORED, broken=True).answer.status == 503


def test_as_if_a_consumer_s_token_were_shown() -> None:
    assert explained("/stored", as_if=(ADA,)).answer.status == 201
    assert explained("/stored", as_if=()).answer.status == 401
    assert explained("/bound", as_if=(ADA,)).answer.status == 401, "no stored credential counts"


def test_as_if_a_certificate_were_shown_where_one_can_be() -> None:
    kept = replace(ADA, credential=replace(ADA.credential, type=CredentialType.CERTIFICATE))
    assert explained("/shown", https=True, as_if=(kept,)).answer.status == 201
    assert explained("/shown", as_if=(kept,)).answer.status == 401
    assert explained("/shown", https=True, as_if=(ADA,)).answer.status == 401


@pytest.mark.parametrize(
    ("extractor", "query", "headers", "found"),
    [
        ({}, "", [("authorization", "bearer  a.b.c")], b"a.b.c"),
        ({}, "", [("Authorization", "Basic a.b.c")], b""),
        ({}, "", [("Authorization", "Bearer a")] * 2, b""),
        ({"jwtExtractor": "authScheme", "jwtExtractorField": "JWT"}, "",
         [("Authorization", "jwt a.b.c")], b"a.b.c"),
        ({"jwtExtractor": "header", "jwtExtractorField": "X-Token"}, "",
         [("x-token", " a.b.c ")], b"a.b.c"),
        ({"jwtExtractor": "query", "jwtExtractorField": "t"}, "x=1&t=a.b.c&t=d", [], b"a.b.c"),
        ({"jwtExtractor": "query", "jwtExtractorField": "t"}, "T=a.b.c", [], b""),
    ],
)  # fmt: skip
def test_tokens_are_found_where_the_engine_finds_them(
    extractor: dict[str, str], query: str, headers: list[tuple[str, str]], found: bytes
) -> None:
    action = JwtAction.model_validate({"secretOrPublicKey": "x", **extractor})
    request = Request(method="GET", host="a", path="/", query=query, headers=tuple(headers))
    assert token_in(action, request) == found


def test_introspection_takes_its_token_from_the_header_alone() -> None:
    action = IntrospectAction.model_validate({"endpoint": "https://a.example"})
    request = Request(method="GET", host="a", path="/", query="access_token=x")
    assert token_in(action, request) == b""
    assert token_in(action, request.with_header("authorization", "Bearer x")) == b"x"
