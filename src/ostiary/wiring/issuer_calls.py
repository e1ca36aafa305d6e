"""Questions to the issuers of tokens, by the guarded HTTP client: for keys, and about tokens."""

import asyncio
import ipaddress
import ssl
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from ostiary.config.model.base import Wrong
from ostiary.config.model.url import Url, parse_url
from ostiary.jose.claims import Claims, Malformed, claims_of, read_object
from ostiary.jose.keys import LARGEST_SET, KeyRefused, VerificationKey, read_key_set
from ostiary.kernel.errors import OstiaryError
from ostiary.services.fetching import FetchRules, NotFetched, Request
from ostiary.services.token_sources import Introspection, PublishedKeys, shown
from ostiary.wiring.redacting import without_secrets_of

if TYPE_CHECKING:
    from ostiary.wiring.fetching import Fetcher

_LARGEST_ANSWER: Final = 64 * 1024
_KEYS_SECONDS: Final = 10.0
# Whom to ask the operator has written; the issuer may well stand on a private network. Addresses
# that are never asked (``services.addresses``) are not asked here, either.
_EVERYWHERE: Final = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))


class IssuerUnreachable(OstiaryError):
    """The issuer can't be asked, or nothing it says can be used."""


class IssuerCalls:
    """Asks. One event loop uses it; each server and its authorities have a client of their own."""

    def __init__(self) -> None:
        """Nobody was asked yet."""
        self._fetchers: dict[tuple[str, str], Fetcher] = {}

    async def keys(self, source: PublishedKeys) -> tuple[VerificationKey, ...]:
        """The keys that are published now. Raises IssuerUnreachable."""
        request = Request(
            url=source.url,
            headers={"Accept": "application/jwk-set+json, application/json"},
            most_bytes=LARGEST_SET,
            seconds=_KEYS_SECONDS,
        )
        content = await self._ask(request, source.authorities)
        try:
            return await asyncio.to_thread(read_key_set, content)
        except KeyRefused as error:
            raise IssuerUnreachable(f"{shown(source.url)}: {error.sentence}") from error

    async def introspected(self, source: Introspection, token: bytes) -> Claims | None:
        """What the server says of a token (RFC 7662 section 2); None: that it isn't active.

        Raises IssuerUnreachable.
        """
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        if source.authorization is not None:
            headers["Authorization"] = source.authorization
        form = urlencode({"token": token, "token_type_hint": "access_token"})
        request = Request(
            url=source.url,
            method="POST",
            body=form.encode(),
            headers=headers,
            most_bytes=_LARGEST_ANSWER,
            seconds=source.seconds,
        )
        content = await self._ask(request, source.authorities)
        try:
            said = read_object(content)
            # Exactly true: 1 or "true" is what a broken server says.
            if said.get("active") is not True:
                if said.get("active") is False:
                    return None
                raise Malformed('"active" is neither true nor false')
            return claims_of(said)
        except Malformed as error:
            words = f"{shown(source.url)}: no answer by RFC 7662: {error}"
            raise IssuerUnreachable(words) from error

    async def _ask(self, request: Request, authorities: str) -> bytes:
        try:
            url = parse_url(request.url, query=True)
            fetcher = await self._fetcher(url, authorities)
            answer = await fetcher.fetch(request, FetchRules(networks=_EVERYWHERE).with_url(url))
        except (NotFetched, Wrong, ssl.SSLError) as error:
            raise IssuerUnreachable(without_secrets_of(request.url, str(error))) from error
        if answer.url != str(url):
            said = f"{shown(request.url)} redirects, which is not followed (give the final URL)"
            raise IssuerUnreachable(said)
        return answer.content

    async def _fetcher(self, url: Url, authorities: str) -> "Fetcher":
        key = (url.authority, authorities)
        if key not in self._fetchers:
            made = await asyncio.to_thread(_made, authorities)
            self._fetchers.setdefault(key, made)
        return self._fetchers[key]


def _made(authorities: str) -> "Fetcher":
    from ostiary.wiring.fetching import Fetcher, warm_up  # noqa: PLC0415 - with it comes httpx

    warm_up()
    if not authorities:
        return Fetcher(warm=True)
    return Fetcher(context=lambda: ssl.create_default_context(cadata=authorities), warm=True)
