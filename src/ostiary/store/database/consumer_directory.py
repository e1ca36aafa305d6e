"""The directory of credentials that decisions ask: the database, looked into at first sight."""

from collections.abc import Callable

from ostiary.consumers.certificates import CertificateCredential
from ostiary.consumers.model import CredentialType, Known
from ostiary.kernel.errors import OstiaryError
from ostiary.store.database.database import Database
from ostiary.store.database.errors import NotStorable


class StoredDirectory:
    """``consumers.ports.Directory`` on the database. Waits for the disk: call it in a thread."""

    def __init__(self, database: Callable[[], Database]) -> None:
        """``database`` is asked each time: it may be opened later than this is made."""
        self._database = database

    def find(self, kind: CredentialType, name: str) -> Known | None:
        """One look into one index. Raises OSError when the database can't be asked, or isn't what
        was written."""
        try:
            with self._database().reading() as work:
                return work.credentials.find(kind, name)
        except NotStorable:
            # Whatever a client sends: what can't be kept isn't there.
            return None
        except OstiaryError as error:
            raise OSError(str(error)) from error

    def certificates(self) -> tuple[CertificateCredential, ...]:
        """All of type certificate, the oldest first. Raises OSError likewise."""
        try:
            with self._database().reading() as work:
                return tuple(work.credentials.certificates())
        except OstiaryError as error:
            raise OSError(str(error)) from error
