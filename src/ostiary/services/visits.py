"""A visit to be explained: one request a client would make, given as a URL or as an API's name."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ostiary.compiler.patterns import ExactPath, PathShape, PrefixPath
from ostiary.compiler.routes import Route, RouteTable
from ostiary.compiler.tls import Entry
from ostiary.config.model.document import Document
from ostiary.kernel.errors import WrongUse
from ostiary.services.credentials import NO_PROOF, Proof
from ostiary.services.requests import Headers


class Scheme(Enum):
    """Which listener."""

    HTTP = "http"
    HTTPS = "https"


class NoSuchApi(WrongUse):
    """The document has no API endpoint of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request, as a client would send it."""

    scheme: Scheme
    name: str
    """The host's name, for SNI; empty: an address, so no SNI is sent (RFC 6066 section 3)."""
    host: str
    """The Host header."""
    method: str = "GET"
    path: str = "/"
    """As sent, without the query."""
    query: str = ""
    pinned: Route | None = None
    """The route, where no sample can be made that would surely match it."""
    headers: Headers = ()
    """Without ``Host``."""
    client: str = ""
    """The client's address; empty where nothing is said of it."""
    proof: Proof = NO_PROOF
    """Credentials shown wherever a step looks for one."""

    def __str__(self) -> str:
        query = f"?{self.query}" if self.query else ""
        return f"{self.method} {self.scheme.value}://{self.host}{self.path}{query}"


def visit_of_api(
    document: Document, table: RouteTable, entries: Sequence[Entry], api: str
) -> Visit:
    """A request that the API is meant for. Raises NoSuchApi."""
    route = next((one for one in table.routes if one.endpoint == api), None)
    if route is None:
        known = ", ".join(document.api_endpoints) or "none"
        raise NoSuchApi(f"no API endpoint named {api!r} (there are: {known})")
    path = sample_path(route.shape)
    exact = path is not None and not route.host_regex
    name = _name(route, entries)
    return Visit(
        scheme=Scheme.HTTPS if document.https else Scheme.HTTP,
        name=name,
        host=name or "localhost",
        method="GET" if not route.methods or "GET" in route.methods else min(route.methods),
        path=path or "/",
        pinned=None if exact else route,
    )


def sample_path(shape: PathShape) -> str | None:
    """A path that the shape matches; None where only a regular expression can tell."""
    match shape:
        case ExactPath(text) | PrefixPath(text):
            parts = ("x" if part == ":" else part for part in text.split("/"))
            return "/".join(parts) or "/"
        case _:
            return None


def _name(route: Route, entries: Sequence[Entry]) -> str:
    if route.host and not route.host_regex:
        return route.host.replace("*", "any", 1)
    if not entries or any(entry.name == "default" for entry in entries):
        return ""
    return entries[0].name.replace("*", "any", 1)
