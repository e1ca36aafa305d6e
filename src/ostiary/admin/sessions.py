"""People who logged in at the console: a cookie that says nothing, and what it stands for.

Sessions live in memory: a restart of the gateway asks everybody to log in again.
"""

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from ostiary.admin.lock import address_of, ambient_actor, comes_from_here, request_id_of
from ostiary.management.actors import Actor
from ostiary.management.tokens import Tokens

LONGEST = timedelta(hours=12)
IDLE = timedelta(hours=1)
_MOST = 1_000
_COOKIE = "ostiary_session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who logged in, for a while."""

    actor: Actor
    csrf: str = field(repr=False)
    """What a form of this session carries, and a foreign page can't know."""


@dataclass(slots=True)
class _Kept:
    secret: str
    csrf: str
    began: datetime
    seen: datetime


class Sessions:
    """Cookies and certificates of people who look at pages."""

    def __init__(self, tokens: Tokens, clock: Callable[[], datetime]) -> None:
        self._tokens = tokens
        self._clock = clock
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._lock = threading.Lock()
        self._key = secrets.token_bytes(32)

    def of(self, request: Request) -> Session | None:
        """Whose request this is; None for nobody's. A token that was revoked ends its session."""
        kept = self._find(request)
        if kept is None:
            return self._ambient(request)
        actor = self._tokens.still(kept.secret, address_of(request), request_id_of(request.scope))
        return Session(actor=actor, csrf=kept.csrf) if actor else None

    def begin(self, request: Request, secret: str, response: Response) -> Session:
        """Log in with a token: the cookie goes into ``response``. Raises BadCredential and
        TooManyAttempts. May wait for the database: call it in a thread."""
        actor = self._tokens.authenticate(
            secret.strip(), address_of(request), request_id_of(request.scope)
        )
        now = self._clock()
        cookie, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        with self._lock:
            self._kept[_digest(cookie)] = _Kept(secret.strip(), csrf, now, now)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        self._forget(request)
        secure = request.url.scheme == "https"
        response.set_cookie(
            cookie_name(secure=secure),
            cookie,
            max_age=int(LONGEST.total_seconds()),
            path="/",
            secure=secure,
            httponly=True,
            samesite="strict",
        )
        return Session(actor=actor, csrf=csrf)

    def end(self, request: Request, response: Response) -> None:
        """Log out: the session is over, and its cookie too."""
        self._forget(request)
        secure = request.url.scheme == "https"
        response.delete_cookie(
            cookie_name(secure=secure), path="/", secure=secure, httponly=True, samesite="strict"
        )

    def genuine(self, request: Request, csrf: str) -> bool:
        """Whether an unsafe request comes from a page of this session; for the login, which has
        no session yet, whether it comes from this site."""
        if not comes_from_here(request):
            return False
        kept = self._find(request)
        session = None if kept else self._ambient(request)
        wanted = kept.csrf if kept else session.csrf if session else None
        if wanted is None:
            return True
        return hmac.compare_digest(csrf.encode(), wanted.encode())

    def _find(self, request: Request) -> _Kept | None:
        cookie = request.cookies.get(cookie_name(secure=request.url.scheme == "https"))
        if not cookie:
            return None
        now = self._clock()
        with self._lock:
            kept = self._kept.get(_digest(cookie))
            if kept is None:
                return None
            if now - kept.began > LONGEST or now - kept.seen > IDLE:
                del self._kept[_digest(cookie)]
                return None
            kept.seen = now
        return kept

    def _forget(self, request: Request) -> None:
        cookie = request.cookies.get(cookie_name(secure=request.url.scheme == "https"))
        if cookie:
            with self._lock:
                self._kept.pop(_digest(cookie), None)

    def _ambient(self, request: Request) -> Session | None:
        """A certificate or the unix socket speaks for itself: its forms carry a mark of it."""
        actor = ambient_actor(request, self._tokens)
        if actor is None:
            return None
        mark = hmac.new(self._key, actor.name.encode(), hashlib.sha256).hexdigest()
        return Session(actor=actor, csrf=mark)


def cookie_name(*, secure: bool) -> str:
    """``__Host-`` binds a cookie to this very host (RFC 6265bis section 4.1.3.2); needs https."""
    return f"__Host-{_COOKIE}" if secure else _COOKIE


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).digest()
