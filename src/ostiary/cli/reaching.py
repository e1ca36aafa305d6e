"""Ways to a gateway: its unix socket, an address elsewhere, or its data folder."""

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ostiary.cli.answers import NotReached, Speaker
from ostiary.cli.plain import plain
from ostiary.cli.tables import error_console
from ostiary.kernel.errors import WrongUse
from ostiary.store.files import FileTrouble, read_bounded
from ostiary.store.lock import StateFolderInUse, StateLock
from ostiary.wiring.folders import Folders

if TYPE_CHECKING:
    import httpx

_LOCAL = "http://ostiary.local"
# A change answers when it acts, and an import of a hundred thousand names has much to do.
_PATIENCE = 600.0  # seconds
_LONGEST_TOKEN = 4096
_TOKEN = "OSTIARY_ADMIN_TOKEN"  # noqa: S105 - the name of a variable


class BadAddress(WrongUse):
    """The way to a gateway elsewhere can't be used as it was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where the gateway is, as it was said."""

    config: Path
    state: Path
    url: str | None = None
    token_file: Path | None = None
    ca_file: Path | None = None


@contextmanager
def reached(reach: Reach) -> Iterator[tuple[Speaker, bool]]:
    """The gateway, and whether it runs. Raises OstiaryError."""
    if reach.url is not None:
        with _elsewhere(reach, reach.url) as http:
            yield Speaker(http, f"the gateway at {plain(reach.url)}"), True
        return
    path = admin_socket(reach.state)
    if answers(path):
        with local_client(path, _PATIENCE) as http:
            yield Speaker(http, f"the gateway on {str(reach.state)!r}"), True
        return
    # All of the admin application comes with it: only when it is needed.
    import httpx  # noqa: PLC0415

    from ostiary.wiring.offline import offline_transport  # noqa: PLC0415

    with offline_transport(reach.config, reach.state, lambda: _locked(reach.state)) as transport:
        error_console().print(
            f"the gateway is stopped: working on its data folder {str(reach.state)!r}",
            style="dim",
            markup=False,
        )
        with httpx.Client(
            transport=transport, base_url=_LOCAL, timeout=_timeout(_PATIENCE)
        ) as http:
            yield Speaker(http, f"the data folder {str(reach.state)!r}"), False


def admin_socket(state: Path) -> Path:
    """Where a gateway on this state folder listens to commands."""
    return Folders(state=state).run / "admin.sock"


def local_client(path: Path, patience: float) -> "httpx.Client":
    """Speaks to the socket of a running gateway, which may take ``patience`` seconds to answer."""
    import httpx  # noqa: PLC0415 - not for help and completion

    transport = httpx.HTTPTransport(uds=str(path))
    return httpx.Client(
        transport=transport, base_url=_LOCAL, timeout=_timeout(patience), trust_env=False
    )


def _timeout(seconds: float) -> "httpx.Timeout":
    import httpx  # noqa: PLC0415 - not for help and completion

    return httpx.Timeout(seconds, connect=min(seconds, 10.0))


def answers(path: Path) -> bool:
    """Whether somebody listens there. Raises NotReached where that can't be found out."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            return False
        except OSError as error:
            raise NotReached(
                f"{str(path)!r} can't be reached: {error.strerror or error} "
                "(run this as the user of the gateway)"
            ) from error
    return True


def _locked(state: Path) -> StateLock:
    """The data folder for ourselves. Raises NotReached where a gateway runs that doesn't listen."""
    try:
        return StateLock(state)
    except StateFolderInUse as error:
        raise NotReached(
            f"a gateway runs on the state folder {str(state)!r} (process {error.pid}), but doesn't "
            "listen to commands (is it just starting or ending? try again)"
        ) from error


@contextmanager
def _elsewhere(reach: Reach, url: str) -> Iterator["httpx.Client"]:
    import httpx  # noqa: PLC0415 - not for help

    scheme, host = _read_url(url)
    token = _token(reach)
    if scheme == "http" and host not in {"localhost", "127.0.0.1", "::1"}:
        error_console().print(
            f"warning: {plain(url)} isn't https: whoever is on the way reads the token",
            style="yellow",
            markup=False,
        )
    with httpx.Client(
        base_url=url.rstrip("/"),
        headers={"Authorization": f"Bearer {token}"},
        verify=_verifying(reach.ca_file),
        timeout=_timeout(_PATIENCE),
        trust_env=False,
    ) as http:
        yield http


def _read_url(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        _ = parts.port
        host = parts.hostname or ""
    except ValueError as error:
        raise BadAddress(f"{url!r} is no address: {error}") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise BadAddress(f"{url!r} is no address (give one such as https://gateway.example:9876)")
    if "@" in parts.netloc or parts.query or parts.fragment or parts.path not in {"", "/"}:
        raise BadAddress(f"{plain(host)!r}: give the address alone (such as https://{plain(host)})")
    return parts.scheme, host


def _token(reach: Reach) -> str:
    """Raises BadAddress: without a token nobody elsewhere would answer."""
    if reach.token_file is not None:
        try:
            text = read_bounded(reach.token_file, limit=_LONGEST_TOKEN).decode("ascii").strip()
        except FileTrouble as error:
            raise BadAddress(str(error)) from error
        except UnicodeDecodeError as error:
            raise BadAddress(f"{str(reach.token_file)!r} holds no token") from error
    else:
        text = os.environ.get(_TOKEN, "").strip()
    if not text:
        raise BadAddress(f"a token is needed (give --token-file, or set {_TOKEN})")
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise BadAddress("what was given holds no token (a token is one word: ost_...)")
    return text


def _verifying(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (OSError, ssl.SSLError) as error:
        raise BadAddress(f"{str(ca_file)!r} holds no authorities: {error}") from error
