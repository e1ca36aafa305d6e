"""Thousands of endpoints and pipelines: compiled at once, taken by HAProxy, answered rightly."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ostiary.config.model.listeners import HttpListener
from ostiary.supervisor.binary import EngineBinary
from tests.daemon.compiled import carried, compiled
from tests.support.express import Request
from tests.unit.compiler.test_compile import document

pytestmark = pytest.mark.daemon

# Said generously, for a busy machine: it takes a fraction of this.
_LONGEST_SECONDS = 10.0


def test_two_thousand_pipelines_of_four_thousand_endpoints_answer(
    engine_binary: EngineBinary, run_folder: Path, free_port: Callable[[], int]
) -> None:
    port = free_port()
    many = document(1000).model_copy(update={"http": HttpListener(port=port, hostname="127.0.0.1")})
    started = time.monotonic()
    compiled(many, run_folder)
    assert time.monotonic() - started < _LONGEST_SECONDS
    with carried(engine_binary, many, run_folder, port) as gateway:
        answers = gateway.ask(
            request
            for at in (0, 499, 999)
            for request in (
                Request("POST", "x", f"/c{at}/1"),
                Request("PUT", "api.example.com", f"/t/d{at}/1"),
                Request("GET", "x", f"/a{at}"),
            )
        )
    assert [answer.status for answer in answers] == [400, 400, 404] * 3
    assert [answer.text for answer in answers if answer.status == 400] == ["Terminated"] * 6
