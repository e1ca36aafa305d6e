"""Gateway trusted certificates, and the store they are kept in."""

from typing import Annotated

from fastapi import Path, Query, Request
from starlette.responses import Response

from ostiary.admin.api.doors import Door
from ostiary.admin.bodies import UPLOAD_SCHEMA, Trust, read_new_component
from ostiary.admin.lock import actor_of
from ostiary.admin.replies import (
    Adding,
    Changing,
    Cursor,
    Limit,
    PageShape,
    Search,
    Shape,
    Text,
    changed,
    desk_of,
)
from ostiary.management.errors import Forbidden
from ostiary.management.sights import ChangeView, TruststoreView
from ostiary.management.views import CertificateView, Page, TrustedView
from ostiary.store.database.records import Role

_PAGE = PageShape[TrustedView](Page[TrustedView])
_ONE = Shape[TrustedView](TrustedView)
_CERTIFICATE = Shape[CertificateView](CertificateView)
_CERTIFICATES = Shape[tuple[CertificateView, ...]](tuple[CertificateView, ...])
_CHANGE = Shape[ChangeView](ChangeView)
_STORE = Shape[TruststoreView](TruststoreView)

Id = Annotated[int, Path(ge=1, le=2**53)]
Fingerprint = Annotated[str, Path(pattern="^[0-9A-Fa-f]{64}$", description="SHA-256, hex.")]
ConfirmLast = Annotated[
    bool, Query(alias="confirmLast", description="Remove it even if it is the last one.")
]
PEM = "application/x-pem-file"


def list_trusted(
    request: Request, search: Search = "", cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """Locked ones of the configuration file first, then by name."""
    desk = desk_of(request)
    page = desk.trusted.page(search=search, cursor=cursor, limit=limit)
    return _PAGE.page(request, page, desk.settings.revision())


async def trust(request: Request, order: Adding, body: Trust) -> Response:
    """Trust a version of a component; the newest active one when none is named."""
    done = await desk_of(request).trusted.add(order, body.component, body.version)
    return changed(_CHANGE, done, made="/api/v1/trusted", status=201)


async def trust_upload(
    request: Request, order: Adding, name: Text = None, description: Text = None
) -> Response:
    """Put an upload into the library and trust it, both or neither. A component of this name gets
    it as a new version, which is trusted instead of the oldest that is."""
    sent = await read_new_component(request, name, description)
    done = await desk_of(request).trusted.add_upload(
        order,
        name=sent.name,
        description=sent.description,
        upload=sent.content,
        password=sent.password,
    )
    return changed(_CHANGE, done, made="/api/v1/trusted", status=201)


def read_trusted(request: Request, trusted: Id) -> Response:
    """One row."""
    desk = desk_of(request)
    return _ONE.answer(desk.trusted.one(trusted), revision=desk.settings.revision())


def read_certificates(request: Request, trusted: Id) -> Response:
    """Every field of its certificates."""
    return _CERTIFICATES.answer(desk_of(request).trusted.certificates(trusted))


def download(request: Request, trusted: Id) -> Response:
    """Its certificates, PEM."""
    shown = desk_of(request).trusted.certificates(trusted)
    return Response("".join(one.pem for one in shown), media_type=PEM)


def read_locked(request: Request, fingerprint: Fingerprint) -> Response:
    """One certificate that the configuration file gives."""
    return _CERTIFICATE.answer(desk_of(request).trusted.locked_certificate(fingerprint))


async def upgrade(request: Request, trusted: Id, order: Changing) -> Response:
    """Trust the newest active version of the component instead."""
    return changed(_CHANGE, await desk_of(request).trusted.upgrade(order, trusted))


async def distrust(
    request: Request, trusted: Id, order: Changing, confirm_last: ConfirmLast = False
) -> Response:
    """Trust it no more."""
    done = await desk_of(request).trusted.remove(order, trusted, confirm_last=confirm_last)
    return changed(_CHANGE, done)


def read_store(request: Request) -> Response:
    """State of the truststore and the database, as found last."""
    return _STORE.answer(desk_of(request).recovery.state())


async def verify_store(request: Request) -> Response:
    """Look now, and mend what is damaged. Needs the role operator: it reads all there is."""
    if not actor_of(request).may(Role.OPERATOR):
        raise Forbidden(Role.OPERATOR)
    return _STORE.answer(await desk_of(request).recovery.verify())


async def recover_store(request: Request, order: Adding) -> Response:
    """Build the truststore anew from the library. Needs the role admin."""
    return changed(_CHANGE, await desk_of(request).recovery.recover(order))


DOORS = (
    Door("GET", "/trusted", list_trusted, Page[TrustedView]),
    Door("POST", "/trusted", trust, ChangeView, status=201),
    Door("POST", "/trusted/upload", trust_upload, ChangeView, status=201, more=UPLOAD_SCHEMA),
    Door("GET", "/trusted/locked/{fingerprint}", read_locked, CertificateView),
    Door("GET", "/trusted/{trusted}", read_trusted, TrustedView),
    Door("GET", "/trusted/{trusted}/certificates", read_certificates, tuple[CertificateView, ...]),
    Door("GET", "/trusted/{trusted}/pem", download, media=PEM),
    Door("POST", "/trusted/{trusted}/upgrade", upgrade, ChangeView),
    Door("DELETE", "/trusted/{trusted}", distrust, ChangeView),
    Door("GET", "/truststore", read_store, TruststoreView),
    Door("POST", "/truststore/verify", verify_store, TruststoreView),
    Door("POST", "/truststore/recover", recover_store, ChangeView),
)
