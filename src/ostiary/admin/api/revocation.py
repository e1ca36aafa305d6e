"""Sources of revocation lists: how fresh they are, and fetching at once."""

from fastapi import Request
from starlette.responses import Response

from ostiary.admin.api.doors import Door
from ostiary.admin.bodies import FetchLists
from ostiary.admin.lock import actor_of
from ostiary.admin.replies import Shape, desk_of
from ostiary.management.revocation_views import RevocationView

_REVOCATION = Shape[RevocationView](RevocationView)


def read_revocation(request: Request) -> Response:
    """Where revocation lists come from, how fresh they are, and what happens when they end."""
    return _REVOCATION.answer(desk_of(request).revocations.view())


async def fetch_revocation(request: Request, body: FetchLists) -> Response:
    """Fetch lists at once; the answer comes when what came of it acts. Needs the role operator."""
    revocations = desk_of(request).revocations
    await revocations.fetch(actor_of(request), body.source)
    return _REVOCATION.answer(revocations.view())


DOORS = (
    Door("GET", "/revocation", read_revocation, RevocationView),
    Door("POST", "/revocation/fetch", fetch_revocation, RevocationView),
)
