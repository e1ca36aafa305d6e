"""The route table: which entry of ``apiEndpoints`` a request belongs to, at a constant cost.

Express Gateway tries its endpoints one after the other: hosts in the order of their first
appearance, entries of one host in file order, and the first that fits wins. The same answer is
computed here with look-ups. Every route gets a *rank* (its place in that order) and is filed under
keys ``METHOD|host|path`` in a few tables:

* ``exact``: the whole path, with and without a trailing slash;
* ``prefix``: ``/orders/*`` and ``/star*``; HAProxy finds the longest prefix, so each prefix carries
  the lowest rank among itself and the shorter prefixes that hold it;
* one pair of tables for each *mask*: the places of ``:name`` segments, which are written ``:`` in
  the table and in the request's path before the look-up;
* what needs a regular expression becomes a rule of its own, in rank order: the only list that is
  walked.

The lowest rank that any table gives is the route. Tables, not routes, cost time: a thousand
endpoints of the common kinds cost what one costs.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ostiary.compiler.patterns import (
    ExactPath,
    PathShape,
    PrefixPath,
    RegexPath,
    path_shape,
)
from ostiary.config.model.api_endpoint import ApiEndpoint

ANY_METHOD = "-"
"""The class of every method that no endpoint names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One path of one entry of one API endpoint."""

    rank: int
    """Place in the order of evaluation, from 1."""
    endpoint: str
    host: str
    """Lower case, no trailing dot; empty: any, ``*.rest``: one label before rest, else exact."""
    host_regex: str
    """Source of a regular expression for hosts that no table can hold; else empty."""
    shape: PathShape
    methods: frozenset[str]
    """Empty for all."""
    strip: int
    """How many bytes of the path ``stripPath`` takes away; -1: all of them."""
    scopes: frozenset[str] = frozenset()
    """What a credential must be good for."""
    path: str = ""
    """As it was written; empty for a regular expression."""


@dataclass(frozen=True, slots=True)
class Table:
    """One look-up: how the host enters the key, which path segments are masked, and how to look."""

    host_kind: str
    """``any``, ``exact`` or ``star``."""
    mask: tuple[int, ...]
    prefix: bool

    @property
    def name(self) -> str:
        """A file name that says what the table holds."""
        look = "prefix" if self.prefix else "exact"
        return "-".join(("routes", self.host_kind, look, *map(str, self.mask)))


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Routes filed for look-up."""

    routes: tuple[Route, ...]
    methods: frozenset[str]
    """Methods that any endpoint names; empty when no endpoint cares."""
    tables: Mapping[Table, Mapping[str, int]]
    walked: tuple[Route, ...]
    """The routes that need a regular expression, in rank order."""


def route_table(endpoints: Mapping[str, tuple[ApiEndpoint, ...]]) -> RouteTable:
    """File every endpoint."""
    routes = tuple(_ranked(endpoints))
    methods = frozenset().union(*(route.methods for route in routes))
    tables: dict[Table, dict[str, int]] = {}
    walked: list[Route] = []
    for route in routes:
        if route.host_regex or isinstance(route.shape, RegexPath):
            walked.append(route)
            continue
        filed = tables.setdefault(_table_of(route, route.shape), {})
        for key in _keys(route, route.shape, methods):
            filed.setdefault(key, route.rank)
    return RouteTable(routes, methods, _settled(tables), tuple(walked))


def _ranked(endpoints: Mapping[str, tuple[ApiEndpoint, ...]]) -> Iterator[Route]:
    groups: dict[str, list[tuple[str, ApiEndpoint]]] = {}
    for name, entries in endpoints.items():
        for entry in entries:
            groups.setdefault(_group(entry), []).append((name, entry))
    rank = 0
    for members in groups.values():
        for name, entry in members:
            for path in (None,) if entry.path_regex else (entry.paths or ("*",)):
                rank += 1
                yield _route(rank, name, entry, path)


def _group(entry: ApiEndpoint) -> str:
    if entry.host_regex:
        return "~" + entry.host_regex
    host = (entry.host or "*").lower()
    if host == "*":
        return ""
    named = host.rstrip(".")
    return host if named in ("", "*") else named


def _route(rank: int, name: str, entry: ApiEndpoint, path: str | None) -> Route:
    host = "" if entry.host_regex else _group(entry)
    odd = host.replace("*.", "", 1) if host.startswith("*.") else host
    host_regex = entry.host_regex or ""
    if "*" in odd:
        host_regex = "([^.]+)".join(re.escape(part) for part in host.split("*"))
    shape = RegexPath(entry.path_regex or "", anchored=False) if path is None else path_shape(path)
    methods = frozenset(entry.methods or ())
    if "GET" in methods:
        methods |= {"HEAD"}
    return Route(
        rank=rank,
        endpoint=name,
        host=host,
        host_regex=host_regex,
        shape=shape,
        methods=methods,
        strip=_strip(path),
        scopes=frozenset(entry.scopes),
        path=path or "",
    )


def _strip(path: str | None) -> int:
    """Bytes before the first ``:`` or ``*``; -1 when there is neither."""
    if path is None:
        return 0
    wildcard = re.search(r"[:*]", path)
    return wildcard.start() if wildcard else -1


def _table_of(route: Route, shape: ExactPath | PrefixPath) -> Table:
    kind = "any" if not route.host else "star" if route.host.startswith("*.") else "exact"
    return Table(kind, shape.mask, isinstance(shape, PrefixPath))


def _keys(route: Route, shape: ExactPath | PrefixPath, methods: frozenset[str]) -> Iterator[str]:
    classes = sorted(route.methods or methods | {ANY_METHOD})
    host = route.host
    for method in classes if methods else [ANY_METHOD]:
        yield f"{method}|{host}|{shape.text}"
        if isinstance(shape, ExactPath):
            yield f"{method}|{host}|{shape.text.rstrip('/')}/"


def _settled(tables: dict[Table, dict[str, int]]) -> dict[Table, dict[str, int]]:
    """Give every key of a longest-prefix table the lowest rank of all prefixes that hold it."""
    return {
        table: _lowered(entries) if table.prefix else dict(entries)
        for table, entries in tables.items()
    }


def _lowered(entries: dict[str, int]) -> dict[str, int]:
    result: dict[str, int] = {}
    for key in sorted(entries, key=len):
        start = key.index("|", key.index("|") + 1) + 1
        shorter = (key[:length] for length in range(start, len(key)))
        held_by = [result[prefix] for prefix in shorter if prefix in result]
        result[key] = min([entries[key], *held_by])
    return result
