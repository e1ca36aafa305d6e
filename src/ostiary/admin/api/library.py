"""The certificate library: components and their versions."""

from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from ostiary.admin.api.doors import Door
from ostiary.admin.bodies import (
    UPLOAD_SCHEMA,
    Description,
    Retirement,
    read_new_component,
    read_uploaded,
)
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
from ostiary.management.sights import ChangeView
from ostiary.management.views import CertificateView, ComponentView, LookupView, Page

_PAGE = PageShape[ComponentView](Page[ComponentView])
_LOOKUP = PageShape[LookupView](Page[LookupView])
_ONE = Shape[ComponentView](ComponentView)
_CERTIFICATES = Shape[tuple[CertificateView, ...]](tuple[CertificateView, ...])
_CHANGE = Shape[ChangeView](ChangeView)

Id = Annotated[int, Path(ge=1, le=2**53)]
PEM = "application/x-pem-file"


def list_components(
    request: Request, search: Search = "", cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """By name; search in name, description and subjects."""
    desk = desk_of(request)
    page = desk.library.components(search=search, cursor=cursor, limit=limit)
    return _PAGE.page(request, page, desk.settings.revision())


def lookup(
    request: Request, search: Search = "", cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """What can be trusted next: active, unexpired, not trusted yet."""
    page = desk_of(request).library.lookup(search=search, cursor=cursor, limit=limit)
    return _LOOKUP.page(request, page)


def read_component(request: Request, component: Id) -> Response:
    """With all its versions."""
    desk = desk_of(request)
    return _ONE.answer(desk.library.component(component), revision=desk.settings.revision())


async def add_component(
    request: Request, order: Adding, name: Text = None, description: Text = None
) -> Response:
    """Upload certificates as a new component."""
    sent = await read_new_component(request, name, description)
    done = await desk_of(request).library.add(
        order,
        name=sent.name,
        description=sent.description,
        upload=sent.content,
        password=sent.password,
    )
    return changed(_CHANGE, done, made="/api/v1/library", status=201)


async def add_version(request: Request, component: Id, order: Adding) -> Response:
    """Upload a new version; old ones stay, and what is trusted stays at its version."""
    upload = await read_uploaded(request)
    done = await desk_of(request).library.add_version(
        order, component, upload=upload.content, password=upload.password
    )
    return changed(_CHANGE, done, status=201)


async def describe_component(
    request: Request, component: Id, order: Changing, body: Description
) -> Response:
    """Rename or describe anew."""
    done = await desk_of(request).library.describe(
        order, component, name=body.name, description=body.description
    )
    return changed(_CHANGE, done)


async def delete_component(request: Request, component: Id, order: Changing) -> Response:
    """Delete a component with its versions; refused while one is trusted."""
    return changed(_CHANGE, await desk_of(request).library.delete(order, component))


def read_certificates(request: Request, component: Id, version: Id) -> Response:
    """All certificates of one version, every field."""
    return _CERTIFICATES.answer(desk_of(request).library.certificates(component, version))


def download(request: Request, component: Id, version: Id) -> Response:
    """All certificates of one version, PEM."""
    shown = desk_of(request).library.certificates(component, version)
    return Response("".join(one.pem for one in shown), media_type=PEM)


async def retire_version(
    request: Request, component: Id, version: Id, order: Changing, body: Retirement
) -> Response:
    """Offer a version no more, or again; where it is trusted it stays so."""
    done = await desk_of(request).library.retire(order, component, version, retired=body.retired)
    return changed(_CHANGE, done)


async def delete_version(request: Request, component: Id, version: Id, order: Changing) -> Response:
    """Delete one version; refused while it is trusted."""
    done = await desk_of(request).library.delete_version(order, component, version)
    return changed(_CHANGE, done)


_VERSION = "/library/{component}/versions/{version}"
DOORS = (
    Door("GET", "/library", list_components, Page[ComponentView]),
    Door("POST", "/library", add_component, ChangeView, status=201, more=UPLOAD_SCHEMA),
    Door("GET", "/library/lookup", lookup, Page[LookupView]),
    Door("GET", "/library/{component}", read_component, ComponentView),
    Door("PATCH", "/library/{component}", describe_component, ChangeView),
    Door("DELETE", "/library/{component}", delete_component, ChangeView),
    Door(
        "POST",
        "/library/{component}/versions",
        add_version,
        ChangeView,
        status=201,
        more=UPLOAD_SCHEMA,
    ),
    Door("GET", f"{_VERSION}/certificates", read_certificates, tuple[CertificateView, ...]),
    Door("GET", f"{_VERSION}/pem", download, media=PEM),
    Door("PATCH", _VERSION, retire_version, ChangeView),
    Door("DELETE", _VERSION, delete_version, ChangeView),
)
