"""What was seen: clients, live events, and the audit log."""

from starlette.responses import Response

from ostiary.admin.console.guard import Door
from ostiary.admin.console.visit import HEADERS, Visit

_ROWS = 50
_SOON = 90


def clients(visit: Visit) -> Response:
    """Certificates seen, with search and filters."""
    state = visit.asked("state")
    admitted = {"admitted": True, "refused": False}.get(state)
    search, api, issuer = visit.asked("q"), visit.asked("api"), visit.asked("issuer")
    near = state == "expiring"
    found = visit.desk.sightings.clients(
        search=search,
        api=api or None,
        admitted=admitted,
        expiring_days=_SOON if near else None,
        issuer=issuer,
        cursor=visit.asked("cursor") or None,
        limit=_ROWS,
    )
    return visit.page(
        "clients.html",
        found=found,
        search=search,
        state=state,
        api=api,
        issuer=issuer,
        apis=visit.desk.settings.apis(),
        cursor=visit.asked("cursor"),
    )


def client(visit: Visit) -> Response:
    """One of them."""
    found = visit.desk.sightings.client(visit.request.path_params["fingerprint"])
    return visit.page("client.html", view=found)


def events(visit: Visit) -> Response:
    """Refusals as they happen; without JavaScript a reload shows the newer ones."""
    found = visit.desk.sightings.events(limit=100)
    return visit.page(
        "events.html", events=found[::-1], after=_last(found), live=visit.asked("live") != "0"
    )


def event_rows(visit: Visit) -> Response:
    """Rows newer than the last that was shown."""
    after = visit.number("after") or 0
    found = visit.desk.sightings.events(after=after, limit=100)
    if not found:
        return Response(status_code=204, headers=HEADERS)
    return visit.console.render(
        visit.request, "_event_rows.html", events=found[::-1], after=_last(found, after)
    )


def _last(found: tuple[object, ...], otherwise: int = 0) -> int:
    return max((getattr(one, "id", 0) for one in found), default=otherwise)


def audit(visit: Visit) -> Response:
    """Who did what, and when."""
    actor, action = visit.asked("actor"), visit.asked("action")
    found = visit.desk.audit.page(
        actor=actor, action=action, cursor=visit.asked("cursor") or None, limit=_ROWS
    )
    return visit.page("audit.html", found=found, actor=actor, action=action)


DOORS: tuple[Door, ...] = (
    ("GET", "/clients", clients),
    ("GET", "/clients/{fingerprint}", client),
    ("GET", "/events", events),
    ("GET", "/events/rows", event_rows),
    ("GET", "/audit", audit),
)
