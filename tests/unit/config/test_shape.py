"""Many ways of writing become one; what can't be honoured is told by name."""

import pytest

from ostiary.config.foreign import NODE_OPTIONS, POLICIES, PROXY_OPTIONS
from ostiary.config.model.api_endpoint import ApiEndpoint
from ostiary.config.model.condition import AllOf, Always, OneOf
from tests.unit.config.support import (
    MINIMAL,
    SECURE,
    loaded,
    only,
    refused,
    warned,
    with_action,
    with_condition,
)


def test_singular_names_are_accepted() -> None:
    text = MINIMAL.replace("apiEndpoints: [api]", "apiEndpoint: api")
    for name in ("apiEndpoint", "serviceEndpoint", "pipeline"):
        text = text.replace(f"\n{name}s:", f"\n{name}:")
    assert loaded(text).document == loaded(MINIMAL).document


def test_both_names_of_a_section_are_refused() -> None:
    assert "pipelines is given as well" in only(refused(MINIMAL + "pipeline: {}\n"))


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{path: /a}", ApiEndpoint(paths=("/a",))),
        ("{paths: [/a, /b/*]}", ApiEndpoint(paths=("/a", "/b/*"))),
        ("[{host: '*', methods: '*'}]", ApiEndpoint()),
        ("{host: '', methods: ' get ,Post'}", ApiEndpoint(methods=("GET", "POST"))),
        ("{methods: [put], scopes: []}", ApiEndpoint(methods=("PUT",))),
    ],
)
def test_an_endpoint_may_be_written_in_several_ways(entry: str, expected: ApiEndpoint) -> None:
    document = loaded(MINIMAL.replace("{paths: /api/*}", entry)).document
    assert document.api_endpoints["api"] == (expected,)


def test_one_scope_is_a_list_of_one() -> None:
    text = MINIMAL.replace("/api/*", "/api/*, scopes: admin").replace(
        "      - proxy:", "      - key-auth:\n      - proxy:"
    )
    assert loaded(text).document.api_endpoints["api"][0].scopes == ("admin",)


def test_pipelines_may_be_a_list() -> None:
    text = MINIMAL.replace("  main:\n    api", "  - name: main\n    api")
    assert list(loaded(text).document.pipelines) == ["main"]
    assert list(loaded(text.replace("name: main\n    api", "api")).document.pipelines) == ["0"]


def test_two_pipelines_of_one_name_in_a_list_are_refused() -> None:
    text = "http: {port: 1}\npipelines: [%s, %s]" % (
        ("{name: a, apiEndpoints: [], policies: []}",) * 2
    )
    assert "a second pipeline named 'a'" in "\n".join(refused(text))


@pytest.mark.parametrize("steps", ["", "[]", "{}", "[{}]", "[{action: {}}]", "[{action: }]"])
def test_a_policy_without_parameters_is_one_step(steps: str) -> None:
    text = MINIMAL.replace("- proxy:", f"- terminate: {steps}\n      - proxy:")
    (step,) = loaded(text).document.pipelines["main"].policies[0].steps
    assert step.condition == Always()


def test_two_policies_in_one_item_are_refused() -> None:
    line = only(refused(MINIMAL.replace("- proxy:", "- terminate:\n        proxy:")))
    assert "one list item has several policies (terminate, proxy)" in line


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_a_policy_of_express_gateway_we_lack_is_told(name: str) -> None:
    line = only(refused(MINIMAL.replace("- proxy:", f"- {name}:\n      - proxy:")))
    assert line.startswith(f"gw.yml:8:9: error: pipelines.main.policies[0].{name}: ")
    assert f"this version doesn't have the policy {name!r} yet" in line


def test_a_mistyped_policy_or_condition_gets_a_hint() -> None:
    assert "did you mean 'proxy'?" in refused(MINIMAL.replace("- proxy:", "- proxi:"))[0]
    line = only(refused(with_condition("{name: tlsClientAuthenticate}")))
    assert "did you mean 'tlsClientAuthenticated'?" in line


@pytest.mark.parametrize("condition", ["always", "{nam: always}", "{name: }", "[always]"])
def test_a_condition_without_a_name_is_refused(condition: str) -> None:
    assert "condition" in only(refused(with_condition(condition)))


def test_any_of_is_one_of() -> None:
    text = with_condition("{name: anyOf, conditions: [{name: allOf, conditions: []}]}")
    step = loaded(text).document.pipelines["main"].policies[0].steps[0]
    assert step.condition == OneOf(name="anyOf", conditions=(AllOf(conditions=()),))


@pytest.mark.parametrize("option", sorted(NODE_OPTIONS))
def test_an_option_of_node_that_cannot_be_honoured_is_told(option: str) -> None:
    line = only(refused(SECURE.replace("requestCert: true", f"requestCert: true, {option}: 1")))
    assert f"https.options.{option}: the option {option!r} can't be honoured" in line
    assert NODE_OPTIONS[option] in line


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1.1"])
def test_old_tls_is_refused(version: str) -> None:
    text = SECURE.replace("requestCert: true", f"requestCert: true, minVersion: {version}")
    assert "use TLSv1.2 or TLSv1.3" in only(refused(text))


@pytest.mark.parametrize("option", sorted(PROXY_OPTIONS))
def test_a_proxy_option_that_cannot_be_honoured_is_told(option: str) -> None:
    lines = refused(with_action(f"{option}: other"))
    assert f"the proxy option {option!r} can't be honoured" in only(lines)


@pytest.mark.parametrize("option", ["followRedirects: false", "toProxy: false", "auth: "])
def test_such_an_option_at_its_default_is_fine(option: str) -> None:
    assert warned(with_action(option)) == []


def test_proxy_options_of_a_service_are_looked_at_too() -> None:
    text = with_action("xfwd: true", '{url: "http://a", proxyOptions: {autoRewrite: true}}')
    assert "serviceEndpoints.backend.proxyOptions.autoRewrite" in only(refused(text))


def test_proxy_options_of_an_action_are_deprecated() -> None:
    assert "deprecated" in only(warned(with_action("proxyOptions: {xfwd: true}")))


def test_nobody_may_write_the_inner_label_of_an_action() -> None:
    assert "unknown key 'policy'" in only(refused(with_action("policy: terminate")))


def test_empty_sections_are_like_none() -> None:
    sections = "apiEndpoints:\nserviceEndpoints:\npipelines:\npolicies:\nengine:\nhttps:\nlogs:\n"
    assert loaded("http: {port: 80}\n" + sections).document == loaded("http: {port: 80}").document
