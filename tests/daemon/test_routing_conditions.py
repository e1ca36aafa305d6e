"""The real HAProxy judges conditions, and walks pipelines, as a plain reading of them does."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from ostiary.config.model.api_endpoint import ApiEndpoint
from ostiary.config.model.condition import AllOf, Condition, HostMatch, Not, OneOf, PathMatch
from ostiary.config.model.document import Document
from ostiary.config.model.listeners import HttpListener
from ostiary.config.model.pipeline import Pipeline, PolicyUse, Step, TerminateAction
from ostiary.config.model.service_endpoint import ServiceEndpoint
from ostiary.supervisor.binary import EngineBinary
from tests.daemon.compiled import Answer, carried, recorder
from tests.support.conditions import condition, pipeline, url
from tests.support.express import Request, holds, outcome

pytestmark = pytest.mark.daemon

_METHODS = ("GET", "GET", "POST", "DELETE", "OPTIONS")


def _terminate(status: int, message: str, when: Condition | None = None) -> Step:
    action = TerminateAction(status_code=status, message=message)
    return Step(action=action) if when is None else Step(condition=when, action=action)


def _document(
    pipelines: dict[str, Pipeline], port: int, services: dict[str, ServiceEndpoint] | None = None
) -> Document:
    """Each pipeline ``cN`` answers for the host ``cN.test``."""
    return Document(
        http=HttpListener(port=port, hostname="127.0.0.1"),
        api_endpoints={name: (ApiEndpoint(host=f"{name}.test"),) for name in pipelines},
        service_endpoints=services or {},
        pipelines=pipelines,
    )


def _judging(conditions: list[Condition], port: int) -> Document:
    steps = [(_terminate(200, "yes", one), _terminate(201, "no")) for one in conditions]
    return _document(
        {
            f"c{at}": Pipeline(
                api_endpoints=(f"c{at}",), policies=(PolicyUse(name="terminate", steps=pair),)
            )
            for at, pair in enumerate(steps)
        },
        port,
    )


def _requests(dice: Random, count: int, each: int) -> list[tuple[int, Request]]:
    return [
        (at, Request(dice.choice(_METHODS), f"c{at}.test{dice.choice(('', ':80'))}", url(dice)))
        for at in range(count)
        for _ in range(each)
    ]


@pytest.mark.parametrize("number", [1, 2])
def test_random_conditions_hold_when_a_plain_reading_says_so(
    engine_binary: EngineBinary, run_folder: Path, free_port: Callable[[], int], number: int
) -> None:
    dice = Random(number)
    conditions = [condition(dice) for _ in range(120)]
    asked = _requests(dice, len(conditions), 8)
    port = free_port()
    with carried(engine_binary, _judging(conditions, port), run_folder, port) as gateway:
        answers = gateway.ask(request for _, request in asked)
    for (at, request), answer in zip(asked, answers, strict=True):
        expected = "yes" if holds(conditions[at], request) else "no"
        assert answer.text == expected, (conditions[at], request)


@pytest.mark.parametrize("family", [AllOf, OneOf])
def test_two_hundred_long_conditions_fit_haproxys_lines(
    engine_binary: EngineBinary,
    run_folder: Path,
    free_port: Callable[[], int],
    family: type[AllOf] | type[OneOf],
) -> None:
    wanted = family is AllOf
    long = [PathMatch(pattern=f"^/{'.' * 50}{at:03}?") for at in range(150)]
    hosts = [HostMatch(pattern=f"*{'?' * 60}{at}") for at in range(50)]
    many = [Not(condition=one) if wanted else one for one in (*long, *hosts)]
    decisive = PathMatch(pattern="^/yes")
    conditions: list[Condition] = [
        family(conditions=tuple(many)),
        family(conditions=(*many, decisive)),
        Not(condition=family(conditions=(*many, decisive))),
        AllOf(conditions=tuple(OneOf(conditions=(one, decisive)) for one in many[:60])),
    ]
    asked = [(at, Request("GET", f"c{at}.test", path)) for at in range(4) for path in ("/yes", "/")]
    port = free_port()
    with carried(engine_binary, _judging(conditions, port), run_folder, port) as gateway:
        answers = gateway.ask(request for _, request in asked)
    found = [answer.text == "yes" for answer in answers]
    assert found == [holds(conditions[at], request) for at, request in asked]
    assert True in found
    assert False in found


def test_empty_lists_are_true_for_all_and_false_for_one(
    engine_binary: EngineBinary, run_folder: Path, free_port: Callable[[], int]
) -> None:
    port = free_port()
    document = _judging([AllOf(conditions=()), OneOf(conditions=())], port)
    with carried(engine_binary, document, run_folder, port) as gateway:
        assert gateway.get("/", "c0.test").text == "yes"
        assert gateway.get("/", "c1.test").text == "no"


def _told(answer: Answer) -> str:
    if "x-url" in answer.headers:
        return f"service {answer.headers['x-url'].split('/')[1]}"
    return f"answer {answer.status}" + ("" if answer.status == 404 else f" {answer.text}")


@pytest.mark.parametrize("number", [1, 2])
def test_random_pipelines_answer_as_their_steps_read(
    engine_binary: EngineBinary, run_folder: Path, free_port: Callable[[], int], number: int
) -> None:
    dice = Random(number)
    names = ("s0", "s1", "s2")
    pipelines = {f"c{at}": pipeline(dice, f"c{at}", names) for at in range(80)}
    asked = _requests(dice, len(pipelines), 6)
    port = free_port()
    with recorder() as upstream:
        services = {one: ServiceEndpoint(url=f"http://127.0.0.1:{upstream}/{one}") for one in names}
        document = _document(pipelines, port, services)
        with carried(engine_binary, document, run_folder, port) as gateway:
            answers = gateway.ask(request for _, request in asked)
    for (at, request), answer in zip(asked, answers, strict=True):
        expected = outcome(pipelines[f"c{at}"], request)
        assert _told(answer) == expected, (pipelines[f"c{at}"], request)
