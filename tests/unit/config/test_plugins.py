"""Plug-ins in the configuration: who may be named where, and what is told of what is wrong."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ostiary.config.load import load
from ostiary.config.model.condition import Not
from ostiary.config.model.plugins import PluginAction, PluginCondition
from ostiary.kernel.problems import ConfigRefused
from ostiary.plugins.call import Fault, Inspected, Kind, Offer, PluginCall, Use

HEAD = """
http: {port: 8080}
apiEndpoints: {a: {paths: /a}}
serviceEndpoints: {s: {url: "http://127.0.0.1:9"}}
"""
NONE_NAMED = "plugins: []\n"
NAMED = "plugins: [Good_Package]\n"
PROXY = "proxy: {action: {serviceEndpoint: s}}"
HOLDS = Offer(kind=Kind.CONDITION, name="holds", package="good-package", version="1")
DOES = Offer(kind=Kind.POLICY, name="does", package="good-package", version="1")


def inspected(packages: tuple[str, ...], uses: tuple[Use, ...], **more: Any) -> Inspected:
    """A package with a condition and a policy, whose parameter ``bad`` is wrong."""
    offers = (HOLDS, DOES)
    calls, wrong = {}, {}
    for use in uses:
        given = json.loads(use.parameters)
        if (use.kind, use.name) not in {(one.kind, one.name) for one in offers}:
            continue
        if "bad" in given:
            wrong[use] = (Fault(("bad",), "can't be used: bad", "mend it"),)
            continue
        calls[use] = PluginCall(
            kind=use.kind,
            name=use.name,
            package="good-package",
            version="1",
            parameters=use.parameters,
            headers=tuple(given.get("headers", ())),
        )
    assert packages == ("good-package",)
    return replace(Inspected(offers=offers, calls=calls, wrong=wrong), **more)


def document(*steps: str, head: str = NAMED, **more: Any) -> Any:
    lines = "".join(f"      - {step}\n" for step in (*steps, PROXY))
    text = f"{HEAD}{head}pipelines:\n  p:\n    apiEndpoints: [a]\n    policies:\n{lines}"
    return load(text, "gw.yml", {}, inspect=lambda *asked: inspected(*asked, **more)).document


def problems(*steps: str, head: str = NAMED, **more: Any) -> list[str]:
    with pytest.raises(ConfigRefused) as refused:
        document(*steps, head=head, **more)
    return [str(one) for one in refused.value.problems]


def when(condition: str) -> str:
    return f"terminate: {{condition: {condition}, action: {{statusCode: 402}}}}"


def test_a_plugin_is_written_like_any_other_condition_or_policy() -> None:
    found = document(
        when("{name: not, condition: {name: holds, n: 1}}"), "does: {action: {a: b}}", "does"
    )
    assert found.plugins == ("good-package",)
    first, second, third, _ = (use.steps[0] for use in found.pipelines["p"].policies)
    assert isinstance(first.condition, Not)
    inner = first.condition.condition
    assert isinstance(inner, PluginCondition)
    assert inner.call is not None
    assert (inner.call.name, inner.call.parameters) == ("holds", '{"n": 1}')
    for step, parameters in ((second, '{"a": "b"}'), (third, "{}")):
        assert isinstance(step.action, PluginAction)
        assert step.action.call is not None
        assert step.action.call.parameters == parameters


def test_an_installed_package_that_is_not_named_does_nothing() -> None:
    assert "unknown condition 'holds'" in problems(when("{name: holds}"), head=NONE_NAMED)[0]
    assert "unknown policy 'does'" in problems("does", head="")[0]


def test_what_is_wrong_with_parameters_is_told_where_it_is_written() -> None:
    (told,) = problems(when("{name: holds, bad: 1}"))
    place = "pipelines.p.policies[0].terminate.condition.bad"
    assert told == f"gw.yml:10:51: error: {place}: can't be used: bad (mend it)"
    (told,) = problems("does: {condition: {name: always}, action: {bad: 1}}")
    assert "does.action.bad: can't be used: bad" in told


def test_a_name_that_nobody_has_is_told_with_those_that_are_near() -> None:
    (told,) = problems(when("{name: hold}"))
    assert "unknown condition 'hold' (did you mean 'holds'?)" in told
    (told,) = problems("dose")
    assert "unknown policy 'dose' (did you mean 'does'?)" in told
    assert "unknown policy 'holds'" in problems("holds")[0]


def test_a_package_that_can_not_be_used_is_told_at_its_name() -> None:
    faults = {"good-package": "it isn't installed"}
    found = problems(head=NAMED, faults=faults)
    assert "gw.yml:5:11: error: plugins[0]: the package 'good-package'" in found[0]
    assert "it isn't installed" in found[0]


def test_a_plugin_that_can_not_be_imported_hurts_only_who_names_it() -> None:
    offers = (replace(HOLDS, fault="no module"), DOES)
    assert document("does", offers=offers)
    with pytest.raises(ConfigRefused, match="no module"):
        document(when("{name: holds}"), offers=offers, calls={})


@pytest.mark.parametrize("name", ["method", "proxy"])
def test_a_plugin_can_not_take_a_name_of_the_gateway(name: str) -> None:
    kind = Kind.CONDITION if name == "method" else Kind.POLICY
    (told,) = problems(offers=(replace(DOES, kind=kind, name=name),))
    assert "is one of the gateway already" in told


@pytest.mark.parametrize("header", ["connection", "X-Forwarded-For", "x y", "ostiary-subject"])
def test_headers_of_http_and_of_identity_are_not_theirs(header: str) -> None:
    head = NAMED + "identity: {headers: {subject: ostiary-subject}}\n"
    (told,) = problems(f"does: {{action: {{headers: [{header.lower()}]}}}}", head=head)
    assert header.lower() in told


def test_plugins_of_express_gateway_are_told_what_they_are() -> None:
    (told,) = problems(head="plugins: {rewrite: {package: express-gateway-plugin-rewrite}}\n")
    assert "Express Gateway's are JavaScript" in told


def test_policies_lists_plugins_as_well() -> None:
    assert document("does", head=f"{NAMED}policies: [does, proxy]\n")
    assert (
        "the policy 'does' isn't in policies"
        in problems("does", head=f"{NAMED}policies: [proxy]\n")[0]
    )


def test_a_plugin_is_no_condition_of_that_very_name() -> None:
    assert "unknown condition 'plugin'" in problems(when("{name: plugin, plugin: holds}"))[0]
