"""Header mode: the client's certificate is in a header that a trusted load balancer sets.

Whoever connects from another address has its header removed unread, like every other name by which
a client could pose as somebody (``guards.removals``).
"""

from collections.abc import Callable, Sequence

from ostiary.compiler import facts, names
from ostiary.compiler.calling import calling_rules
from ostiary.compiler.decision import Shown, judging_rules
from ostiary.compiler.questions import header_question_of
from ostiary.compiler.scopes import Scheme, scope_expression
from ostiary.config.model.document import Document
from ostiary.haproxy.quote import argument, word
from ostiary.trust.reason import Reason

PROXIES_FILE = "trusted-proxies.lst"
LARGEST_HEADER = 16_384
"""Bytes of the header's value: a certificate and three intermediates with RSA keys of 4,096 bits,
percent-encoded. The engine's buffers have room for it beside other headers."""

_TRUSTED = f"{{ var({names.PROXY}) -m bool }}"


def proxies_file(networks: Sequence[str]) -> bytes:
    """The addresses that may speak for clients, one a line."""
    return "".join(f"{one}\n" for one in sorted(networks)).encode()


def peer_rules(scheme: Scheme, path_of: Callable[[str], str], *, behind_reader: bool) -> list[str]:
    """Say once a connection whether its peer may speak for clients.

    That is the address of the TCP connection itself, looked at before a PROXY header replaces it.
    ``behind_reader``: the frontend stands behind the SNI reader, and the address comes from there.
    """
    trusted = f"{{ src -f {word(path_of(PROXIES_FILE))} }}"
    if behind_reader:
        return [f"tcp-request session set-var({names.PROXY}) bool(true) if {trusted}"]
    rules = [f"tcp-request connection set-var({names.PROXY}) bool(true) if {trusted}"]
    if scheme.header.proxy_protocol.value:
        rules.append(f"tcp-request connection expect-proxy layer4 if {trusted}")
    return rules


def header_rules(
    document: Document,
    scheme: Scheme,
    path_of: Callable[[str], str],
    *,
    after_handshake: bool,
    marks: int = 0,
) -> list[str]:
    """Set ``CODE`` by the certificate in the header; stands before the header is removed.

    Two headers are refused unread: one of them may be the client's own, passed on by a balancer
    that adds without replacing. An empty one is what balancers send where there is no certificate.

    ``after_handshake``: the balancer's own certificate was judged, by the same variables.
    ``marks``: see ``Shown``.
    """
    shown = Shown(
        question=header_question_of(document),
        presence=names.HEADER_HASH,
        key=f"{scope_expression(scheme)},concat(|,{names.HEADER_HASH})",
        counter=1,
        recalling=facts.recalling(path_of),
        marks=marks,
    )
    forgotten = (names.CODE, names.UNTIL, names.ERROR) if after_handshake else ()
    return [
        *(f"http-request unset-var({name})" for name in forgotten),
        *_reading(argument(scheme.header.name.value or "")),
        *judging_rules(shown, reports=scheme.reports),
        *calling_rules(scheme, shown, path_of),
    ]


def _reading(name: str) -> list[str]:
    """Set ``HEADER_HASH`` if there is one header that fits, else the reason, if there is one."""
    count, size = f"req.fhdr_cnt({name})", f"req.fhdr({name}),length"
    unread = f"!{{ var({names.HEADER_HASH}) -m found }} {_TRUSTED}"
    code = f"http-request set-var({names.CODE})"
    return [
        f"http-request set-var({names.HEADER_HASH}) req.fhdr({name}),sha2(256),hex "
        f"if {_TRUSTED} {{ {count} -m int 1 }} {{ {size} -m int 1:{LARGEST_HEADER} }}",
        f"{code} int({Reason.HEADER_REPEATED.code}) if {unread} {{ {count} -m int gt 1 }}",
        f"{code} int({Reason.HEADER_TOO_LARGE.code}) if {unread} {{ {count} -m int 1 }} "
        f"{{ {size} -m int gt {LARGEST_HEADER} }}",
    ]
