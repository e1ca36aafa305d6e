"""One transaction, with a repository for each noun."""

from collections.abc import Callable

from sqlalchemy import Connection

from ostiary.kernel.blocked import NOBODY
from ostiary.store.database.audit import Audit
from ostiary.store.database.blocked import BlockedCertificates
from ostiary.store.database.clients import Clients
from ostiary.store.database.clients_merge import ClientLimits
from ostiary.store.database.consumer_bulk import ConsumerBulk
from ostiary.store.database.consumers import Consumers
from ostiary.store.database.credentials import Credentials
from ostiary.store.database.deliveries import Deliveries
from ostiary.store.database.library import Library
from ostiary.store.database.names import Names
from ostiary.store.database.notifications import Notifications
from ostiary.store.database.revision import Revision
from ostiary.store.database.scopes import Scopes
from ostiary.store.database.settings import Settings
from ostiary.store.database.tokens import Tokens
from ostiary.store.database.trusted import TrustedCertificates


class Work:
    """Repositories bound to one transaction, for one thread, until its ``with`` ends.

    The transaction begins at the first use, and so does its turn among writers.
    """

    def __init__(
        self,
        kept: Callable[[], Connection],
        seen: Callable[[], Connection],
        limits: ClientLimits,
    ) -> None:
        self._kept = kept
        self._seen = seen
        self._limits = limits

    @property
    def library(self) -> Library:
        """Components and versions."""
        return Library(self._kept())

    @property
    def trusted(self) -> TrustedCertificates:
        """The gateway's trusted certificates."""
        return TrustedCertificates(self._kept())

    @property
    def settings(self) -> Settings:
        """Settings by scope and key."""
        return Settings(self._kept())

    @property
    def names(self) -> Names:
        """Trusted distinguished names by scope."""
        return Names(self._kept())

    @property
    def blocked(self) -> BlockedCertificates:
        """Certificates that may pass nowhere."""
        return BlockedCertificates(self._kept())

    @property
    def tokens(self) -> Tokens:
        """Credentials of the admin API."""
        return Tokens(self._kept())

    @property
    def consumers(self) -> Consumers:
        """Users and apps."""
        return Consumers(self._kept())

    @property
    def consumer_bulk(self) -> ConsumerBulk:
        """Many consumers and credentials at once."""
        return ConsumerBulk(self._kept())

    @property
    def credentials(self) -> Credentials:
        """Credentials of consumers."""
        return Credentials(self._kept())

    @property
    def scopes(self) -> Scopes:
        """Scopes that credentials can have."""
        return Scopes(self._kept())

    @property
    def audit(self) -> Audit:
        """The audit log."""
        return Audit(self._kept())

    @property
    def notifications(self) -> Notifications:
        """What operators are told, and what they were warned of."""
        return Notifications(self._kept())

    @property
    def deliveries(self) -> Deliveries:
        """How far each webhook is."""
        return Deliveries(self._kept())

    @property
    def revision(self) -> Revision:
        """The number that grows with each change."""
        return Revision(self._kept())

    @property
    def clients(self) -> Clients:
        """Certificates that were seen."""
        return Clients(self._seen(), self._limits)


def read_everything(work: Work) -> None:
    """Read each row that has a checksum. Raises SnapshotDamaged for the first that is broken.

    Credentials, which may be a million, are looked at when one is used.
    """
    work.library.verify()
    for _ in work.trusted.in_force():
        pass
    work.settings.all()
    for scope in work.names.scopes():
        work.names.patterns(scope)
    work.blocked.in_force(NOBODY)
    work.tokens.all()
    work.revision.current()
