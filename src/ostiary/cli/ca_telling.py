"""Revocation lists are written, and the gateway on this host reads them at once."""

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from ostiary.cli.answers import Speaker
from ostiary.cli.ca_home import Home
from ostiary.cli.reaching import admin_socket, answers, local_client
from ostiary.kernel.errors import OstiaryError
from ostiary.management.authority.orders import ListOf
from ostiary.management.authority.publishing import publish
from ostiary.management.revocation_views import RevocationView

_PATIENCE = 60.0
"""Seconds. A list with a million entries is read and acted on by then."""


def publish_lists(
    home: Home, lists: Sequence[ListOf], more: Iterable[Path] = ()
) -> tuple[Path, ...]:
    """Write them into the files of the profile and ``more``, and have them act. Which files.

    Raises FileTrouble.
    """
    files = publish(home.house, lists, more)
    have_read(home, files)
    return files


def have_read(home: Home, files: Iterable[Path]) -> None:
    """Have the gateway on this state folder act on those of these files that it follows.

    Where none runs, or it can't be told, nothing is lost: it looks at its files by itself.
    """
    path = admin_socket(home.house.place.folder.parent)
    with contextlib.suppress(OstiaryError):
        if not answers(path):
            return
        with local_client(path, _PATIENCE) as http:
            gateway = Speaker(http, "the gateway")
            for file in files:
                with contextlib.suppress(OstiaryError):  # it need not follow this one
                    gateway.ask(
                        RevocationView, "/revocation/fetch", {"source": str(file.absolute())}
                    )
