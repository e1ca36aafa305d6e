"""The hands that services ask for: the clock, the files, what this host can do."""

import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from ostiary.services.ports import Unreadable
from ostiary.store.files import FileTrouble, read_bounded
from ostiary.x509.forms import LARGEST_FILE

_DEBIAN_ROOTS = Path("/etc/ssl/certs/ca-certificates.crt")


def now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


def event_source() -> str:
    """This gateway as the source of CloudEvents: a URI reference (their section 3.1)."""
    return f"/ostiary/{quote(socket.gethostname())}"


def read_file(path: str) -> bytes:
    """The whole file. Raises Unreadable."""
    try:
        return read_bounded(Path(path), limit=LARGEST_FILE)
    except FileTrouble as error:
        raise Unreadable(error.sentence) from error


def has_ipv6() -> bool:
    """Whether a socket of the IPv6 family can be bound on this host."""
    if not socket.has_ipv6:
        return False
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def system_roots() -> str:
    """The CA file that this host trusts for servers; HAProxy's own default where there is none."""
    default = ssl.get_default_verify_paths().cafile
    for candidate in (default, str(_DEBIAN_ROOTS)):
        if candidate and Path(candidate).is_file():
            return candidate
    return "@system-ca"
