"""The system configuration and the models of an Express Gateway."""

import json

from ostiary.migration.findings import Finding, Verdict
from ostiary.migration.installation import FileText, Installation, report_on
from ostiary.migration.system import judge_model, namespace_of

GATEWAY = """\
http: {port: 8080}
apiEndpoints: {api: {paths: /a}}
serviceEndpoints: {backend: {url: 'http://127.0.0.1:3000'}}
policies: [proxy, oauth2]
pipelines:
  all:
    apiEndpoints: [api]
    policies:
      - proxy: {action: {serviceEndpoint: backend}}
"""
SYSTEM = """\
db:
  redis: {emulate: ${EMULATE:-false}, namespace: shop}
plugins:
  lambda: {package: './lambda'}
crypto: {cipherKey: sensitiveKey}
session: {secret: keyboard cat}
accessTokens: {timeToExpiry: 7200000}
"""


def reported(gateway: str = GATEWAY, system: str = SYSTEM) -> dict[str, Finding]:
    installation = Installation(
        gateway=FileText(name="gateway.config.yml", text=gateway),
        system=FileText(name="system.config.yml", text=system),
        models={},
    )
    found = report_on(installation, {}).findings
    return {one.path: one for one in found if one.position.file == "system.config.yml"}


def test_each_section_has_a_verdict_and_none_stands_in_the_way() -> None:
    found = reported()
    assert list(found) == [
        *("db", "plugins.lambda", "crypto", "session", "accessTokens"),
    ]
    assert {one.verdict for one in found.values()} == {Verdict.DIFFERS}
    assert "--consumers" in found["db"].way_out
    assert "not used" in found["accessTokens"].message


def test_settings_of_tokens_are_not_possible_where_a_pipeline_asks_for_tokens() -> None:
    found = reported(GATEWAY.replace("      - proxy:", "      - oauth2:\n      - proxy:"))
    for path in ("session", "accessTokens"):
        assert found[path].verdict is Verdict.IMPOSSIBLE
        assert "authorization server" in found[path].way_out


def test_a_plug_in_is_not_possible_where_the_pipelines_use_what_is_not_here() -> None:
    found = reported(GATEWAY.replace("      - proxy:", "      - lambda:\n      - proxy:"))
    assert found["plugins.lambda"].verdict is Verdict.IMPOSSIBLE


def test_consumers_in_the_memory_of_the_process_are_asked_for_while_it_runs() -> None:
    found = reported(system=SYSTEM.replace("${EMULATE:-false}", "${EMULATE:-true}"))
    assert "while it runs" in found["db"].way_out


def test_no_plug_ins_are_the_same() -> None:
    assert reported(system="plugins:\n")["plugins"].verdict is Verdict.SAME


def test_the_namespace_is_read_where_there_is_one() -> None:
    assert namespace_of(SYSTEM, "f", {}) == "shop"
    assert namespace_of("db: 1", "f", {}) == namespace_of("", "f", {}) == "EG"


def test_a_system_configuration_that_cannot_be_read_is_told() -> None:
    assert reported(system="a: [")[""].verdict is Verdict.IMPOSSIBLE


def test_a_property_that_consumers_do_not_have_here_is_not_possible() -> None:
    known = {"username": {"type": "string"}, "email": {"type": "string"}}
    (same,) = judge_model("users.json", json.dumps({"properties": known}), "f")
    assert same.verdict is Verdict.SAME
    more = json.dumps({"properties": {**known, "phone": {}}}, indent=2)
    (phone,) = judge_model("users.json", more, "f")
    assert (phone.verdict, phone.path) == (Verdict.IMPOSSIBLE, "properties.phone")
