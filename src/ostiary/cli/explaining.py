"""Requests with credentials explained: by the gateway itself, for only it has its consumers."""

import base64
from pathlib import Path

from ostiary.cli.reaching import Reach, reached
from ostiary.kernel.errors import WrongUse
from ostiary.management.described import Described
from ostiary.management.walks import ExplainView
from ostiary.store.files import FileTrouble, read_bounded
from ostiary.wiring.explaining import Asked, moment, shown_by

_LONGEST_FILE = 16_384


class NoSecret(WrongUse):
    """There is no secret to be read."""


def secret(given: str | None) -> str:
    """What was given, or the first line of ``@FILE``: arguments are seen in the list of processes.

    Raises NoSecret.
    """
    if given is None or not given.startswith("@"):
        return given or ""
    path = Path(given[1:])
    try:
        text = read_bounded(path, limit=_LONGEST_FILE).decode()
    except (FileTrouble, UnicodeDecodeError) as error:
        raise NoSecret(f"{str(path)!r} can't be read: {error}") from error
    return next(iter(text.splitlines()), "")


def explained_there(asked: Asked, more: Described, state: Path) -> tuple[ExplainView, ...]:
    """Ask the running gateway, or its data folder when it is stopped. Raises OstiaryError."""
    shown = shown_by(asked)
    pems = "".join(map(_pem, (shown.leaf, *shown.chain))) if shown.leaf else None
    body = {
        "certificate": pems,
        "api": asked.api,
        "url": asked.url,
        "method": asked.method,
        "at": moment(asked.at).isoformat() if asked.at else None,
        "headers": list(more.headers),
        "client": more.client,
        "key": more.key,
        "user": more.user,
        "token": more.token,
        "consumer": more.consumer,
    }
    with reached(Reach(config=asked.config, state=state)) as (gateway, _):
        return gateway.ask(tuple[ExplainView, ...], "/explain", body)


def _pem(der: bytes) -> str:
    body = base64.encodebytes(der).decode("ascii")
    return f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"
