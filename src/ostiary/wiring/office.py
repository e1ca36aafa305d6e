"""Management and its doors, put together for a gateway that serves.

Heavy to import (frameworks, templates): that happens while the engine starts.
"""

import secrets
import socket
import ssl
import sys
from collections.abc import Iterable
from pathlib import Path

import structlog

from ostiary.admin.app import Surroundings, create_app
from ostiary.admin.listening import Listening, Tls, context_of, use_pair
from ostiary.config.model.listeners import Admin
from ostiary.consumers.changes import Listener
from ostiary.management.changes import Changes
from ostiary.management.following import Following
from ostiary.management.making import Hands, make_management
from ostiary.management.management import Management
from ostiary.management.noticing import Noticing
from ostiary.services.prepare import Prepared
from ostiary.store.database.consumer_directory import StoredDirectory
from ostiary.store.files import write_atomically
from ostiary.store.truststore import TrustStore
from ostiary.telemetry.hub import Telemetry
from ostiary.wiring import world
from ostiary.wiring.applying import Applying
from ostiary.wiring.asking import explain_visit
from ostiary.wiring.certifying import holder_of, own_authorities
from ostiary.wiring.consumer_changes import ConsumerChanges
from ostiary.wiring.credential_metrics import CredentialCollector
from ostiary.wiring.keeping import Kept
from ostiary.wiring.metering import PublishedCollector, metrics_of
from ostiary.wiring.notifying import Notifying
from ostiary.wiring.ocsp_metrics import OcspCollector
from ostiary.wiring.posting import Poster
from ostiary.wiring.publishing.counting import Counting
from ostiary.wiring.script_metrics import ScriptCollector
from ostiary.x509.pem import read_certificates

TOKEN_FILE = "admin.token"  # noqa: S105 - the name of a file


class Office:
    """Where operators come to: their doors, and who works behind them."""

    def __init__(
        self,
        kept: Kept,
        telemetry: Telemetry,
        applying: Applying,
        admin: Admin | None,
        published: Counting,
    ) -> None:
        """Nothing listens yet."""
        self._log = structlog.get_logger("ostiary.admin")
        self._admin = admin or Admin()
        self._tls: tuple[ssl.SSLContext, Tls] | None = None
        self._applying = applying
        post = Poster(world.event_source())
        consumers = ConsumerChanges(applying.gateway).listener()
        self.management, changes = _manage(kept, telemetry, applying, post, consumers)
        self.following = Following(changes, consumers)
        """Of other gateways on the same database."""
        self.note = changes.note
        """Writes into the audit log what devices did."""
        dated = self.management.sightings.dated
        noticing = Noticing(
            changes, lambda: (*dated(), *own_authorities(kept.folder)), applying.intermediates
        )
        self.notifying = Notifying(kept.database, applying, noticing, post, world.now)
        changes.mirror(lambda _state: self.notifying.wake())
        around = Surroundings(
            clock=world.now,
            metrics=metrics_of(
                telemetry,
                self.management,
                self.notifying,
                OcspCollector(applying.gateway.consulting),
                CredentialCollector(lambda: dict(applying.gateway.credentials.counts)),
                ScriptCollector(lambda: applying.gateway.evaluating.counters),
                PublishedCollector(published),
            ),
            hosts=_hosts(self._admin, applying.prepared),
        )
        self._listening = Listening(create_app(self.management, around))

    async def open(self, local: socket.socket, remote: socket.socket | None) -> None:
        """Open the doors: for this host, and at an address."""
        await self._listening.on_unix(local)
        if remote is None:
            return
        tls = tls_of(self._applying.prepared)
        context = context_of(tls) if tls else None
        self._tls = (context, tls) if context and tls else None
        await self._listening.on_tcp(remote, context)

    async def close(self) -> None:
        """What is under way comes to its end."""
        await self._listening.stop()

    async def renew(self) -> None:
        """A renewed certificate of the admin listener, or other authorities of administrators,
        act without a restart."""
        tls = tls_of(self._applying.prepared)
        if self._tls is None or tls is None or tls == self._tls[1]:
            return
        context, before = self._tls
        if tls.authorities == before.authorities:
            use_pair(context, tls)
        else:
            # Who was let in by an authority that is gone must not stay, nor resume a session.
            context = context_of(tls)
            await self._listening.anew_on_tcp(context)
        self._tls = (context, tls)
        self._log.info("admin-certificate-renewed")


def _manage(
    kept: Kept, telemetry: Telemetry, applying: Applying, post: Poster, consumers: Listener
) -> tuple[Management, Changes]:
    hands = Hands(
        keeping=kept.database,
        ground=kept.database,
        shelf=TrustStore(kept.folder),
        gatekeeper=applying,
        telemetry=telemetry,
        explain=lambda asked: explain_visit(
            applying.prepared,
            asked,
            StoredDirectory(lambda: kept.database),
            applying.gateway.consulting.copy,
            applying.gateway.doorkeepers.consumers.fitting,
            keys=applying.gateway.credentials.tokens.vouching.at_hand,
        ),
        clock=world.now,
        dice=secrets.token_bytes,
        authority=holder_of(kept.folder),
        post=post,
        consumers_changed=consumers,
    )
    management, changes = make_management(hands)
    changes.begin_with(kept.state)
    return management, changes


def first_token(management: Management, state: Path) -> None:
    """On the first start: a token for the first administrator, in a file and shown once."""
    secret = management.tokens.first()
    if secret is None:
        return
    path = state / TOKEN_FILE
    # First the file: a token that nobody can read would lock everybody out.
    write_atomically(path, f"{secret}\n".encode())
    management.tokens.keep_first(secret)
    print(f"admin token, shown once and kept in {path}: {secret}", file=sys.stderr, flush=True)


def tls_of(prepared: Prepared) -> Tls | None:
    """What HTTPS on the admin listener needs."""
    found = prepared.materials.admin
    if found is None:
        return None
    return Tls(
        certificate=found.certificate,
        key=found.key,
        authorities=b"".join(one.pem for one in found.anchors),
    )


def _hosts(admin: Admin, prepared: Prepared) -> Iterable[str]:
    """Names the listener is called by, beside addresses and localhost."""
    yield admin.address
    yield socket.gethostname()
    found = prepared.materials.admin
    if found is None:
        return
    yield from _dns_names(found.certificate)


def _dns_names(pem: bytes) -> Iterable[str]:
    leaf, *_ = read_certificates(pem)
    return (one.removeprefix("DNS:") for one in leaf.subject_alternative_names if one[:4] == "DNS:")
