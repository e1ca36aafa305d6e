"""Pipelines that look in the same place share a profile, whatever else they ask."""

from ostiary.compiler.profiles import judgements_of, profiles_of
from ostiary.compiler.routes import route_table
from ostiary.config.load import load
from ostiary.config.model.document import Document
from ostiary.consumers.judging import ConsumerTest, Judgement
from ostiary.consumers.model import CredentialType

TEXT = """
http: {port: 8080}
apiEndpoints:
  a: [{paths: /a, scopes: [read]}, {paths: /b, scopes: [read, write]}, {paths: /c}]
  d: {paths: /d}
  e: {paths: /e}
serviceEndpoints: {s: {url: "http://192.0.2.1"}}
pipelines:
  one:
    apiEndpoints: [a]
    policies:
      - key-auth: {action: {passThrough: true}}
      - proxy: {action: {serviceEndpoint: s}}
  two:
    apiEndpoints: [d]
    policies:
      - key-auth:
      - basic-auth: {condition: {name: not, condition: {name: consumer, consumers: ada}}}
      - proxy: {action: {serviceEndpoint: s}}
  three: {apiEndpoints: [e], policies: [{proxy: {action: {serviceEndpoint: s}}}]}
"""


def document() -> Document:
    return load(TEXT, "gateway.config.yml", {}).document


def test_a_profile_for_each_place_and_a_judgement_for_each_route() -> None:
    found = profiles_of(document(), route_table(document().api_endpoints))
    key, basic = found
    ada = (ConsumerTest(frozenset({"ada"})),)
    by_key = CredentialType.KEY_AUTH
    assert key.judgements == {
        1: Judgement(type=by_key, scopes=frozenset({"read"})),
        2: Judgement(type=by_key, scopes=frozenset({"read", "write"})),
        3: Judgement(type=by_key),
        4: Judgement(type=by_key, tests=ada),
    }
    assert basic.judgements == {4: Judgement(type=CredentialType.BASIC_AUTH, tests=ada)}
    assert (key.number, basic.number) == (1, 2)
    one = document().model_copy(update={"pipelines": {"one": document().pipelines["one"]}})
    alone = profiles_of(one, route_table(one.api_endpoints))
    assert [profile.number for profile in alone] == [0]


def test_the_agent_knows_every_judgement_that_the_engine_may_ask_by() -> None:
    found = profiles_of(document(), route_table(document().api_endpoints))
    ids = {one.id for profile in found for one in profile.judgements.values()}
    assert judgements_of(document()).keys() == ids
    assert len(ids) == 5


def test_without_policies_that_authenticate_there_is_none() -> None:
    plain = document().model_copy(update={"pipelines": {}})
    assert not profiles_of(plain, route_table(plain.api_endpoints))
