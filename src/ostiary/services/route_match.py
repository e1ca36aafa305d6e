"""Which route a request would take, told without the engine: the same tables, looked up here.

Beside what HAProxy does for each request (``compiler.routing``) there is nothing to decide. One
thing differs: regular expressions are Python's here and PCRE's there; for what both know the
same way, the answers are equal.
"""

import re
from collections.abc import Iterator, Mapping

from ostiary.compiler.patterns import path_regex
from ostiary.compiler.routes import ANY_METHOD, Route, RouteTable, Table

_PORT = re.compile(r":[0-9]*$")
_FIRST_LABEL = re.compile(r"^[^.]+")


def match_route(table: RouteTable, *, method: str, host: str, path: str) -> Route | None:
    """The route of a request; None for no match (404).

    ``host`` is the Host header as sent; ``path`` the normalised path, without the query.
    """
    name = host_name(host)
    found = [*_looked_up(table, method, name, path.lower()), *_walked(table, method, name, path)]
    return table.routes[min(found) - 1] if found else None


def host_name(host: str) -> str:
    """The name in a Host header: lower case, without port and trailing dots."""
    return _PORT.sub("", host).lower().rstrip(".")


def _looked_up(table: RouteTable, method: str, host: str, path: str) -> Iterator[int]:
    known = method if method in table.methods else ANY_METHOD
    hosts = {"any": "", "exact": host, "star": _FIRST_LABEL.sub("*", host)}
    for one, entries in table.tables.items():
        key = f"{known}|{hosts[one.host_kind]}|{_masked(path, one)}"
        rank = _longest(entries, key) if one.prefix else entries.get(key)
        if rank is not None:
            yield rank


def _longest(entries: Mapping[str, int], key: str) -> int | None:
    lengths = range(len(key), 0, -1)
    return next((entries[key[:end]] for end in lengths if key[:end] in entries), None)


def _masked(path: str, table: Table) -> str:
    segments = path.split("/")
    for at in table.mask:
        if at < len(segments) and segments[at]:
            segments[at] = ":"
    return "/".join(segments)


def _walked(table: RouteTable, method: str, host: str, path: str) -> Iterator[int]:
    for route in table.walked:
        source, ignores_case = path_regex(route.shape)
        fits = (
            (not route.methods or method in route.methods)
            and _host_fits(route, host)
            and re.search(source, path, re.IGNORECASE if ignores_case else re.NOFLAG)
        )
        if fits:
            yield route.rank


def _host_fits(route: Route, host: str) -> bool:
    if route.host_regex:
        return re.fullmatch(route.host_regex, host, re.IGNORECASE) is not None
    if route.host.startswith("*."):
        return _FIRST_LABEL.sub("*", host) == route.host
    return route.host in ("", host)
