"""Where devices enrol (``pki.est``, RFC 7030): TLS and its limits here, the answers from Python.

The handshake asks for a certificate and takes any, or none: it only proves that the client has the
key. Whether the certificate is one of ours is looked up by its bytes, in the authority's ledger, at
each request.
"""

from ostiary.compiler import names
from ostiary.compiler.answers import problem
from ostiary.compiler.bundle import EnrolmentMaterial, Place
from ostiary.compiler.logs import ERROR_FORMAT
from ostiary.compiler.nobody import NOBODY
from ostiary.haproxy.files import Section
from ostiary.haproxy.quote import word

CLIENT_ADDRESS = "X-Ostiary-Client-Address"
CLIENT_FINGERPRINT = "X-Ostiary-Client-Fingerprint"
"""The SHA-256 of the client's certificate in hex, or empty. Both are written by the engine over
whatever a client sends."""

_FRONTEND, _BACKEND, _RATES = "ost_est", "ost_est", "ost_est_rates"
_SERVER_FILE, _NOBODY_FILE = "est.pem", "est-nobody.pem"
LARGEST_BODY = 131_072
"""Bytes: the largest request the authority reads is 64 KiB, and base64 with line ends needs more
than a third on top."""
_MOST_CONNECTIONS = 200
_MOST_CONNECTIONS_OF_ONE = 50
"""From one address at a time: a slow one can't hold all of them."""
_RATE = "10s"
_MOST_NEW_CONNECTIONS = 100
"""From one address in that time."""
_MOST_REQUESTS = 200
"""Likewise: a station that provisions devices asks often, and Python answers about 50 a second."""
_LOG = (
    '{"time":%Ts.%ms,"event":"enrolment","request_id":"%ID","client":"%ci","method":"%HM",'
    '"path":%{+Q}[capture.req.uri,json(utf8s)],"status":%ST,"tls":"%sslv","bytes":%B,'
    '"ms":{"total":%Ta,"service":%Tr},"end":"%ts"}'
)


def enrolment_sections(place: Place, addresses: list[str]) -> list[Section]:
    """The listener, the way to Python, and who came how often lately."""

    def path_of(name: str) -> str:
        return word(f"{place.folder}/{name}")

    tls = (
        f"ssl crt {path_of(_SERVER_FILE)} ca-verify-file {path_of(_NOBODY_FILE)} verify optional "
        "crt-ignore-err all ca-ignore-err all alpn http/1.1 ssl-min-ver TLSv1.2"
    )
    too_large = f"{{ req.hdr_val(content-length) gt {LARGEST_BODY} }}"
    lines = (
        *(f"bind {one} {tls}" for one in addresses),
        f"maxconn {_MOST_CONNECTIONS}",
        "timeout client 10s",
        "timeout http-request 10s",
        "timeout http-keep-alive 5s",
        "log global",
        "option dontlognull",
        "option http-ignore-probes",
        f"log-format {word(_LOG)}",
        f"error-log-format {word(ERROR_FORMAT.replace('@folder@', place.folder))}",
        f"tcp-request connection track-sc0 src table {_RATES}",
        f"tcp-request connection reject if {{ sc0_conn_rate gt {_MOST_NEW_CONNECTIONS} }}",
        f"tcp-request connection reject if {{ sc0_conn_cur gt {_MOST_CONNECTIONS_OF_ONE} }}",
        f"tcp-request session set-var({names.CONNECTION_ID}) uuid()",
        f"http-request deny deny_status 429 if {{ sc0_http_req_rate gt {_MOST_REQUESTS} }}",
        f"http-request return {problem(413)} if {too_large}",
        # A body that comes slowly is waited for here.
        "http-request wait-for-body time 10s",
        f"http-request set-header {CLIENT_ADDRESS} %[src]",
        f"http-request set-header {CLIENT_FINGERPRINT} %[ssl_c_der,sha2(256),hex]",
        f"use_backend {_BACKEND}",
    )
    server = (
        "mode http",
        "timeout connect 2s",
        "timeout server 30s",
        "retries 0",
        f"server python unix@{place.enrolment_socket}",
    )
    rates = f"conn_cur,conn_rate({_RATE}),http_req_rate({_RATE})"
    table = (f"stick-table type ipv6 size 100k expire 60s store {rates}",)
    return [
        Section(f"frontend {_FRONTEND}", lines, "pki.est"),
        Section(f"backend {_BACKEND}", server),
        Section(f"backend {_RATES}", table),
    ]


def enrolment_files(material: EnrolmentMaterial) -> dict[str, bytes]:
    """The server's certificate with its key, and an authority that nobody has a certificate of."""
    return {_SERVER_FILE: material.certificate + material.key, _NOBODY_FILE: NOBODY}
