"""A client for the tests: any certificate, any path, any Host; says what it saw."""

import http.client
import socket
import ssl
from dataclasses import dataclass

from tests.support.pki import Made


@dataclass(frozen=True)
class Saw:
    """Status, request id and body; or the failure's words and no status."""

    status: int | None
    request_id: str = ""
    body: bytes = b""
    failure: str = ""


def ask(
    port: int,
    path: str = "/users",
    *,
    name: str = "localhost",
    method: str = "GET",
    shown: Made | None = None,
    with_chain: bool = True,
) -> Saw:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT@SECLEVEL=0")  # weak certificates are shown on purpose
    if shown is not None:
        file = shown.chain_file if with_chain else shown.certificate_file
        context.load_cert_chain(file, shown.key_file)
    request = f"{method} {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
    try:
        with (
            socket.create_connection(("127.0.0.1", port), 60) as raw,
            context.wrap_socket(raw, server_hostname=name) as connection,
        ):
            connection.sendall(request.encode())
            answer = http.client.HTTPResponse(connection, method=method)
            answer.begin()
            return Saw(answer.status, answer.headers["eg-request-id"] or "", answer.read())
    except ssl.SSLError as error:
        return Saw(None, failure=(error.reason or str(error)).lower())
    except OSError as error:
        return Saw(None, failure=str(error))
