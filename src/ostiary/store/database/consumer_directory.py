"""The directory of credentials that decisions ask: the database, looked into at first sight."""

from collections.abc import Callable, Iterator
from typing import Final

from ostiary.consumers.certificates import CertificateCredential, CertificateRule
from ostiary.consumers.model import CredentialType, Known
from ostiary.kernel.errors import OstiaryError
from ostiary.store.database.database import Database
from ostiary.store.database.errors import NotStorable

_SLICE: Final = 5_000


class StoredDirectory:
    """``consumers.ports.Directory`` and ``Certificates`` on the database. Waits for the disk: call
    it in a thread."""

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

    def certificate(self, name: str) -> CertificateCredential | None:
        """Likewise, one of type certificate with its rules and dates. Raises OSError likewise."""
        try:
            with self._database().reading() as work:
                return work.credentials.certificate(name)
        except OstiaryError as error:
            raise OSError(str(error)) from error

    def rules(self) -> Iterator[tuple[str, tuple[CertificateRule, ...]]]:
        """The rules of all of type certificate, the oldest first, a slice at a time. Raises
        OSError likewise."""
        last = 0
        while True:
            try:
                with self._database().reading() as work:
                    found = work.credentials.rules(after=last, limit=_SLICE)
            except OstiaryError as error:
                raise OSError(str(error)) from error
            for one in found:
                yield one.name, one.rules
            if len(found) < _SLICE:
                return
            last = found[-1].number
