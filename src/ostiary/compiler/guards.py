"""Rules that stand before everything: hostile HTTP is refused, foreign identity is removed.

The path that is matched is the path that is forwarded: it is brought to one form first
(RFC 3986 section 6.2.2), and what stays ambiguous is refused with 400.
"""

import re

from ostiary.compiler import names
from ostiary.compiler.answers import problem
from ostiary.config.model.document import Document
from ostiary.haproxy.quote import word

_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n"
"""Control characters in header lines; HAProxy 2.6 passes them on by itself."""

DOT_SEGMENT = r"/\.\.?(?:/|$)"
"""`.` or `..` as a whole segment (RFC 3986 section 3.3)."""

AMBIGUOUS_PATH = (
    r"%(?:2f|5c|[01][0-9a-f]|7f)"  # an encoded slash, backslash or control character
    r"|%25(?:[0-9a-f]{2}|u00)"  # doubly encoded, whatever it is
    r"|%(?:c[01]|e0%[89]|f0%8)"  # UTF-8 longer than needed (RFC 3629 section 3): `/` and `.` again
    r"|;|%3b"  # a segment's parameters: some services drop them before they look, others don't
    r"|\\|[\x00-\x20\x7f-\xff]|#"
    rf"|{DOT_SEGMENT}"  # those that normalisation left
    r"|^[^/]"  # `*`
)

_FIRST = "{ fc_http_major eq 1 }"
"""The connection speaks HTTP/1; what the request line claims is another matter."""

_PATH_ALONE = "{ url -m beg / }"
"""The target is a path, as nearly every one on HTTP/1; asked first, it is most often enough."""

_LISTS = "{ req.hdr(connection) -m found }"

UPGRADES = f"{{ var({names.UPGRADE}) -m bool }}"
"""ACL literal: the request is one for a WebSocket; stands after ``request_facts``."""

TUNNEL = word("%pid %rt %ci:%cp")
"""By what such a request can be found and ended: see ``agent.tunnels.tunnel_of``."""

_ODD = "txn.ost.odd"
"""True where the path, or its query, isn't of one form yet."""

_HOST = r"^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$"

_SIGN = "[^a-z0-9]"
FOREIGN_IDENTITY = (
    "^(?:x-ssl-.*|ssl-client.*|x-client-(?:cert|verify|s-dn|i-dn|dn|cn|san).*|client-cert.*"
    "|x-forwarded-.*|forwarded|x-real-ip|proxy|x-amzn-mtls.*|cf-client-cert.*|x-arr-clientcert.*"
    "|x-wso2-client.*|x-consumer-.*|x-credential-.*|x-authenticated-.*|x-anonymous-.*"
    "|eg-(?:consumer|request)-id"
).replace("-", _SIGN)
"""Names by which clients could pose as somebody, in lower case as HAProxy has them, up to the
closing bracket. Any sign may stand for the dash: CGI-like services read all signs as an underscore
(RFC 3875 section 4.1.18)."""


def normalisation() -> list[str]:
    """Bring the path to one form.

    Each step writes the path anew, also where it changes nothing. So it is asked first whether
    there is anything that one of them changes.
    """
    steps = (
        "percent-decode-unreserved strict",
        "path-merge-slashes",
        "path-strip-dot",
        "path-strip-dotdot full",
        "percent-to-uppercase strict",
    )
    odd = f"http-request set-var({_ODD}) bool(true) if {{ pathq -m sub -- % // /. }}"
    rule = "http-request normalize-uri"
    return [odd, *(f"{rule} {step} if {{ var({_ODD}) -m found }}" for step in steps)]


def refusals(max_header_size: int | None) -> list[str]:
    """Refuse what can be read in two ways."""
    bad = problem(400)
    rules = [
        "http-request strict-mode on",
        f"http-request return {bad} if {{ req.hdrs -m reg -- {word(_CONTROL)} }}",
        f"http-request return {bad} unless {{ req.hdr_cnt(host) eq 1 }}",
        f"http-request return {bad} unless {{ req.hdr(host) -m reg -- {word(_HOST)} }}",
        f"http-request return {bad} if {{ method CONNECT TRACE }}",
        *normalisation(),
        # A target that is neither a path nor a whole http URL is not HTTP (RFC 9112 section 3.2);
        # of a whole URL the service gets the path, the part that is matched.
        f"http-request return {bad} if {_FIRST} !{{ req.ver 1.0 1.1 }}",
        f"http-request return {bad} if !{_PATH_ALONE} {_FIRST} "
        "!{ url -m beg -i http:// https:// }",
        f"http-request return {bad} unless {{ path -m found }}",  # a URL that ends after its host
        f"http-request return {bad} if {{ path -m reg -i -- {word(AMBIGUOUS_PATH)} }}",
        f"http-request set-uri %[pathq] if !{_PATH_ALONE} {_FIRST}",
    ]
    if max_header_size is not None:
        rules.insert(
            1, f"http-request return {problem(431)} if {{ req.hdrs,length gt {max_header_size} }}"
        )
    return rules


def removals(document: Document, more: tuple[str, ...] = ()) -> list[str]:
    """Remove what only the gateway may say, and hop-by-hop lists that could drop what it says.

    ``more``: further names to remove, in any spelling.

    A ``Connection`` header that lists foreign names makes the next hop delete those headers
    (RFC 9110 section 7.6.1): a client could have the gateway's identity headers deleted.

    The one upgrade that is passed on is WebSocket's (RFC 6455). Behind one to another version of
    HTTP (h2c) the client would send the service requests that nobody here sees.
    """
    foreign = foreign_names(document, more)
    return [
        f"http-request del-header {word(f'{foreign}|upgrade|connection)$')} -m reg if !{UPGRADES}",
        f"http-request del-header {word(f'{foreign})$')} -m reg if {UPGRADES}",
        f"http-request set-header connection upgrade if {UPGRADES}",
    ]


def foreign_names(document: Document, more: tuple[str, ...] = ()) -> str:
    """Names of headers that no client may send to a service: an expression on the name in lower
    case, up to the closing bracket."""
    names_of_ours = (name.lower() for name in (*document.identity.headers.names, *more))
    configured = (re.sub("[^a-z0-9]", lambda _: _SIGN, name) for name in names_of_ours)
    return "|".join((FOREIGN_IDENTITY, "trailer", *configured))


def request_facts() -> list[str]:
    """What the log, the routing and the judging need to know of the request as it came."""
    return [
        f"http-request set-var({names.UPGRADE}) bool(true) if {{ req.hdr_cnt(upgrade) eq 1 }} "
        f"{{ req.hdr(upgrade) -m str -i websocket }} {_LISTS}",
        "http-request set-var(txn.ost.logpath) path",
        f"http-request set-var({names.HOST}) req.hdr(host),host_only,lower,rtrim(.)",
    ]


def origin(scheme: str) -> list[str]:
    """What the service is told about where the request came from; after ``removals``."""
    return [
        f"http-request add-header X-Forwarded-For %[var({names.CLIENT})]",
        "http-request add-header X-Forwarded-Host %[req.hdr(host)]",
        f"http-request add-header X-Forwarded-Proto {scheme}",
    ]
