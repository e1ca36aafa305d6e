"""Before anything is measured: does this gateway do what it is measured for?"""

import http.client
import ssl
import time
from collections.abc import Mapping

from bench.certificates import Pair, Pki
from bench.contestants.contestant import Contestant, Refusal

REFUSED = (400, 401, 403)  # nginx answers a certificate it could not verify with 400


class Unfit(Exception):
    """A gateway that admits whom it should refuse, refuses whom it should admit, or isn't at TLS
    1.3.
    """


def _context(pki: Pki, client: Pair | None, alpn: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(pki.ca.cert))
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # 1.3 is the gateway's to insist on
    context.set_alpn_protocols([alpn])
    if client is not None:
        context.load_cert_chain(client.cert, client.key)
    return context


def _answer(
    port: int, context: ssl.SSLContext, headers: Mapping[str, str] | None = None
) -> int | Refusal:
    connection = http.client.HTTPSConnection("localhost", port, timeout=5, context=context)
    try:
        connection.request("GET", "/", headers=headers or {})
        return connection.getresponse().status
    except (ssl.SSLError, ConnectionError, http.client.HTTPException):
        return Refusal.IN_HANDSHAKE
    finally:
        connection.close()


def _negotiated(port: int, context: ssl.SSLContext) -> tuple[str | None, str | None]:
    connection = http.client.HTTPSConnection("localhost", port, timeout=5, context=context)
    try:
        connection.connect()
        return connection.sock.version(), connection.sock.selected_alpn_protocol()
    finally:
        connection.close()


def _until_admitted(
    port: int, context: ssl.SSLContext, headers: Mapping[str, str], patience: float
) -> int | Refusal:
    deadline = time.monotonic() + patience
    while (answer := _answer(port, context, headers)) != 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    return answer


def check(contestant: Contestant, port: int, pki: Pki, patience: float = 10.0) -> None:
    """With the client's certificate 200, over TLS 1.3 (and h2 if claimed); with none, or with one
    of an unknown CA, refused. Waits for the first 200: some listen before they can answer.

    Raises Unfit."""
    admitted = _context(pki, pki.client, "http/1.1")
    told = dict(contestant.headers(pki)[:1])
    answer = _until_admitted(port, admitted, told, patience)
    if answer != 200:
        raise Unfit(f"{contestant.key} answers a trusted client with {answer}")
    for who, client in (("no certificate", None), ("a stranger's certificate", pki.stranger)):
        answer = _answer(port, _context(pki, client, "http/1.1"))
        refused = answer in REFUSED or answer is Refusal.IN_HANDSHAKE
        if not refused or (client is None and not _as_told(contestant, answer)):
            raise Unfit(f"{contestant.key} answers {who} with {answer}")
    if contestant.http2:
        spoken = _negotiated(port, _context(pki, pki.client, "h2"))
        if spoken != ("TLSv1.3", "h2"):
            raise Unfit(f"{contestant.key} negotiated {spoken}, not TLS 1.3 and h2")
    elif _negotiated(port, admitted)[0] != "TLSv1.3":
        raise Unfit(f"{contestant.key} did not negotiate TLS 1.3")


def _as_told(contestant: Contestant, answer: int | Refusal) -> bool:
    expected = {Refusal.PER_REQUEST: 403, Refusal.UNAUTHORIZED: 401}
    return answer == expected.get(contestant.refusal, Refusal.IN_HANDSHAKE)
