"""Names that lead nowhere, and what can never happen."""

import pytest

from tests.unit.config.support import MINIMAL, only, refused, warned, with_action

HTTPS = '{url: "https://127.0.0.1:3000"}'


def with_endpoints(endpoints: str, names: str) -> str:
    text = MINIMAL.replace("{api: {paths: /api/*}}", endpoints)
    return text.replace("[api]", f"[{names}]")


def test_an_unknown_endpoint_gets_a_hint() -> None:
    lines = refused(MINIMAL.replace("[api]", "[api, apj]"))
    assert "no apiEndpoint named 'apj' (did you mean 'api'?)" in only(lines)


def test_an_unknown_service_gets_a_hint() -> None:
    lines = refused(MINIMAL.replace("serviceEndpoint: backend", "serviceEndpoint: backed"))
    assert "no serviceEndpoint named 'backed' (did you mean 'backend'?)" in only(lines)


def test_an_endpoint_in_two_pipelines_is_refused() -> None:
    second = "  two: {apiEndpoints: [api], policies: [{terminate: }]}\n"
    assert "'api' already belongs to the pipeline 'main'" in only(refused(MINIMAL + second))


def test_an_endpoint_in_no_pipeline_is_a_warning() -> None:
    text = MINIMAL.replace("{api:", "{other: {paths: /o}, api:")
    assert "apiEndpoints.other: is in no pipeline" in only(warned(text))


@pytest.mark.parametrize(
    ("condition", "warns"),
    [
        ("", True),
        ("condition: {name: always}, ", True),
        ("condition: {name: not, condition: {name: never}}, ", True),
        ("condition: {name: allOf, conditions: []}, ", True),
        ("condition: {name: oneOf, conditions: [{name: always}, {name: never}]}, ", True),
        ("condition: {name: oneOf, conditions: []}, ", False),
        ("condition: {name: never}, ", False),
        ("condition: {name: not, condition: {name: method, methods: GET}}, ", False),
        ("condition: {name: allOf, conditions: [{name: pathExact, path: /}]}, ", False),
    ],
)
def test_a_step_behind_one_that_always_answers_is_a_warning(condition: str, warns: bool) -> None:
    text = MINIMAL.replace("- proxy:", f"- terminate: {{{condition}action: {{}}}}\n      - proxy:")
    lines = warned(text)
    assert [": is never reached: an earlier step" in line for line in lines] == [True] * warns


def test_a_pipeline_without_policies_is_a_warning() -> None:
    head = MINIMAL.partition("    policies:")[0]
    assert "has no policy that answers" in only(warned(head + "    policies: []\n"))


def test_mutual_tls_to_a_plain_service_is_refused() -> None:
    action = "target: {keyFile: k, certFile: c}"
    assert "isn't https" in only(refused(with_action(action)))
    assert warned(with_action(action, HTTPS)) == []


def test_an_unverified_service_is_a_warning() -> None:
    assert "isn't verified" in only(warned(with_action("secure: false", HTTPS)))


@pytest.mark.parametrize("header", ["client-cert", "X_Client_Cert_SHA256", "EG-Request-Id"])
def test_a_static_header_cannot_pose_as_the_client(header: str) -> None:
    line = only(refused(with_action(f"headers: {{{header}: x}}")))
    assert "tells who the client is" in line


def test_a_wide_host_in_front_of_an_exact_one_is_a_warning() -> None:
    text = with_endpoints("{wide: {host: '*.a.com'}, b: {host: b.A.com}}", "wide, b")
    line = only(warned(text))
    assert "apiEndpoints.b.host: is never reached: '*.a.com' of 'wide' comes first" in line


@pytest.mark.parametrize(
    "endpoints",
    [
        "{b: {host: b.a.com}, wide: {host: '*.a.com'}}",
        "{wide: {host: '*.a.com', paths: /x}, b: {host: b.a.com}}",
        "{wide: {host: '*.a.com'}, b: {host: c.b.a.com}}",
        "{wide: {host: '*.a.com', methods: GET}, b: {host: b.a.com}}",
    ],
)
def test_a_host_that_can_be_reached_is_no_reason_to_warn(endpoints: str) -> None:
    assert warned(with_endpoints(endpoints, "wide, b")) == []


def test_paths_beside_a_path_regex_are_a_warning() -> None:
    text = MINIMAL.replace("/api/*}", "/api/*, pathRegex: /x}")
    assert "is ignored, since pathRegex is given" in only(warned(text))


def test_an_api_without_entries_is_refused() -> None:
    assert "has no entry" in only(refused(MINIMAL.replace("{paths: /api/*}", "[]")))
