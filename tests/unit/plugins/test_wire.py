"""What goes to the process of a plug-in is the same there, and what comes back is looked at."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ostiary.plugins.answers import BadAnswer, Checked, Goes, Holds, Refused
from ostiary.plugins.call import Kind, PluginCall
from ostiary.plugins.interface import Certificate, Identity, Request
from ostiary.plugins.wire import (
    answer_of,
    identity_of,
    request_of,
    told_answer,
    told_identity,
    told_request,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CERTIFICATE = Certificate(
    subject="CN=a",
    issuer="CN=b",
    names={"CN": ("a",)},
    alternative_names=("DNS:a.example",),
    serial="0A",
    fingerprint="00",
    not_before=NOW,
    not_after=None,
)


def call(kind: Kind) -> PluginCall:
    return PluginCall(
        kind=kind, name="n", package="p", version="1", parameters="{}", headers=("x-a",)
    )


def again(told: dict[str, Any]) -> Any:
    return json.loads(json.dumps(told))


@pytest.mark.parametrize(
    "identity",
    [Identity(), Identity(consumer="c"), Identity(certificate=CERTIFICATE, consumer="c")],
)
def test_an_identity_comes_as_it_went(identity: Identity) -> None:
    assert identity_of(again(told_identity(identity))) == identity


def test_a_request_comes_as_it_went() -> None:
    request = Request(method="POST", path="/a", query="b", headers={"x-a": ("1", "\xff")}, id="i")
    assert request_of(again(told_request(request))) == request


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (Kind.CONDITION, Holds(True)),
        (Kind.CONDITION, Holds(False)),
        (Kind.POLICY, Goes({"x-a": "1"})),
        (Kind.POLICY, Goes({"x-a": None})),
        (Kind.POLICY, Refused(451, "no")),
    ],
)
def test_an_answer_comes_as_it_went(kind: Kind, answer: Checked) -> None:
    assert answer_of(again(told_answer(answer)), call(kind)) == answer


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Kind.CONDITION, None),
        (Kind.CONDITION, {"kind": "Holds", "value": 1}),
        (Kind.CONDITION, {"kind": "Goes", "headers": {}}),
        (Kind.POLICY, {"kind": "Holds", "value": True}),
        (Kind.POLICY, {"kind": "Goes", "headers": {"x-b": "1"}}),
        (Kind.POLICY, {"kind": "Goes", "headers": {"x-a": "1\r\n"}}),
        (Kind.POLICY, {"kind": "Goes", "headers": {"x-a": 1}}),
        (Kind.POLICY, {"kind": "Refused", "status": 200, "reason": ""}),
        (Kind.POLICY, {"kind": "Refused", "status": 403, "reason": "\n"}),
        (Kind.POLICY, {"kind": "Refused", "status": "403", "reason": ""}),
    ],
)
def test_a_process_is_believed_nothing_that_a_plugin_may_not_say(kind: Kind, told: Any) -> None:
    with pytest.raises(BadAnswer):
        answer_of(told, call(kind))
