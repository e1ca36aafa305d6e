"""The index of certificate credentials: made in a thread of its own, kept up with each change.

It only says whom to look at. How a credential is now, the directory tells each time.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final

import structlog

from ostiary.consumers.certificates import CertificateCredential
from ostiary.consumers.ports import Certificates
from ostiary.services.certificate_index import CertificateIndex, fitting_in, found_in, index_of
from ostiary.trust.names.facts import Facts

_INDEX_AGE: Final = timedelta(hours=1)
"""Another gateway on the same database may have made credentials that nobody told of."""
_AGAIN_SECONDS: Final = 5.0
"""After the directory could not be read."""


class CertificateBook:
    """One event loop uses it; ``thread`` is the one in which the index is read and changed, so that
    each question sees it as it was when its turn came."""

    def __init__(self, now: Callable[[], datetime], thread: ThreadPoolExecutor) -> None:
        """Nothing is known until there is a directory."""
        self._now = now
        self._thread = thread
        self._directory: Certificates | None = None
        self._index: CertificateIndex | None = None
        self._made_at: datetime | None = None
        self._making: asyncio.Task[None] | None = None
        self._late: set[str] = set()
        self._distrusted = 0
        self._log = structlog.get_logger("ostiary.credentials")

    def consult(self, directory: Certificates) -> None:
        """Ask this one from now on, in threads."""
        self._directory = directory

    def refresh(self) -> None:
        """Have the index made (anew) where it lacks, is old, or is crowded; in the background."""
        directory = self._directory
        if directory is None or self._making is not None:
            return
        fresh = self._made_at is not None and self._now() - self._made_at < _INDEX_AGE
        if not fresh or (self._index is not None and self._index.crowded):
            self._making = asyncio.create_task(self._make(directory), name="client-cert-index")

    def distrust(self) -> None:
        """Anything may have changed: make it anew at the next occasion. Until then there is none:
        whoever isn't found in an old one may be whose a certificate is, too."""
        self._distrusted += 1
        self._made_at = None
        self._thread.submit(self._drop)

    async def ready(self) -> None:
        """Returns when there is an index to be trusted, or none can be had for now."""
        if self._made_at is None and self._making is not None:
            await asyncio.shield(self._making)

    def fitting(self, facts: Facts) -> tuple[CertificateCredential, ...]:
        """The credentials that fit a certificate, inactive ones too, in the order of their names;
        without an index all are read. Raises OSError."""
        if self._directory is None:
            raise OSError("no directory of certificate credentials is open yet")
        if self._index is None:
            return fitting_in(self._directory, facts)
        return found_in(self._index, self._directory, facts)

    def indexed(self, facts: Facts) -> tuple[CertificateCredential, ...]:
        """Likewise; raises OSError while there is no index."""
        if self._index is None:
            raise OSError("the index of certificate credentials is not made yet")
        return self.fitting(facts)

    async def learn(self, names: set[str]) -> tuple[CertificateCredential, ...] | None:
        """What became of these, which the index knows from now on; None: that can't be told."""
        directory = self._directory
        if directory is None or not names:
            return ()
        self._late |= names

        def learn() -> tuple[CertificateCredential, ...]:
            found = _now(directory, names)
            if self._index is not None:
                self._index = self._index.with_changed(
                    (one.known.credential.id, one.rules) for one in found
                )
            return found

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, learn)
        except OSError as error:
            self._log.error("directory-unreachable", error=str(error))
            self.distrust()
            return None

    def _drop(self) -> None:
        self._index = None

    async def end(self) -> None:
        """Make nothing more."""
        if self._making is not None:
            self._making.cancel()
            await asyncio.gather(self._making, return_exceptions=True)

    async def _make(self, directory: Certificates) -> None:
        made_at, distrusted = self._now(), self._distrusted
        self._late = set()
        try:
            made = await asyncio.to_thread(lambda: index_of(directory.rules()))
            # What changed meanwhile may have been read as it was before.
            late, self._late = self._late, set()

            def put() -> None:
                tied = [(one.known.credential.id, one.rules) for one in _now(directory, late)]
                if distrusted == self._distrusted:
                    self._index = made.with_changed(tied) if tied else made

            await asyncio.get_running_loop().run_in_executor(self._thread, put)
            if distrusted == self._distrusted:
                self._made_at = made_at
        except OSError as error:
            self._log.error("directory-unreachable", error=str(error))
            await asyncio.sleep(_AGAIN_SECONDS)
        finally:
            self._making = None


def _now(directory: Certificates, names: set[str]) -> tuple[CertificateCredential, ...]:
    found = (directory.certificate(name) for name in sorted(names))
    return tuple(one for one in found if one is not None)
