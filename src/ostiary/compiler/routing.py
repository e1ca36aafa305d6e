"""The route table as HAProxy's maps and rules."""

from collections.abc import Callable

from ostiary.compiler import names
from ostiary.compiler.patterns import path_regex
from ostiary.compiler.routes import ANY_METHOD, Route, RouteTable, Table
from ostiary.compiler.searching import undecided_rules
from ostiary.haproxy.files import render_map
from ostiary.haproxy.quote import argument, regex, word

_METHOD = "txn.ost.m"
_CANDIDATE = "txn.ost.c"
_STAR_HOST = "txn.ost.star"
_MASKED = "txn.ost.masked"


def route_files(table: RouteTable) -> dict[str, bytes]:
    """The maps the rules look into."""
    files = {
        f"{one.name}.map": render_map({key: str(rank) for key, rank in entries.items()})
        for one, entries in table.tables.items()
    }
    if table.methods:
        files["methods.map"] = render_map({method: method for method in table.methods})
    return files


def route_rules(table: RouteTable, path_of: Callable[[str], str]) -> list[str]:
    """Rules that set ``ROUTE``; ``path_of`` turns a file name into its absolute path."""
    rules = [f"http-request set-var({names.PATH}) path,lower"]
    if table.methods:
        look = f"method,map_str({path_of('methods.map')},{ANY_METHOD})"
        rules.append(f"http-request set-var({_METHOD}) {look}")
    if any(one.host_kind == "star" for one in table.tables):
        expression = f"var({names.HOST}),regsub({argument('^[^.]+')},{argument('*')})"
        rules.append(f"http-request set-var({_STAR_HOST}) {word(expression)}")
    ordered = sorted(table.tables, key=lambda one: (one.host_kind, one.mask, one.prefix))
    if not ordered:
        rules.append(f"http-request set-var({names.ROUTE}) int({names.NO_ROUTE})")
    lower = f"{{ var({_CANDIDATE}),sub({names.ROUTE}) lt 0 }}"
    for at, one in enumerate(ordered):
        if one.mask:
            rules.append(f"http-request set-var({_MASKED}) {word(_masked(one.mask))}")
        found = names.ROUTE if at == 0 else _CANDIDATE
        look = _look_up(one, path_of(f"{one.name}.map"), any_method=not table.methods)
        rules.append(f"http-request set-var({found}) {word(look)}")
        if at > 0:
            rules.append(f"http-request set-var({names.ROUTE}) var({_CANDIDATE}) if {lower}")
    for route in table.walked:
        rules += _walked(route)
    return rules


def _look_up(one: Table, path: str, *, any_method: bool) -> str:
    """The expression that finds a rank, or NO_ROUTE, in one table: one key, one look."""
    host = {"any": "", "exact": names.HOST, "star": _STAR_HOST}[one.host_kind]
    key = f"str({ANY_METHOD})" if any_method else f"var({_METHOD})"
    key += f",concat(|,{host},|)" if host else ",concat(||)"
    kind = "beg" if one.prefix else "str"
    text = _MASKED if one.mask else names.PATH
    return f"{key},concat(,{text}),map_{kind}_int({path},{names.NO_ROUTE})"


def _masked(mask: tuple[int, ...]) -> str:
    """The path with the masked segments written ``:``; a shorter path stays as it is."""
    expression = f"var({names.PATH})"
    for segment in mask:
        before = f"^((/[^/]*){{{segment - 1}}})/[^/]+"
        expression += f",regsub({argument(before)},{argument(chr(92) + '1/:')})"
    return expression


def _walked(route: Route) -> list[str]:
    source, ignores_case = path_regex(route.shape)
    flag = "-i " if ignores_case else ""
    tests = [f"{{ var({names.ROUTE}) -m int gt {route.rank} }}"]
    if route.methods:
        tests.append(f"{{ method {' '.join(sorted(route.methods))} }}")
    rules: list[str] = []
    if route.host_regex:
        whole = f"^(?:{route.host_regex})$"
        rules += undecided_rules(f"var({names.HOST})", whole, tuple(tests), "-i ")
        tests.append(f"{{ var({names.HOST}) -m reg -i -- {regex(whole)} }}")
    elif route.host.startswith("*."):
        tests.append(f"{{ var({names.HOST}) -m reg -i -- {regex(_star_regex(route.host))} }}")
    elif route.host:
        tests.append(f"{{ var({names.HOST}) -m str -- {word(route.host)} }}")
    rules += undecided_rules("path", source, tuple(tests), flag)
    tests.append(f"{{ path -m reg {flag}-- {regex(source)} }}")
    return [
        *rules,
        f"http-request set-var({names.ROUTE}) int({route.rank}) if {' '.join(tests)}",
    ]


def _star_regex(host: str) -> str:
    return "^[^.]+" + host[1:].replace(".", "\\.") + "$"
