"""The page for people: which authorities there are, what is published, and how to use it."""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ostiary.admin.console.text import grouped, relative, shown, stamp
from ostiary.management.authority.public import is_due
from ostiary.pki.catalog import Catalog, ListFile, Published
from ostiary.pki.documents import Answer, Media, head
from ostiary.store.ledger.records import Kind

_HOST = re.compile(rb"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_STYLE = Path(__file__).parent / "templates" / "style.css"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A list, as the page tells of it."""

    path: str
    number: int
    entries: int
    made: datetime
    until: datetime
    state: str
    """good, late (half of its time is gone, and it was not made anew) or ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An authority, as the page tells of it."""

    id: str
    name: str
    role: str
    fingerprint: str
    until: datetime
    ended: bool
    whole: Shown | None
    delta: Shown | None
    answers_until: datetime | None
    """Of OCSP; None: nobody answers."""


class Page:
    """The index."""

    def __init__(self, catalog: Catalog, clock: Callable[[], datetime]) -> None:
        self._catalog = catalog
        self._clock = clock
        environment = Environment(
            loader=PackageLoader("ostiary.pki", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(shown=shown, grouped=grouped)
        self._template = environment.get_template("index.html")
        style = _STYLE.read_text()
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self._style = Markup(style)  # noqa: S704 - our own file
        self._policy = (
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'none'"
        ).encode()

    def answer(self, host: bytes) -> Answer:
        """``host``: the header, so that addresses are told as they were used."""
        now = self._clock()
        rows = [self._row(one, now) for one in self._catalog.all()]
        body = self._template.render(
            style=self._style, rows=rows, base=self._base(host), now=now, when=_when
        ).encode()
        return Answer(
            200,
            (
                *head(Media.HTML, len(body)),
                (b"cache-control", b"no-cache"),
                (b"content-security-policy", self._policy),
                (b"referrer-policy", b"no-referrer"),
            ),
            body,
        )

    def _base(self, host: bytes) -> str:
        told = self._catalog.publishing.url
        if told is not None:
            return told
        return f"http://{host.decode()}" if _HOST.fullmatch(host) else "http://localhost"

    def _row(self, one: Published, now: datetime) -> Row:
        root = one.authority.kind is Kind.ROOT
        responder = self._catalog.responder(one)
        good = responder is not None and self._catalog.responder_is_good(responder, now)
        whole, delta = self._catalog.whole(one), self._catalog.delta(one)
        return Row(
            id=one.name,
            name=one.authority.name,
            role="Root" if root else "Issuing authority",
            fingerprint=one.certificate.sha256.hex(),
            until=one.certificate.not_after,
            ended=now > one.certificate.not_after,
            whole=_shown(f"crl/{one.name}.crl", whole, now) if whole else None,
            delta=_shown(f"crl/{one.name}-delta.crl", delta, now) if delta else None,
            answers_until=responder.certificate.not_after if responder and good else None,
        )


def _shown(path: str, part: ListFile, now: datetime) -> Shown:
    return Shown(
        path=path,
        number=part.head.number,
        entries=part.head.entries,
        made=part.head.this_update,
        until=part.head.next_update,
        state=_state(part, now),
    )


def _state(part: ListFile, now: datetime) -> str:
    if part.head.next_update <= now:
        return "ended"
    return "late" if is_due(part.head.this_update, part.head.next_update, now) else "good"


def _when(at: datetime, now: datetime) -> Markup:
    return Markup('<time datetime="{}">{}</time> <small>{}</small>').format(
        at.isoformat(), stamp(at), relative(at, now)
    )
