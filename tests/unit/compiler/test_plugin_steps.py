"""Plug-ins' steps as rules: without an answer nobody goes on."""

import re

from ostiary.compiler.asks import asks_of
from ostiary.compiler.pipelines import compile_pipeline
from ostiary.plugins.interface import REFUSALS
from tests.unit.config.test_plugins import document, when


def rules(*steps: str) -> str:
    found = document(*steps)
    return "\n".join(compile_pipeline(1, "p", found.pipelines["p"]).choosing)


def test_a_policy_refuses_with_each_status_that_it_may_and_with_403_else() -> None:
    made = rules("does: {action: {headers: [x-a]}}")
    refused = r"http-request return status (\d+) .* \{ var\(txn\.ost\.aout\) -m int 6 \}(.*)"
    found = re.findall(refused, made)
    assert [int(status) for status, _ in found] == [*REFUSALS, 403]
    assert found[-1][1] == ""


def test_whatever_lets_nobody_go_on_is_before_what_changes_the_request() -> None:
    made = rules("does: {action: {headers: [x-a]}}").splitlines()
    last = [at for at, rule in enumerate(made) if "!{ var(txn.ost.aout) -m int 3 }" in rule]
    changes = [at for at, rule in enumerate(made) if "set-header 'x-a'" in rule]
    assert len(last) == len(changes) == 1
    assert "return status 500" in made[last[0]]
    assert last < changes


def test_what_is_asked_is_told_apart_by_package_version_and_parameters() -> None:
    one, other = (asks_of(document(when(f"{{name: holds, n: {n}}}"))) for n in (1, 2))
    assert len(one) == len(other) == 1
    assert one.keys() != other.keys()


def test_a_condition_is_asked_and_its_body_is_not() -> None:
    made = rules(when("{name: holds}"))
    assert "send-spoe-group ostiary step " in made
    assert "wait-for-body" not in made
