"""The listeners' rules about credentials. What they find is shown on the real HAProxy."""

from ostiary.compiler.credentials import credential_rules
from ostiary.compiler.enforcement import Gate
from ostiary.compiler.profiles import Profiles, profiles_of
from ostiary.compiler.routes import route_table
from tests.unit.compiler.test_profiles import document


def profiles() -> Profiles:
    return profiles_of(document(), route_table(document().api_endpoints))


def test_without_pipelines_that_ask_for_credentials_no_request_pays() -> None:
    assert credential_rules(Profiles(), str, None) == []


def test_of_who_gets_to_no_pipeline_nothing_is_looked_for() -> None:
    gate = Gate(rules=(), passes="unless { refused }", answers=())
    rules = credential_rules(profiles(), str, gate)
    judgements = [rule for rule in rules if "map_str(credentials-" in rule]
    assert len(judgements) == 2
    assert all(rule.endswith("unless { refused }") for rule in judgements)


def test_the_rules_are_those_of_the_places_whatever_the_number_of_apis() -> None:
    more = {f"x{number}": document().api_endpoints["d"] for number in range(50)}
    many = document().model_copy(update={"api_endpoints": {**document().api_endpoints, **more}})
    found = profiles_of(many, route_table(many.api_endpoints))
    assert credential_rules(found, str, None) == credential_rules(profiles(), str, None)


def test_what_one_place_has_found_is_forgotten_before_the_next() -> None:
    rules = credential_rules(profiles(), str, None)
    (second,) = (at for at, rule in enumerate(rules) if "map_str(credentials-2" in rule)
    forgotten = {rule for rule in rules[:second] if rule.startswith("http-request unset-var")}
    for name in ("jid", "cval", "cuntil", "cnew", "ccode", "cwho", "cpassed"):
        assert f"http-request unset-var(txn.ost.{name})" in forgotten
