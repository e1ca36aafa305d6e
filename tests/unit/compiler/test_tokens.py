"""Which tokens share the engine's rules, and which must not."""

import json
from typing import Any

from ostiary.compiler.profiles import profiles_of, token_judgements_of
from ostiary.compiler.routes import route_table
from ostiary.compiler.tokens import token_places, token_steps
from ostiary.config.load import load
from ostiary.config.model.document import Document


def document(**pipelines: list[dict[str, Any]]) -> Document:
    text = {
        "http": {"port": 8080},
        "apiEndpoints": {name: {"paths": f"/{name}/*"} for name in pipelines},
        "pipelines": {
            name: {
                "apiEndpoints": [name],
                "policies": [{one.pop("policy", "jwt"): {"action": one}} for one in steps],
            }
            for name, steps in pipelines.items()
        },
    }
    return load(json.dumps(text), "gateway.config.yml", {}).document


def secret(word: str, **more: Any) -> dict[str, Any]:
    return {"secretOrPublicKey": f"{word}-a-secret-of-more-than-32-bytes", **more}


def numbers(wanted: Document) -> dict[str, list[int]]:
    profiles = profiles_of(wanted, route_table(wanted.api_endpoints))
    return {
        name: [profiles.number(action) for _, action in token_steps(pipeline)]
        for name, pipeline in wanted.pipelines.items()
    }


def test_tokens_in_one_place_share_their_rules_whoever_vouches_for_them() -> None:
    introspect = {"policy": "oauth2-introspect", "endpoint": "https://a.example/"}
    found = numbers(document(a=[secret("a")], b=[secret("b")], c=[introspect]))
    assert found == {"a": [0], "b": [0], "c": [0]}


def test_a_pipeline_with_two_issuers_has_rules_for_each() -> None:
    a, b, c = secret("a", passThrough=True), secret("b"), secret("c")
    found = numbers(document(one=[a, b], two=[b], three=[b, c], four=[secret("a")]))
    assert found["one"][0] != found["one"][1]
    assert found["three"][0] != found["three"][1]
    assert found["two"] == [found["one"][1]] == [found["three"][0]]
    assert found["four"] == [found["one"][0]]


def test_other_places_have_rules_of_their_own() -> None:
    header = secret("a", jwtExtractor="header", jwtExtractorField="X-Token")
    same = secret("b", jwtExtractor="header", jwtExtractorField="x-token")
    query = secret("a", jwtExtractor="query", jwtExtractorField="token")
    upper = secret("a", jwtExtractor="query", jwtExtractorField="Token")
    scheme = secret("a", jwtExtractor="authScheme", jwtExtractorField="JWT")
    bearer = secret("c", jwtExtractor="authScheme", jwtExtractorField="bearer")
    steps = {"a": header, "b": same, "c": query, "d": upper, "e": scheme, "f": bearer}
    found = numbers(document(g=[secret("a")], **{name: [one] for name, one in steps.items()}))
    assert found["a"] == found["b"]
    assert found["f"] == found["g"]
    assert len({number for several in found.values() for number in several}) == 5


def test_every_verdict_is_of_its_own_keys() -> None:
    wanted = document(a=[secret("a"), secret("b")], b=[secret("a")], c=[secret("a")])
    judgements = token_judgements_of(wanted)
    assert sorted(one.source for one in judgements.values()) == ["a/0", "a/1", "b/0", "c/0"]


def test_a_changed_secret_changes_nothing_that_the_engine_knows() -> None:
    one = document(a=[secret("a"), secret("b")])
    other = document(a=[secret("c"), secret("d")])
    assert set(token_judgements_of(one)) == set(token_judgements_of(other))


def test_places_are_the_same_for_the_same_document() -> None:
    steps = {"one": [secret("a"), secret("b")], "two": [secret("b"), secret("c")]}
    made = [
        token_places(document(**{k: [dict(x) for x in v] for k, v in steps.items()}))
        for _ in (1, 2)
    ]
    assert made[0] == made[1]
