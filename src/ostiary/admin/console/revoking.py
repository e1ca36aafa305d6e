"""The tab *Revocation*: where revocation lists come from, and how fresh they are."""

from starlette.responses import Response

from ostiary.admin.console.guard import Door
from ostiary.admin.console.visit import Visit

PAGE = "/console/gateway/revocation"


def revocation(visit: Visit) -> Response:
    """Every source, what happens when it ends, and what went wrong last."""
    return visit.page("revocation.html", view=visit.desk.revocations.view())


async def fetch(visit: Visit) -> Response:
    """Fetch one list, or all, at once."""
    await visit.desk.revocations.fetch(visit.session.actor, visit.form.text("source") or None)
    return visit.go(f"{PAGE}?done=fetched")


DOORS: tuple[Door, ...] = (
    ("GET", "/gateway/revocation", revocation),
    ("POST", "/gateway/revocation/fetch", fetch),
)
