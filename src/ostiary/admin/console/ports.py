"""What the pages need beside management: who is logged in."""

from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from ostiary.management.actors import Actor


class Session(Protocol):
    """Somebody who logged in, for a while."""

    @property
    def actor(self) -> Actor:
        """Who it is."""

    @property
    def csrf(self) -> str:
        """What a form of this session carries, and a foreign page can't know."""


class Sessions(Protocol):
    """Cookies and certificates of people who look at pages."""

    def of(self, request: Request) -> Session | None:
        """Whose request this is; None for nobody's. May wait for the database: call it in a
        thread."""

    def begin(self, request: Request, secret: str, response: Response) -> Session:
        """Log in with a token: the cookie goes into ``response``. Raises BadCredential and
        TooManyAttempts. May wait for the database: call it in a thread."""

    def end(self, request: Request, response: Response) -> None:
        """Log out: the session is over, and its cookie too."""

    def genuine(self, request: Request, csrf: str) -> bool:
        """Whether an unsafe request comes from a page of this session; for the login, which has
        no session yet, whether it comes from this site."""
