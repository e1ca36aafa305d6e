"""What the store adds to the file, for ``explain``: as it acts, or would at the next start."""

from enum import Enum
from pathlib import Path
from typing import Any

from ostiary.cli.answers import Speaker
from ostiary.cli.reaching import admin_socket, answers, local_client
from ostiary.config.effective import Managed, Source
from ostiary.config.model.client_auth import ApiAuth, GatewayAuth
from ostiary.kernel.blocked import Block, Blocked
from ostiary.management.clients import BlockedView
from ostiary.management.views import (
    ApiView,
    GatewayView,
    NameView,
    Page,
    PolicyView,
    Setting,
    TrustedView,
)
from ostiary.plugins.call import not_looked_at
from ostiary.store.lock import StateLock
from ostiary.trust.blocks import by_fingerprint, by_issuer
from ostiary.wiring.ground import read_file
from ostiary.x509.certificate import Certificate
from ostiary.x509.pem import read_certificates

Kept = tuple[Managed, tuple[Certificate, ...]]

_NOTHING: Kept = (Managed(), ())
_PATIENCE = 60.0  # seconds
_DATABASE = "ostiary.db"


def kept(config: Path, state: Path) -> Kept:
    """Managed settings and trusted certificates of this state folder; none where there is none.

    A running gateway is asked, since only it may use its database. Raises OstiaryError.
    """
    path = admin_socket(state)
    if answers(path):
        with local_client(path, _PATIENCE) as http:
            return _of_running(Speaker(http, f"the gateway on {str(state)!r}"))
    if not state.exists():
        return _NOTHING
    document = read_file(config, not_looked_at).document
    if document.store.url is None and not (state / _DATABASE).exists():
        return _NOTHING
    # SQLAlchemy comes with it: only when it is needed.
    from ostiary.wiring.keeping import open_database, state_of  # noqa: PLC0415

    with StateLock(state):
        database = open_database(document, state)
        try:
            found = state_of(database)
        finally:
            database.close()
    return found.managed, found.certificates


def _of_running(gateway: Speaker) -> Kept:
    view = gateway.read(GatewayView, "/gateway")
    header = view.header
    settings = {
        **_policy(gateway, view.policy, None),
        **_given("type", view.type),
        **_given("headerPreset", header.preset),
        **_given("headerName", header.name),
        **_given("headerFormat", header.format),
        **_given("trustedProxies", header.trusted_proxies),
        **_given("proxyProtocol", header.proxy_protocol),
    }
    rows = gateway.pages(Page[TrustedView], "/trusted", None)
    pems = (gateway.read_text(f"/trusted/{one.id}/pem") for one in rows if one.id is not None)
    found = {one.sha256: one for pem in pems for one in read_certificates(pem.encode())}
    managed = Managed(
        gateway=GatewayAuth.model_validate(settings),
        apis={
            one.name: ApiAuth.model_validate(_policy(gateway, one.policy, one.name))
            for one in gateway.read(tuple[ApiView, ...], "/apis")
        },
        blocked=Blocked(map(_block, gateway.pages(Page[BlockedView], "/blocked", None))),
    )
    return managed, tuple(found.values())


def _block(one: BlockedView) -> Block:
    by_name = not one.fingerprint
    named = by_issuer(one.issuer, one.serial) if by_name else by_fingerprint(one.fingerprint)
    return Block(
        number=one.id,
        mark=named.mark,
        serial=named.serial,
        until=one.until,
        at=one.added,
        by=one.added_by,
        note=one.note,
    )


def _policy(gateway: Speaker, policy: PolicyView, api: str | None) -> dict[str, Any]:
    given = {
        **_given("required", policy.required),
        **_given("allow", policy.allow),
        **_given("reportOnly", policy.report_only),
    }
    if policy.deny.source is Source.STORE:
        given["deny"] = policy.own_deny
    if policy.names.source is Source.STORE:
        rows = gateway.pages(Page[NameView], "/names", None, api=api)
        given["trustedDistinguishedNames"] = tuple(one.pattern for one in rows)
    return given


def _given(key: str, setting: Setting[Any]) -> dict[str, Any]:
    if setting.source is not Source.STORE:
        return {}
    value = setting.value
    return {key: value.value if isinstance(value, Enum) else value}
