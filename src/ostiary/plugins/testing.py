"""For the tests of plug-ins: ask one as the gateway does, without a gateway.

from ostiary.plugins import Certificate, Continue, Identity
from ostiary.plugins.testing import ask, identity_of

def test_the_tenant_is_told() -> None:
    policy = TenantOfCertificate(header="x-tenant")
    answer = ask(policy, identity=identity_of(OU="north"))
    assert answer == Continue(set_headers={"x-tenant": "north"})
"""

import asyncio
import inspect
from typing import Any

from ostiary.plugins.answers import BadAnswer, call_of, checked
from ostiary.plugins.interface import Answer, Certificate, Identity, Plugin, Request

__all__ = ["BadAnswer", "ask", "identity_of"]


def ask(
    plugin: Plugin, request: Request | None = None, identity: Identity | None = None
) -> bool | Answer:
    """What it answers, checked as the gateway checks it.

    Raises BadAnswer for what a plug-in may not say, TimeoutError where an ``async`` one takes
    longer than its ``time_limit``, and whatever it raises itself.
    """
    answer = call_of(plugin, request or Request(), identity or Identity())
    if inspect.isawaitable(answer):
        answer = asyncio.run(_in_time(answer, plugin.time_limit))
    checked(plugin, answer)
    known: bool | Answer = answer
    return known


async def _in_time(answer: Any, seconds: float) -> Any:
    async with asyncio.timeout(seconds):
        return await answer


def identity_of(*, consumer: str = "", **names: str) -> Identity:
    """Somebody with a certificate that has these names: ``identity_of(CN="a", OU="b")``."""
    subject = ",".join(f"{name}={value}" for name, value in reversed(names.items()))
    certificate = Certificate(
        subject=subject,
        issuer="CN=Test authority",
        names={name: (value,) for name, value in names.items()},
        serial="01",
        fingerprint="00" * 32,
    )
    return Identity(certificate=certificate, consumer=consumer)
