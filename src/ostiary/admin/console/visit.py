"""One request of somebody who is logged in: what pages are made from, and how they are answered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlencode

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ostiary.admin.console.forms import Form
from ostiary.admin.console.ports import Session, Sessions
from ostiary.management.errors import Unavailable
from ostiary.management.management import Management
from ostiary.management.sights import StoreState, TruststoreView
from ostiary.store.database.records import Role

# No inline script or style, nothing from elsewhere, never inside a frame.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "HX-Request",
}
THEMES = ("auto", "light", "dark")
THEME_COOKIE = "ostiary_theme"

# What is said once after a change, by the word in the address: never text from the address.
DONE = {
    "saved": "Saved.",
    "nothing": "Nothing was different, so nothing was changed.",
    "trusted": "The certificate is trusted now.",
    "upgraded": "Upgraded to the newest version.",
    "removed": "Removed.",
    "added": "Added.",
    "made": "It is in the library. Add it to the trusted certificates when it should count.",
    "retired": "Retired: it isn't offered any more. Where it is trusted it stays so.",
    "offered": "Offered again.",
    "deleted": "Deleted from the library.",
    "revoked": "The token has ended.",
    "blocked": "Blocked: the next request is refused, on open connections, too.",
    "unblocked": "Not blocked any more: it is judged as all others.",
    "fetched": "Asked for. What came of it is below.",
    "recovered": "The trust store was built anew from the library.",
    "ca-revoked": "Revoked, and the revocation lists are written anew.",
    "ca-renewed": "Renewed: this is the new certificate.",
    "ca-lists": "The revocation lists are made anew.",
    "approved": "Approved and issued: whoever asked gets it when asking again.",
    "denied": "Denied: whoever asked is told so.",
    "consumer": "It is made.",
    "activated": "Active again.",
    "deactivated": "Deactivated: the next request is refused, on open connections, too.",
    "inherits": "The API inherits everything from the gateway again.",
}
HOW = {
    "swap": "In force now, without a reload.",
    "reload": "In force now; the engine was reloaded, open connections went on.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """What all pages share."""

    desk: Management
    sessions: Sessions
    templates: Environment
    clock: Callable[[], datetime]

    def render(
        self, request: Request, template: str, status: int = 200, **more: object
    ) -> Response:
        """A page for anybody, logged in or not."""
        theme = request.cookies.get(THEME_COOKIE, "auto")
        body = self.templates.get_template(template).render(
            layout="sheet.html" if in_sheet(request) else "layout.html",
            sheet=in_sheet(request),
            theme=theme if theme in THEMES else "auto",
            here=request.url.path,
            now=self.clock(),
            **{"session": None, "truststore": None, "done": None, "how": None, **more},
        )
        return HTMLResponse(body, status, headers=HEADERS)


def in_sheet(request: Request) -> bool:
    """Whether the answer goes into the panel beside the page (htmx asks) or is a page itself."""
    return request.headers.get("HX-Target") == "sheet-body"


def address(path: str, **query: object) -> str:
    """A path of the console with a query; what is None or empty is left out."""
    given = {name: str(value) for name, value in query.items() if value not in (None, "", False)}
    return quote(path, safe="/") + (f"?{urlencode(given)}" if given else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request, by somebody known."""

    console: Console
    request: Request
    session: Session
    form: Form = field(default_factory=Form)

    @property
    def desk(self) -> Management:
        """What is asked for everything."""
        return self.console.desk

    @property
    def may_change(self) -> bool:
        """Whether buttons that change something are shown."""
        return self.session.actor.may(Role.OPERATOR)

    @property
    def may_rule(self) -> bool:
        """Whether tokens and recovery are this one's business."""
        return self.session.actor.may(Role.ADMIN)

    def asked(self, name: str) -> str:
        """A parameter of the address."""
        return self.request.query_params.get(name, "").strip()

    def number(self, name: str) -> int | None:
        """A whole number in the address."""
        return Form(fields={name: (self.asked(name),)}).number(name)

    def page(self, template: str, status: int = 200, **more: object) -> Response:
        """A page with what every page shows. Waits for the database: call it in a thread."""
        shared: dict[str, object] = {
            "session": self.session,
            "may_change": self.may_change,
            "may_rule": self.may_rule,
            "revision": self._revision(),
            "truststore": self._truststore(),
            "done": DONE.get(self.asked("done")),
            "how": HOW.get(self.asked("how")),
        }
        return self.console.render(self.request, template, status, **{**shared, **more})

    def go(self, where: str) -> Response:
        """Go to another page after a form was worked off."""
        if self.request.headers.get("HX-Request"):
            return Response(status_code=200, headers={**HEADERS, "HX-Redirect": where})
        return RedirectResponse(where, 303, headers=HEADERS)

    def _revision(self) -> int | None:
        try:
            return self.desk.settings.revision()
        except Unavailable:
            return None

    def _truststore(self) -> TruststoreView | None:
        found = self.desk.recovery.state()
        broken = StoreState.DAMAGED in (found.state, found.database)
        return found if broken else None
