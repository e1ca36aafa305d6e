"""What a script sees of a request, from what HAProxy tells of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_PERCENT: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_BROKEN: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
ONCE: Final = frozenset(
    {
        "age",
        "authorization",
        "content-length",
        "content-type",
        "etag",
        "expires",
        "from",
        "host",
        "if-modified-since",
        "if-unmodified-since",
        "last-modified",
        "location",
        "max-forwards",
        "proxy-authorization",
        "referer",
        "retry-after",
        "server",
        "user-agent",
    }
)
"""Headers that a request has once. Of two, Node.js keeps the first (documentation of
``message.headers``) and Express Gateway sends no other to the service; here both would go there,
and the service may read the second."""
_CHARSETS: Final = ("utf-8", "utf8", "us-ascii")
MOST_PARAMETERS: Final = 1000
"""Express doesn't look at more."""
NESTED: Final = r"(?:^|&)[^=&]*(?:\[|%5[bB])"
"""In a query: a parameter with a bracket in its name."""
_NESTED: Final = re.compile(NESTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A request, as the engine tells of it. Texts hold bytes that aren't UTF-8 as lone
    surrogates."""

    method: str
    secure: bool
    """Came by TLS."""
    url: str
    """Path and query, as the steps before have left them."""
    original: str
    """The same before the pipeline's first step."""
    headers: str = field(repr=False)
    """Lines with CR LF behind each, names in lower case."""
    client: str
    consumer: str = ""
    """Id; empty where nobody is known."""
    id: str
    endpoint: Mapping[str, Any] = field(default_factory=dict)
    """``apiEndpoint``."""
    params: Mapping[str, str] | None = None
    """``req.params``; None where they aren't known."""
    peer: Mapping[str, Any] | None = field(default=None, repr=False)
    """The admitted client's certificate, as Node.js tells it; None without one."""
    variables: str = field(default="", repr=False)
    """What earlier scripts of the pipeline left, as JSON."""
    body: str | None = field(default=None, repr=False)
    """None where nobody asked for it."""


class Unclear(Exception):
    """A query that Express reads as nested objects, or not to its end, or a body whose text the
    service would read in another way."""


class Repeated(Exception):
    """A header that a request has once comes twice."""


def headers_of(text: str) -> dict[str, str | list[str]]:
    """Headers by name as Node.js has them: latin-1 texts, repeated ones joined.

    Cookies with ``; ``, ``set-cookie`` as a list. Raises Repeated.
    """
    found: dict[str, list[str]] = {}
    for line in as_latin(text).split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.lower(), []).append(value.strip(" \t"))
    return {name: _joined(name, values) for name, values in found.items()}


def _joined(name: str, values: list[str]) -> str | list[str]:
    if name == "set-cookie":
        return values
    if name in ONCE and len(values) > 1:
        raise Repeated(name)
    return ("; " if name == "cookie" else ", ").join(values)


def as_latin(text: str) -> str:
    """The very bytes, each as one character: how Node.js reads heads of requests."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def query_of(query: str) -> dict[str, str | list[str]]:
    """Parameters by name as Express has them; repeated ones are lists.

    Raises Unclear for names with brackets, which Express takes apart, and for more than
    MOST_PARAMETERS.
    """
    found: dict[str, list[str]] = {}
    parts = query.split("&")
    if len(parts) > MOST_PARAMETERS or _NESTED.search(query):
        raise Unclear
    for part in parts:
        name, _, value = part.partition("=")
        name = decoded(name)
        if name and name != "__proto__":
            found.setdefault(name, []).append(decoded(value))
    return {name: one[0] if len(one) == 1 else one for name, one in found.items()}


def decoded(text: str) -> str:
    """Percent-decoded, with ``+`` for a blank; as it is where that gives no UTF-8."""
    raw = text.replace("+", " ").encode("utf-8", "surrogateescape")
    if _BROKEN.search(raw):
        return raw.decode("latin-1")
    try:
        return _PERCENT.sub(lambda found: bytes((int(found[1], 16),)), raw).decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def told_of(shown: Shown) -> dict[str, Any]:
    """Everything ``harness`` makes ``req`` of; JSON. Raises Repeated."""
    headers = headers_of(shown.headers)
    url = as_latin(shown.url)
    path, _, query = url.partition("?")
    host = headers.get("host", "")
    return {
        "req": {
            "method": shown.method,
            "url": url,
            "originalUrl": as_latin(shown.original or shown.url),
            "path": path,
            "protocol": "https" if shown.secure else "http",
            "secure": shown.secure,
            "ip": shown.client,
            "ips": [],
            "hostname": re.sub(":[0-9]*$", "", host) if isinstance(host, str) else "",
        },
        "headers": headers,
        "query": _query(query),
        "params": None if shown.params is None else dict(shown.params),
        "peer": shown.peer,
        "consumer": shown.consumer,
        "requestID": shown.id,
        "apiEndpoint": dict(shown.endpoint),
        "variables": shown.variables,
        **_body(shown, headers),
    }


def _query(query: str) -> dict[str, str | list[str]] | None:
    try:
        return query_of(query)
    except Unclear:
        return None


def _body(shown: Shown, headers: Mapping[str, str | list[str]]) -> dict[str, Any]:
    """``json``: text to be parsed; ``form``: parameters, None where they can't be taken apart."""
    if shown.body is None:
        return {}
    try:
        kind = media_type(headers)
    except Unclear:
        return {"form": None}
    if kind == "application/json":
        return {"json": body_text(shown.body)}
    if kind == "application/x-www-form-urlencoded":
        return {"form": _query(shown.body)}
    return {"form": {}}


def media_type(headers: Mapping[str, str | list[str]]) -> str:
    """Of the Content-Type, without parameters, lower case; empty without one.

    Raises Unclear for a body that is compressed, or a text in another encoding than UTF-8: whoever
    decodes it sees another text than is seen here.
    """
    coding, value = headers.get("content-encoding", ""), headers.get("content-type", "")
    if not isinstance(value, str) or coding not in ("", "identity"):
        raise Unclear("content-encoding")
    kind, *parameters = value.lower().split(";")
    for parameter in parameters:
        name, _, charset = parameter.partition("=")
        if name.strip(" \t") == "charset" and charset.strip(' \t"') not in _CHARSETS:
            raise Unclear("charset")
    return kind.strip(" \t")


def body_text(body: str) -> str:
    """A body as UTF-8 text; what isn't is replaced, as Express does."""
    raw = body.encode("utf-8", "surrogateescape")
    return raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
