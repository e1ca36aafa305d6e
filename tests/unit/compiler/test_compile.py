"""A document becomes the same files each time, and a thousand endpoints cost what one costs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ostiary.compiler.bundle import Materials, Place
from ostiary.compiler.compile import compile_document
from ostiary.config.effective import effective
from ostiary.config.load import load
from ostiary.config.model.document import Document

_PLACE = Place(folder="/f", run_folder="/r", revision=1)
_KINDS = """
  a{n}: {{host: api{n}.example.com, paths: [/a{n}, "/a{n}/*"], methods: "GET,POST"}}
  b{n}: {{host: "*.s{n}.example.org", paths: "/b{n}/:id"}}
  c{n}: {{paths: ["/c{n}/*", "/c{n}/:id/d"]}}
  d{n}: [{{paths: /d{n}}}, {{host: api.example.com, paths: "/:tenant/d{n}/*", methods: PUT}}]
"""
_PIPELINES = """
  p{n}: {{apiEndpoints: [a{n}, b{n}], policies: [proxy: {{action: {{serviceEndpoint: s{m}}}}}]}}
  q{n}:
    apiEndpoints: [c{n}, d{n}]
    policies:
      - terminate: [{{condition: {{name: not, condition: {{name: method, methods: GET}}}}}}]
      - proxy: {{action: {{serviceEndpoint: s{m}, stripPath: true}}}}
"""


def document(count: int) -> Document:
    """``count`` times four endpoints of the common kinds, in two pipelines."""
    endpoints = "".join(_KINDS.format(n=n) for n in range(count))
    pipelines = "".join(_PIPELINES.format(n=n, m=n % 10) for n in range(count))
    services = "".join(f'\n  s{m}: {{url: "http://127.0.0.1:{9000 + m}/b"}}' for m in range(10))
    text = (
        f"http: {{port: 8080}}\napiEndpoints:{endpoints}\n"
        f"serviceEndpoints:{services}\npipelines:{pipelines}"
    )
    return load(text, "gateway.config.yml", {}).document


def _frontend(found: Document) -> list[str]:
    cfg = (
        compile_document(found, Materials(), _PLACE, effective(found)).files["haproxy.cfg"].decode()
    )
    return cfg.split("frontend http\n")[1].split("\n\n")[0].splitlines()


def test_a_thousand_endpoints_add_no_rule_to_the_frontend() -> None:
    one, thousand = _frontend(document(1)), _frontend(document(250))
    assert thousand == one


def test_a_pipeline_with_several_services_adds_only_its_own_choice() -> None:
    text = """
http: {port: 8080}
apiEndpoints: {a: {}}
serviceEndpoints: {s: {url: "http://s"}}
pipelines:
  p:
    apiEndpoints: [a]
    policies:
      - proxy:
          - {condition: {name: method, methods: GET}, action: {serviceEndpoint: s}}
          - {action: {serviceEndpoint: s}}
"""
    rules = _frontend(load(text, "f", {}).document)
    guard = "{ var(txn.ost.pl) -m int eq 1 }"
    assert [rule.strip() for rule in rules if "use_backend" in rule] == [
        f"use_backend pl1_1 if {guard} {{ method GET }}",
        "use_backend %[var(txn.ost.route),map_str(/f/backends.map,ost_not_found)]",
    ]


def test_the_same_document_gives_the_same_bytes_in_any_process() -> None:
    script = (
        "import hashlib\n"
        "from tests.unit.compiler.test_compile import _PLACE, document\n"
        "from ostiary.compiler.bundle import Materials\n"
        "from ostiary.compiler.compile import compile_document\n"
        "from ostiary.config.effective import effective\n"
        "found = document(5)\n"
        "files = compile_document(found, Materials(), _PLACE, effective(found)).files\n"
        "print(hashlib.sha256(repr(list(files.items())).encode()).hexdigest())\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parents[3],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            check=True,
            capture_output=True,
        ).stdout
        for hash_seed in ("1", "2", "3")
    }
    assert len(said) == 1


def test_sections_stand_in_the_order_of_the_document() -> None:
    found = document(3)
    cfg = (
        compile_document(found, Materials(), _PLACE, effective(found)).files["haproxy.cfg"].decode()
    )
    titles = [line for line in cfg.splitlines() if line and line[0] not in " #"]
    assert titles == [
        *("global", "defaults", "frontend http"),
        *(f"backend pl{number}" for number in range(1, 7)),
        *("backend ost_not_found", "backend ost_verdicts", "backend ost_called"),
        "backend ost_agent",
    ]


@pytest.mark.parametrize("name", ["a\nb", "a\tb"])
def test_a_name_can_not_open_a_line_of_its_own(name: str) -> None:
    found = document(1)
    pipelines = {name: found.pipelines["p0"]}
    renamed = found.model_copy(update={"pipelines": pipelines})
    cfg = compile_document(renamed, Materials(), _PLACE, effective(renamed)).files["haproxy.cfg"]
    assert b"# pipelines.a?b\n" in cfg
