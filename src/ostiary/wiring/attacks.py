"""A TLS client that does what attackers do: resumes sessions elsewhere, says another Host.

Only for listeners of one's own: the demo's, and those that ``ostiary doctor`` looks after.
"""

import http.client
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

SECONDS = 5.0
"""Longest silence of the listener."""

VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Where to connect."""

    address: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request on a connection of its own."""

    sni: str | None
    """None sends none."""
    host: str
    path: str = "/"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came back: a status, or the words of the failure."""

    status: int | None = None
    failure: str = ""
    unreachable: bool = False
    """There was no connection at all, so nothing was learnt."""
    resumed: bool = False
    session: ssl.SSLSession | None = None

    @property
    def refused(self) -> bool:
        """The handshake, or the gateway's rules about certificates and names, said no."""
        return self.status in (401, 403, 421) or (self.status is None and not self.unreachable)

    def __str__(self) -> str:
        return str(self.status) if self.status is not None else self.failure


@dataclass(frozen=True, slots=True)
class Resumption:
    """A session begun by one call and taken along to the next."""

    first: Heard
    second: Heard | None
    """None when the listener gave no session to take along."""


def context(
    version: ssl.TLSVersion | None = None,
    *,
    roots: Path | None = None,
    client: tuple[Path, Path] | None = None,
) -> ssl.SSLContext:
    """A client's context. Without ``roots`` the server is not verified: we attack, not trust.

    ``client``: files of certificate and key.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_REQUIRED if roots else ssl.CERT_NONE
    if roots:
        made.load_verify_locations(roots)
    if client:
        made.load_cert_chain(*client)
    if version is not None:
        made.minimum_version = made.maximum_version = version
    made.set_alpn_protocols(["http/1.1"])
    return made


def call(
    listener: Listener, using: ssl.SSLContext, wanted: Call, session: ssl.SSLSession | None = None
) -> Heard:
    """Connect, ask once, hang up. Raises nothing for what a listener may do."""
    try:
        raw = socket.create_connection((listener.address, listener.port), SECONDS)
    except OSError as error:
        return Heard(failure=_words(error), unreachable=True)
    with raw:
        try:
            with using.wrap_socket(raw, server_hostname=wanted.sni, session=session) as connection:
                return _ask(connection, wanted)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Heard(failure=_words(error))


def resume(listener: Listener, version: ssl.TLSVersion, first: Call, second: Call) -> Resumption:
    """Begin a session without a certificate, then take it to the second call."""
    using = context(version)
    begun = call(listener, using, first)
    if begun.session is None:
        return Resumption(begun, None)
    return Resumption(begun, call(listener, using, second, begun.session))


def _ask(connection: ssl.SSLSocket, wanted: Call) -> Heard:
    head = "".join(f"{name}: {value}\r\n" for name, value in wanted.headers)
    request = (
        f"GET {wanted.path} HTTP/1.1\r\nHost: {wanted.host}\r\n{head}Connection: close\r\n\r\n"
    )
    connection.sendall(request.encode("latin-1"))
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    answer.read()
    # Tickets of TLS 1.3 come with the answer, so the session is asked for after it.
    return Heard(
        status=answer.status, resumed=bool(connection.session_reused), session=connection.session
    )


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
