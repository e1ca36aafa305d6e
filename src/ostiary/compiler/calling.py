"""Which APIs a certificate was used at, for the gateway to read from time to time.

The verdict's key can't tell: APIs without a policy of their own share one. A client nearly always
stays with one API, so most requests pay for a comparison of two numbers: the route, and that of
the client's latest request, which is remembered beside the verdict.
"""

from collections.abc import Callable

from ostiary.compiler import names
from ostiary.compiler.decision import LONGEST_KEY, ROUTE_AT, Shown
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


def calling_rules(scheme: Scheme, shown: Shown, path_of: Callable[[str], str]) -> list[str]:
    """Note the API of the request; stands after the verdict, and before anybody is refused."""
    client = names.HEADER_HASH if scheme.type is AuthType.HEADER else names.FINGERPRINT
    key = f"var({names.ROUTE}),map_str({path_of(CALLED_FILE)}),concat(|,{client})"
    latest = f"sc_get_gpt({ROUTE_AT},{shown.counter})"
    other = f"if !{{ {latest},sub({names.ROUTE}) eq 0 }} {shown.presented}"
    noted = f"if {{ sc_tracked({_COUNTER}) }}"
    return [
        f"http-request track-sc{_COUNTER} {key} table {names.CALLED} {other}",
        f"http-request sc-set-gpt({ROUTE_AT},{shown.counter}) var({names.ROUTE}) {noted}",
    ]
