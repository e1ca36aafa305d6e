"""The API keeps what its description promises, whatever is sent: no traceback, no odd answer."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.types import ASGIApp, Receive, Scope, Send

from ostiary.admin.app import Surroundings, create_app, openapi_of
from ostiary.admin.peer import Peer
from ostiary.management.authority.inviting import Invitation, invite
from ostiary.management.authority.orders import Founding
from ostiary.management.authority.profile import Profile
from ostiary.wiring.certifying import found_house
from tests.support.desk import DeskRig, make_desk, run

pytestmark = pytest.mark.filterwarnings("ignore")

_EXAMPLES = 6


class AsOwner:
    """Lets requests come as they do over the unix socket, and brings most of them as far as the
    rooms behind the lock: without wrong tokens, with an If-Match, and with numbers of rows that
    are there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._asked += 1
        scope.setdefault("state", {})["peer"] = Peer(uid=os.geteuid(), secure=True)
        left_out = {b"authorization"} if self._asked % 4 == 0 else {b"authorization", b"if-match"}
        headers = [one for one in scope["headers"] if one[0].lower() not in left_out]
        if self._asked % 4:
            headers.append((b"if-match", b"*"))
        parts = [
            str(int(part) % 2 + 1) if part.isdecimal() else part
            for part in scope["path"].split("/")
        ]
        await self._app({**scope, "headers": headers, "path": "/".join(parts)}, receive, send)


def _desk() -> DeskRig:
    rig = make_desk(Path(tempfile.mkdtemp(prefix="ostiary-fuzz-")))
    rig.trusting("partners")
    run(rig.management.names.add(rig.order(), None, ["CN=a,**"]))
    with found_house(rig.state / "ca", None, Founding(name="Example"), Profile()) as house:
        invite(house, Invitation(name="*"))
    return rig


DESK = _desk()
APP = create_app(DESK.management, Surroundings(clock=DESK.clock, metrics=lambda: b""))
SCHEMA = schemathesis.openapi.from_dict(openapi_of(APP))
SCHEMA.app = AsOwner(APP)


@pytest.fixture(scope="module", autouse=True)
def closing() -> Iterator[None]:
    yield
    DESK.database.close()


@SCHEMA.parametrize()
@hypothesis.settings(
    max_examples=_EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
def test_the_api_keeps_its_promises(case: schemathesis.Case) -> None:
    case.call_and_validate(
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ]
    )
