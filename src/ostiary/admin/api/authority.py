"""The certificate authority in the state folder: what it issued, and its revocation lists."""

from typing import Annotated

from fastapi import Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from ostiary.admin.api.doors import Door
from ostiary.admin.bodies import Body
from ostiary.admin.lock import actor_of
from ostiary.admin.replies import Cursor, DryRun, Limit, PageShape, Search, Shape, desk_of
from ostiary.ca.signing import Purpose, Reason
from ostiary.management.authority.authority import Wanted
from ostiary.management.authority.views import (
    AuthorityView,
    CertifiedView,
    ForeseenView,
    IssuedView,
    RevokedView,
    WholeIssuedView,
)
from ostiary.management.views import Page
from ostiary.store.ledger.records import State

_AUTHORITY = Shape[AuthorityView](AuthorityView)
_PAGE = PageShape[IssuedView](Page[IssuedView])
_ONE = Shape[WholeIssuedView](WholeIssuedView)
_CERTIFIED = Shape[CertifiedView](CertifiedView)
FORESEEN = Shape[ForeseenView](ForeseenView)
_REVOKED = Shape[RevokedView](RevokedView)

LONGEST_REQUEST = 100_000
Serial = Annotated[
    str, Path(pattern=r"^[0-9A-Fa-f:]{1,120}$", description="Serial number or SHA-256, hex.")
]
Pem = Annotated[
    str, Field(max_length=LONGEST_REQUEST, description="Certificate signing request, PEM.")
]
Days = Annotated[
    int | None, Field(ge=1, le=36_500, description="How long; left out: as the profile says.")
]


class NewCertificate(Body):
    """A certificate to be issued for what a request asks for."""

    csr: Pem
    name: str = Field(
        default="", max_length=64, description="The common name; left out: the request's."
    )
    purpose: Purpose = Purpose.CLIENT
    alternative_names: tuple[Annotated[str, Field(max_length=1_100)], ...] = Field(
        default=(), max_length=100, description="Instead of the request's: dns:a.example, ip:…"
    )
    days: Days = None
    another: bool = Field(
        default=False, description="Also if the name has a certificate that is still good."
    )


class NewRenewal(Body):
    """How a certificate is to be followed by the next."""

    csr: Pem | None = Field(default=None, description="With a new key; left out: the old key.")
    days: Days = None
    revoke_old: bool = False


class NewRevocation(Body):
    """Why a certificate is revoked."""

    reason: Reason = Reason.UNSPECIFIED
    all_of_name: bool = Field(
        default=False, description="And all other certificates of its name that are good."
    )


def read_authority(request: Request) -> Response:
    """Root, issuing authorities, and the freshness of their revocation lists."""
    return _AUTHORITY.answer(desk_of(request).authority.overview())


def list_issued(
    request: Request,
    search: Search = "",
    only: Annotated[State, Query(description="Which of them.")] = State.ALL,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """What was issued, the newest first."""
    page = desk_of(request).authority.page(search=search, only=only, cursor=cursor, limit=limit)
    return _PAGE.page(request, page)


def read_issued(request: Request, serial: Serial) -> Response:
    """One of them, with everything in it."""
    return _ONE.answer(desk_of(request).authority.one(serial))


async def issue(request: Request, body: NewCertificate, dry_run: DryRun = False) -> Response:
    """Issue a certificate. The same request again brings the same certificate."""
    wanted = Wanted(
        request=body.csr.encode("utf-8", "replace"),
        name=body.name,
        purpose=body.purpose,
        alternatives=body.alternative_names,
        days=body.days,
        another=body.another,
    )
    if dry_run:
        return FORESEEN.answer(await desk_of(request).authority.foresee(actor_of(request), wanted))
    done = await desk_of(request).authority.issue(actor_of(request), wanted)
    where = {"Location": f"/api/v1/ca/certificates/{done.serial}"}
    return _CERTIFIED.answer(done, status=200 if done.there_already else 201, headers=where)


async def renew(request: Request, serial: Serial, body: NewRenewal) -> Response:
    """Issue a certificate with the names of this one."""
    done = await desk_of(request).authority.renew(
        actor_of(request),
        serial,
        request=body.csr.encode("utf-8", "replace") if body.csr is not None else None,
        days=body.days,
        revoke_old=body.revoke_old,
    )
    where = {"Location": f"/api/v1/ca/certificates/{done.serial}"}
    return _CERTIFIED.answer(done, status=201, headers=where)


async def revoke(request: Request, serial: Serial, body: NewRevocation) -> Response:
    """Revoke it for good, and write the revocation lists anew."""
    done = await desk_of(request).authority.revoke(
        actor_of(request), serial, body.reason, all_of_name=body.all_of_name
    )
    return _REVOKED.answer(done)


async def make_lists(request: Request) -> Response:
    """Make new revocation lists, and write them to the files of the profile."""
    return _AUTHORITY.answer(await desk_of(request).authority.make_lists(actor_of(request)))


DOORS = (
    Door("GET", "/ca", read_authority, AuthorityView),
    Door("GET", "/ca/certificates", list_issued, Page[IssuedView]),
    Door("POST", "/ca/certificates", issue, CertifiedView | ForeseenView, status=201),
    Door("GET", "/ca/certificates/{serial}", read_issued, WholeIssuedView),
    Door("POST", "/ca/certificates/{serial}/renew", renew, CertifiedView, status=201),
    Door("POST", "/ca/certificates/{serial}/revoke", revoke, RevokedView),
    Door("POST", "/ca/lists", make_lists, AuthorityView),
)
