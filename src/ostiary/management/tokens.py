"""Credentials of the admin API: tokens and administrators' certificates."""

import base64
import hashlib
import threading
from dataclasses import replace
from datetime import datetime, timedelta

from ostiary.management.actors import Actor, Order
from ostiary.management.attempts import Attempts
from ostiary.management.changes import Changes
from ostiary.management.edits import Edited, Moment
from ostiary.management.errors import BadCredential, Conflicting, Unacceptable, Unavailable
from ostiary.management.keeping import reading, told
from ostiary.management.ports import Dice
from ostiary.management.sights import ChangeView, TokenView
from ostiary.store.database.records import Role, Token
from ostiary.store.database.work import Work

PREFIX = "ost_"
_SECRET_BYTES = 32
_SHOWN = len(PREFIX) + 6
_LONGEST_SECRET = 200
_USE_REMEMBERED = timedelta(minutes=1)
_FIRST = "first-admin"
_LONGEST_NAME = 100


class Tokens:
    """Credentials of the admin API: tokens and administrators' certificates."""

    def __init__(self, changes: Changes, dice: Dice, attempts: Attempts) -> None:
        self._changes = changes
        self._dice = dice
        self._attempts = attempts
        self._known: dict[bytes, Token] = {}
        self._ended: set[int] = set()
        """Revoked in this life: what was read just before must not come back into memory."""
        self._lock = threading.Lock()

    def all(self) -> tuple[TokenView, ...]:
        """Newest first, ended and revoked ones too."""
        now = self._changes.clock()
        with reading(self._changes.keeping) as work:
            return tuple(_view(token, now) for token in work.tokens.all())

    async def make(
        self, order: Order, *, name: str, role: Role, expires: datetime | None = None
    ) -> TokenView:
        """Make a token; its secret is in the answer, and nowhere else. Needs the role admin."""
        now = self._changes.clock()
        if not (name.strip() and name.isprintable() and len(name) <= _LONGEST_NAME):
            raise Unacceptable.one(
                f"{name[:80]!r} can't be a name", f"give 1 to {_LONGEST_NAME} letters", "/name"
            )
        if expires is not None and expires <= now:
            raise Unacceptable.one("this time has passed", "name a later one", "/expires")
        secret = self._secret()
        made: list[Token] = []

        def edit(work: Work, moment: Moment) -> Edited:
            token = _add(
                work,
                secret,
                name=name,
                role=role,
                expires=expires,
                at=moment.at,
                by=moment.actor.name,
            )
            made.append(token)
            return Edited(
                action="token.make",
                object=str(token.id),
                after={
                    "name": name,
                    "role": role.value,
                    "expires": expires.isoformat() if expires else None,
                },
            )

        done = await self._changes.make(order, Role.ADMIN, edit)
        return _view(made[-1], now, secret if done.applied else None)

    async def revoke(self, order: Order, token: int) -> ChangeView:
        """End a token at once. Raises NotThere, Conflicting (the last admin token)."""

        def edit(work: Work, moment: Moment) -> Edited:
            one = work.tokens.token(token)
            others = (
                other
                for other in work.tokens.all()
                if other.id != token and other.role is Role.ADMIN and active(other, moment.at)
            )
            if one.role is Role.ADMIN and active(one, moment.at) and not any(others):
                raise Conflicting(f"{one.name!r} is the last admin token (make another one first)")
            work.tokens.revoke(token, at=moment.at)
            return Edited(
                action="token.revoke",
                object=str(token),
                before={"name": one.name, "role": one.role.value},
            )

        done = await self._changes.make(order, Role.ADMIN, edit)
        if done.applied:
            self._forget(token)
        return done

    def first(self) -> str | None:
        """The secret of a first admin token, to be kept and shown once; None if there is any
        token already. Call ``keep_first`` with it when it is safe on the disk."""
        with reading(self._changes.keeping) as work:
            return None if work.tokens.all() else self._secret()

    def keep_first(self, secret: str) -> None:
        """Make the first admin token from now on valid."""
        now = self._changes.clock()
        with told(), self._changes.keeping.begin() as work:
            _add(
                work,
                secret,
                name=_FIRST,
                role=Role.ADMIN,
                expires=None,
                at=now,
                by="the gateway itself",
            )

    def authenticate(self, secret: str, address: str, request_id: str = "") -> Actor:
        """Who holds this token. Raises BadCredential, TooManyAttempts."""
        now = self._changes.clock()
        # A token that was good before never waits: who shares its address, as everybody on this
        # host does on loopback, could shut its holder out by failing.
        known = self._active_in_memory(secret, now)
        if known is None:
            self._attempts.refuse(address, now)
        token = known or self._find(secret)
        if token is None or not active(token, now):
            self._attempts.failed(address, now)
            raise BadCredential("no token, an unknown one, or one that has ended")
        if known is None:
            self._attempts.succeeded(address)
        self._used(secret, token, now)
        return _actor(token, address, request_id)

    def still(self, secret: str, address: str, request_id: str = "") -> Actor | None:
        """Who holds a token that was good before; None when it has ended. Memory only."""
        token = self._active_in_memory(secret, self._changes.clock())
        return _actor(token, address, request_id) if token else None

    def _active_in_memory(self, secret: str, now: datetime) -> Token | None:
        with self._lock:
            token = self._known.get(digest_of(secret))
        return token if token is not None and active(token, now) else None

    def authenticate_certificate(
        self, subject: str, fingerprint: str, address: str, request_id: str = ""
    ) -> Actor:
        """Who shows a client certificate that the admin listener's ``ca`` has verified."""
        name = f"certificate:{subject[:200] or fingerprint[:16]}"
        return Actor(name=name, role=Role.ADMIN, address=address, request_id=request_id)

    def _secret(self) -> str:
        text = base64.urlsafe_b64encode(self._dice(_SECRET_BYTES)).decode()
        return PREFIX + text.rstrip("=")

    def _find(self, secret: str) -> Token | None:
        """By the digest of 256 random bits: what the time of a look-up tells leads to no secret."""
        if not secret.startswith(PREFIX) or len(secret) > _LONGEST_SECRET:
            return None
        digest = digest_of(secret)
        with self._lock:
            found = self._known.get(digest)
        if found is not None:
            return found
        with reading(self._changes.keeping) as work:
            found = work.tokens.by_digest(digest)
        if found is not None:
            self._remember(digest, found)
        return found

    def _remember(self, digest: bytes, token: Token) -> None:
        with self._lock:
            if token.id not in self._ended:
                self._known[digest] = token

    def _forget(self, token: int) -> None:
        with self._lock:
            self._ended.add(token)
            for digest in [key for key, one in self._known.items() if one.id == token]:
                del self._known[digest]

    def _used(self, secret: str, token: Token, now: datetime) -> None:
        if token.last_used is not None and now - token.last_used < _USE_REMEMBERED:
            return
        self._remember(digest_of(secret), replace(token, last_used=now))
        try:
            with told(), self._changes.keeping.begin() as work:
                work.tokens.used(token.id, at=now)
        except Unavailable:
            return  # a use that can't be remembered is no reason to refuse it


def _actor(token: Token, address: str, request_id: str) -> Actor:
    return Actor(
        name=f"token:{token.name}", role=token.role, address=address, request_id=request_id
    )


def digest_of(secret: str) -> bytes:
    """What is kept of a secret: SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def active(token: Token, now: datetime) -> bool:
    """Neither ended nor revoked."""
    return token.revoked is None and (token.expires is None or now < token.expires)


def _add(
    work: Work,
    secret: str,
    *,
    name: str,
    role: Role,
    expires: datetime | None,
    at: datetime,
    by: str,
) -> Token:
    return work.tokens.add(
        name=name,
        role=role,
        digest=digest_of(secret),
        prefix=secret[:_SHOWN],
        at=at,
        by=by,
        expires=expires,
    )


def _view(token: Token, now: datetime, secret: str | None = None) -> TokenView:
    return TokenView(
        id=token.id,
        name=token.name,
        role=token.role,
        prefix=token.prefix,
        created=token.created,
        created_by=token.created_by,
        expires=token.expires,
        last_used=token.last_used,
        active=active(token, now),
        secret=secret,
    )
