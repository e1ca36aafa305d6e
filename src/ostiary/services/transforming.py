"""What steps change of a described request, and whom filters let in: as the compiler's rules do."""

import re
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from ostiary.config.expression.scripts import read_expression
from ostiary.config.model.policies.ip_filter import IpFilterAction
from ostiary.config.model.policies.transformers import QueryChange, RequestTransformerAction
from ostiary.services.expressions import text_of
from ostiary.services.percent import encoded
from ostiary.services.requests import Request


def set_headers(values: Mapping[str, str], request: Request) -> Request:
    """Each value is worked out for what those before it made of the request."""
    for name, value in values.items():
        request = request.with_header(name, text_of(read_expression(value), request))
    return request


def transformed(action: RequestTransformerAction, request: Request) -> Request:
    """Headers, then the query: added first, then removed (``compiler.policy_headers``)."""
    if action.headers:
        request = set_headers(action.headers.add, request)
        for name in action.headers.remove:
            request = request.with_header(name, None)
    return _query(action.query, request) if action.query else request


def _query(change: QueryChange, request: Request) -> Request:
    query = f"&{request.query}"
    for name in dict.fromkeys((*change.add, *change.remove)):
        query = re.sub(f"&{re.escape(name)}(?:=[^&]*)?(?=&|$)", "", query)
    for name, value in change.add.items():
        if name not in change.remove:
            query += f"&{name}={encoded(text_of(read_expression(value), request))}"
    return replace(request, query=query.strip("&"))


def passes(action: IpFilterAction, client: str) -> bool:
    """Whether this address may come. One of 6to4 (RFC 3056) is denied with the address inside it,
    and never allowed for that (``compiler.policy_answers``)."""
    address = ip_address(client)
    inside = address.sixtofour if isinstance(address, IPv6Address) else None
    if any(_within(one, action.deny) for one in (address, inside) if one is not None):
        return False
    return not action.allow or _within(address, action.allow)


def _within(address: IPv4Address | IPv6Address, networks: tuple[str, ...]) -> bool:
    return any(address in ip_network(one, strict=False) for one in networks)
