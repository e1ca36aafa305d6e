"""What a changed file can't change while the gateway runs, and that this is told."""

from collections.abc import Iterator

from ostiary.config.model.document import Document
from ostiary.config.model.listeners import Admin
from ostiary.kernel.problems import Problem
from ostiary.services.prepare import Prepared


def needs_restart(started: Document, prepared: Prepared) -> Iterator[Problem]:
    """Yield a warning for each setting that is another one than at the start, and acts then only.

    No value is told: the URL of the store has a password in it.
    """
    before, now = _read_at_start(started), _read_at_start(prepared.document)
    for place, value in now.items():
        if value != before[place]:
            yield prepared.loaded.places.warning(
                place, "the change acts after a restart only", "restart the gateway"
            )


def _read_at_start(document: Document) -> dict[tuple[str, ...], object]:
    admin = document.admin or Admin()
    return {
        ("engine", "binary"): document.engine.binary,
        ("logs", "access"): document.logs.access,
        ("store", "url"): document.store.url,
        ("truststore", "forceRecovery"): bool(document.truststore.force_recovery),
        ("admin", "enabled"): admin.enabled,
        ("admin", "port"): admin.port,
        ("admin", "hostname"): admin.address,
        ("admin", "allowPlainHttp"): admin.allow_plain_http,
        ("pki", "port"): document.pki and document.pki.port,
        ("pki", "host"): document.pki and document.pki.host,
        # Other files, or other content of them, are taken over: only the kind of listener stays.
        ("admin", "tls"): admin.tls is not None,
    }
