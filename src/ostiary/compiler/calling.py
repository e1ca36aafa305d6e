"""Which APIs a certificate was used at, for the gateway to read from time to time.

The verdict's key can't tell: APIs without a policy of their own share one. A connection nearly
always stays with one API, so most requests pay for a comparison of two numbers.
"""

from collections.abc import Callable

from ostiary.compiler import names
from ostiary.compiler.decision import LONGEST_KEY
from ostiary.compiler.routes import RouteTable
from ostiary.compiler.scopes import HEADER_ENTRY, Scheme, api_id
from ostiary.config.effective import AuthType
from ostiary.haproxy.files import Section, render_map

CALLED_FILE = "called.map"

_COUNTER = 2
"""Of HAProxy's tracked counters the one that holds no verdict."""


def calling_section() -> Section:
    """Where it is noted: a key made as a verdict's, of the API and the certificate."""
    line = f"stick-table type string len {LONGEST_KEY} size 1m expire 1h store http_req_cnt"
    return Section(f"backend {names.CALLED}", (line,))


def calling_files(scheme: Scheme, table: RouteTable) -> dict[str, bytes]:
    """The map from a route's number to its API. In header mode the key's certificate is the hash
    of a header, and the entry says so."""
    entry = HEADER_ENTRY if scheme.type is AuthType.HEADER else ""
    called = {str(one.rank): f"{entry}.{api_id(one.endpoint)}" for one in table.routes}
    return {CALLED_FILE: render_map(called)}


def calling_rules(scheme: Scheme, path_of: Callable[[str], str]) -> list[str]:
    """Note the API of the request; stands after the route, and before anybody is refused.

    In header mode each request may be another client's, so each is noted.
    """
    in_header = scheme.type is AuthType.HEADER
    shown = names.HEADER_HASH if in_header else names.FINGERPRINT
    key = f"var({names.ROUTE}),map_str({path_of(CALLED_FILE)}),concat(|,{shown})"
    note = f"http-request track-sc{_COUNTER} {key} table {names.CALLED}"
    tests = f"if {{ var({shown}) -m found }}"
    if in_header:
        return [f"{note} {tests}"]
    other = f"!{{ var({names.ROUTE}),sub({names.ROUTE_BEFORE}) eq 0 }}"
    return [
        f"{note} {tests} {other}",
        f"http-request set-var({names.ROUTE_BEFORE}) var({names.ROUTE}) {tests} {other}",
    ]
