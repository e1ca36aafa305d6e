"""OCSP questions by the guarded HTTP client."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from ostiary.config.model.base import Wrong
from ostiary.config.model.document import Document
from ostiary.config.model.url import parse_url
from ostiary.config.revocation_checks import asks_ocsp
from ostiary.services.fetching import FetchRules, NotFetched, Request, Why
from ostiary.services.ocsp_call import ANSWER_TYPE, TYPE, Call
from ostiary.trust.ocsp import Blame, Target
from ostiary.wiring.inquiring import NotAnswered
from ostiary.wiring.list_believing import rules_of
from ostiary.x509.ocsp_answer import LARGEST_ANSWER

if TYPE_CHECKING:
    from ostiary.wiring.fetching import Fetcher


class FetchExchange:
    """Asks whom the rules allow; whoever the operator has named is allowed by that."""

    def __init__(self) -> None:
        """Nobody is allowed yet that isn't named."""
        self._rules = FetchRules()
        self._fetchers: OrderedDict[str, Fetcher] = OrderedDict()

    @asynccontextmanager
    async def following(self, document: Document) -> AsyncIterator[None]:
        """Follow the rules of this configuration from now on, unless it comes to nothing."""
        if asks_ocsp(document):
            # The first client must not wait for what httpx imports.
            await asyncio.to_thread(_warm_up)
        before, self._rules = self._rules, rules_of(document)
        try:
            yield
        except BaseException:
            self._rules = before
            raise

    async def __call__(self, target: Target, call: Call, seconds: float) -> bytes:
        """The answer's content. Raises NotAnswered."""
        fetcher = self._of(target.url)
        headers = {"Accept": ANSWER_TYPE} | ({"Content-Type": TYPE} if call.body else {})
        request = Request(
            url=call.url,
            method="POST" if call.body else "GET",
            body=call.body,
            headers=headers,
            most_bytes=LARGEST_ANSWER,
            seconds=seconds,
        )
        try:
            rules = self._rules
            if target.written:
                rules = rules.with_url(parse_url(target.url, query=True))
            return (await fetcher.fetch(request, rules)).content
        except NotFetched as error:
            raise NotAnswered(str(error), _blame_for(error)) from error
        except Wrong as error:
            raise NotAnswered(error.message, Blame.QUESTION) from error

    def _of(self, url: str) -> "Fetcher":
        """One for each responder: a client lets only so many questions go at a time."""
        found = self._fetchers.get(url)
        if found is None:
            found = self._fetchers[url] = _fetcher()
            while len(self._fetchers) > _MOST:
                self._fetchers.popitem(last=False)
        return found


def _blame_for(error: NotFetched) -> Blame:
    if error.why is Why.STATUS and error.status < _SERVER_ERROR:
        return Blame.QUESTION
    return _BLAMES.get(error.why, Blame.EITHER)


_MOST = 256
_SERVER_ERROR = 500
_BLAMES = {
    **dict.fromkeys((Why.NO_ADDRESS, Why.NOT_REACHED, Why.TIMED_OUT), Blame.RESPONDER),
    **dict.fromkeys((Why.BAD_URL, Why.HOST_NOT_ALLOWED, Why.ADDRESS_NOT_ALLOWED), Blame.QUESTION),
}


def _warm_up() -> None:
    from ostiary.wiring.fetching import warm_up  # noqa: PLC0415 - with it comes httpx

    warm_up()


def _fetcher() -> "Fetcher":
    from ostiary.wiring.fetching import Fetcher  # noqa: PLC0415 - as above

    return Fetcher(warm=True)
