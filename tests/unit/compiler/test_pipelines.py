"""Pipelines as branches. What they answer is shown on the real HAProxy."""

from ostiary.compiler.pipelines import CompiledPipeline, compile_pipeline
from ostiary.config.model.condition import Condition, Method, Never, OneOf, PathExact
from ostiary.config.model.pipeline import Pipeline, PolicyUse, ProxyAction, Step, TerminateAction

GET = Method(methods=("GET",))
PUT = Method(methods=("PUT",))


def _proxy(name: str, when: Condition | None = None) -> Step:
    action = ProxyAction(service_endpoint=name)
    return Step(condition=when, action=action) if when else Step(action=action)


def _say(status: int, when: Condition | None = None) -> Step:
    action = TerminateAction(status_code=status, message="")
    return Step(condition=when, action=action) if when else Step(action=action)


def _compiled(*steps: Step) -> CompiledPipeline:
    policies = tuple(PolicyUse(name=step.action.policy, steps=(step,)) for step in steps)
    return compile_pipeline(7, "p", Pipeline(api_endpoints=("a",), policies=policies))


def _rules(*steps: Step) -> list[str]:
    (branch,) = _compiled(*steps).branches
    return [rule.partition(" content-type")[0] for rule in branch.rules]


def test_a_pipeline_without_an_answer_says_404() -> None:
    assert _rules() == ["http-request return status 404"]
    assert _rules(_say(201, Never())) == ["http-request return status 404"]


def test_nothing_is_written_behind_a_step_that_always_answers() -> None:
    assert _rules(_say(201), _say(202), _proxy("s")) == ["http-request return status 201"]
    assert _compiled(_say(201), _proxy("s")).branches[0].proxy is None


def test_an_unconditional_proxy_needs_no_rule() -> None:
    (branch,) = _compiled(_proxy("s"), _say(400)).branches
    assert branch.rules == ()
    assert branch.proxy == ProxyAction(service_endpoint="s")


def test_a_proxy_that_never_runs_has_no_server() -> None:
    assert _compiled(_proxy("s", Never())).branches[0].proxy is None


def test_several_proxies_are_branches_with_what_stands_before_them() -> None:
    compiled = _compiled(_proxy("s", GET), _say(403, PUT), _proxy("t", PUT), _say(400))
    assert [branch.name for branch in compiled.branches] == ["pl7_1", "pl7_2", "pl7_end"]
    assert [len(branch.rules) for branch in compiled.branches] == [0, 1, 2]
    guard = "{ var(txn.ost.pl) -m int eq 7 }"
    assert compiled.choosing == (
        f"use_backend pl7_1 if {guard} {{ method GET }}",
        f"use_backend pl7_2 if {guard} {{ method PUT }}",
    )
    assert compiled.default == "pl7_end"


def test_a_last_branch_that_takes_the_rest_is_the_default() -> None:
    compiled = _compiled(_proxy("s", GET), _proxy("t"), _say(400))
    assert [branch.name for branch in compiled.branches] == ["pl7_1", "pl7_2"]
    assert compiled.default == "pl7_2"
    assert len(compiled.choosing) == 1


def test_a_choice_of_alternatives_is_a_rule_each() -> None:
    either = OneOf(conditions=(GET, PathExact(path="/a")))
    compiled = _compiled(_proxy("s", either), _proxy("t", PUT))
    assert [rule.split(" if ")[0] for rule in compiled.choosing] == [
        *("use_backend pl7_1", "use_backend pl7_1", "use_backend pl7_2")
    ]
