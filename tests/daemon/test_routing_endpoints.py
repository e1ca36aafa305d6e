"""The real HAProxy answers from the endpoint that the plain walk names."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from ostiary.config.model.api_endpoint import ApiEndpoint
from ostiary.config.model.document import Document
from ostiary.config.model.listeners import HttpListener
from ostiary.config.model.pipeline import Pipeline, PolicyUse, Step, TerminateAction
from ostiary.supervisor.binary import EngineBinary
from tests.daemon.compiled import carried
from tests.support.express import Request, endpoint_of
from tests.support.routes import endpoints, request

pytestmark = pytest.mark.daemon

# HEAD has no body, so each endpoint has a status of its own as well.
_STATUSES = [status for status in range(206, 600) if status not in (304, 400, 404, 408)]
_Endpoints = dict[str, tuple[ApiEndpoint, ...]]


def _document(written: _Endpoints, port: int) -> Document:
    pipelines = {
        f"p-{name}": Pipeline(
            api_endpoints=(name,),
            policies=(
                PolicyUse(
                    name="terminate",
                    steps=(Step(action=TerminateAction(status_code=status, message=name)),),
                ),
            ),
        )
        for name, status in zip(written, _STATUSES, strict=False)
    }
    return Document(
        http=HttpListener(port=port, hostname="127.0.0.1"),
        api_endpoints=written,
        pipelines=pipelines,
    )


@pytest.mark.parametrize("size", [200, 60, 8])
def test_random_endpoints_answer_as_the_plain_walk_says(
    engine_binary: EngineBinary, run_folder: Path, free_port: Callable[[], int], size: int
) -> None:
    dice = Random(size)
    written = endpoints(dice, size)
    asked = [request(dice) for _ in range(700)]
    port = free_port()
    with carried(engine_binary, _document(written, port), run_folder, port) as gateway:
        answers = gateway.ask(asked)
    for one, answer in zip(asked, answers, strict=True):
        name = endpoint_of(written, one)
        expected = 404 if name is None else _STATUSES[int(name[1:])]
        assert answer.status == expected, (one, name, answer)
        if name is not None and one.method != "HEAD":
            assert answer.text == name


def test_requests_of_no_endpoint_and_of_endpoints_in_no_pipeline_are_404(
    engine_binary: EngineBinary, run_folder: Path, free_port: Callable[[], int]
) -> None:
    port = free_port()
    document = f"""
http: {{port: {port}, hostname: 127.0.0.1}}
apiEndpoints:
  unbound: {{host: a.com, paths: /a}}
  behind: {{paths: [/a, /b]}}
pipelines:
  p:
    apiEndpoints: [behind]
    policies: [terminate: {{action: {{statusCode: 200, message: behind}}}}]
"""
    with carried(engine_binary, document, run_folder, port) as gateway:
        asked = [Request("GET", *one) for one in (("a.com", "/a"), ("a.com", "/c"), ("b", "/a"))]
        answers = gateway.ask(asked)
    assert [answer.status for answer in answers] == [404, 404, 200]
    assert answers[0].headers["content-type"] == "application/problem+json"
