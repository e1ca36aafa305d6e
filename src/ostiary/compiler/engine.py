"""The process as a whole: HAProxy's global and defaults sections."""

from ostiary.compiler import credential_names, names
from ostiary.compiler.answers import engine_errors
from ostiary.compiler.asks import reads_bodies
from ostiary.compiler.bundle import Place
from ostiary.compiler.forwarding import LARGEST_HEADER
from ostiary.config.effective import AuthType
from ostiary.config.model.document import Document
from ostiary.haproxy.files import Section
from ostiary.haproxy.quote import word

_BUFFER = 32_768
"""Bytes. Room for the identity headers, and for a certificate chain in one SPOE frame, beside
large request headers; HAProxy's default of 16 KiB does not hold them."""
_REWRITE = 8_192
_REWRITE_CHAIN = 8_192
"""Bytes more where the chain is told: room for ``trust.told.LONGEST``."""
_LARGEST_BODY = 256 * 1024
LARGEST_BUFFER = 1_048_576 + _REWRITE + _REWRITE_CHAIN + _LARGEST_BODY
"""Bytes: what ``buffer_size`` gives for the largest ``maxHeaderSize`` that a document may ask for;
the agent must take every frame that HAProxy may offer, also after a change."""


def global_section(document: Document, place: Place, auth_type: AuthType) -> Section:
    """Limits, sockets and the revision that this process says it runs."""
    engine = document.engine
    lines = [
        f"setenv OSTIARY_REVISION {place.revision}",
        f"set-var {names.WITHDRAWN} int(0)",
        f"set-var {credential_names.GENERATION} int(0)",
        "expose-experimental-directives",
        # By default a line ends after 1024 bytes: a long path would hide what came of the request.
        "log stdout len 65535 format raw local0",
        # What is refused by policy is also told to the gateway; nobody waits for it to listen.
        f"log unix@{place.events_socket} len 65535 format raw local0 err",
        f"tune.bufsize {buffer_size(document, auth_type)}",
        f"tune.maxrewrite {_REWRITE + _chain_room(document)}",
        "tune.ssl.default-dh-param 2048",
        f"hard-stop-after {engine.drain_timeout_ms}ms",
    ]
    if engine.threads:
        lines.append(f"nbthread {engine.threads}")
    if engine.max_connections:
        lines.append(f"maxconn {engine.max_connections}")
    return Section("global", tuple(lines), "engine")


def buffer_size(document: Document, auth_type: AuthType = AuthType.NONE) -> int:
    """``tune.bufsize``: the largest request head plus room for rewriting, bytes."""
    wanted = document.https.options.max_header_size if document.https else None
    forwarded = LARGEST_HEADER if auth_type is AuthType.HEADER else 0
    room = _chain_room(document) + _body_room(document)
    return max(_BUFFER + forwarded, (wanted or 0) + _REWRITE) + room


def _body_room(document: Document) -> int:
    """Bodies that are looked at share the buffer with the head."""
    return document.scripts.body_limit_kb * 1024 if reads_bodies(document) else 0


def _chain_room(document: Document) -> int:
    return _REWRITE_CHAIN if document.identity.headers.client_cert_chain else 0


def defaults_section(document: Document) -> Section:
    """Timeouts, retries (only while nothing was sent), the request id and error documents."""
    request_id = document.identity.headers.request_id
    lines = [
        "mode http",
        "option redispatch",
        "retries 2",
        "retry-on conn-failure",
        "timeout connect 5s",
        "timeout client 60s",
        "timeout server 60s",
        "timeout http-request 10s",
        "timeout http-keep-alive 60s",
        "timeout queue 10s",
        "timeout tunnel 1h",
        "timeout tarpit 5s",
        f"unique-id-format %[var({names.CONNECTION_ID})]-%rt",
        "http-reuse aggressive",
        *engine_errors(),
    ]
    if request_id:
        lines.append(f"unique-id-header {word(request_id)}")
    return Section("defaults", tuple(lines))
