"""Devices that enrol: the tokens they do it with, and requests that wait for approval."""

from datetime import timedelta
from typing import Annotated

from fastapi import Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from ostiary.admin.api.authority import FORESEEN, Days
from ostiary.admin.api.doors import Door
from ostiary.admin.bodies import Body
from ostiary.admin.lock import actor_of
from ostiary.admin.replies import Cursor, DryRun, Limit, PageShape, Shape, desk_of
from ostiary.ca.signing import Purpose
from ostiary.management.authority.inviting import LONGEST, MOST_USES, Invitation
from ostiary.management.authority.reception import LONGEST_NOTE
from ostiary.management.authority.views import (
    CertifiedView,
    EnrolTokenView,
    ForeseenView,
    RequestView,
)
from ostiary.management.views import Page
from ostiary.store.ledger.enrolment_records import RequestState

_PAGE = PageShape[RequestView](Page[RequestView])
_REQUEST = Shape[RequestView](RequestView)
_CERTIFIED = Shape[CertifiedView](CertifiedView)
_TOKEN = Shape[EnrolTokenView](EnrolTokenView)
_TOKENS = Shape[tuple[EnrolTokenView, ...]](tuple[EnrolTokenView, ...])

Number = Annotated[int, Path(ge=1, le=2**53)]


class Approval(Body):
    """How a request is approved."""

    days: Days = None
    another: bool = Field(
        default=False,
        description="Also if the name has a good certificate with another key or other names.",
    )


class Denial(Body):
    """How a request is denied."""

    note: str = Field(default="", max_length=LONGEST_NOTE, description="Why; who asked reads it.")


class NewEnrolToken(Body):
    """A token to be made."""

    name: str = Field(
        min_length=1, max_length=64, description="The common name it is for; * for any characters."
    )
    purpose: Purpose = Purpose.CLIENT
    uses: int = Field(default=1, ge=1, le=MOST_USES)
    valid_seconds: int = Field(default=86_400, ge=1, le=int(LONGEST.total_seconds()))
    approval: bool = Field(default=False, description="Ask an operator at each use.")


def list_requests(
    request: Request,
    only: Annotated[RequestState | None, Query(description="Which of them; left out: all.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """The newest first; of those that wait, what stands against them."""
    page = desk_of(request).reception.requests(only=only, cursor=cursor, limit=limit)
    return _PAGE.page(request, page)


def read_request(request: Request, number: Number) -> Response:
    """One of them."""
    return _REQUEST.answer(desk_of(request).reception.request(number))


async def approve(
    request: Request, number: Number, body: Approval, dry_run: DryRun = False
) -> Response:
    """Issue what is asked for; whoever asked gets it when asking again."""
    if dry_run:
        foreseen = await desk_of(request).reception.foresee(
            actor_of(request), number, days=body.days, another=body.another
        )
        return FORESEEN.answer(foreseen)
    done = await desk_of(request).reception.approve(
        actor_of(request), number, days=body.days, another=body.another
    )
    return _CERTIFIED.answer(done)


async def deny(request: Request, number: Number, body: Denial) -> Response:
    """Refuse it for good."""
    done = await desk_of(request).reception.deny(actor_of(request), number, body.note)
    return _REQUEST.answer(done)


def list_enrol_tokens(request: Request) -> Response:
    """The newest first, also those that have ended; never a secret."""
    return _TOKENS.answer(desk_of(request).reception.tokens())


async def make_enrol_token(request: Request, body: NewEnrolToken) -> Response:
    """Make a token; its secret is in this answer and nowhere else."""
    invitation = Invitation(
        name=body.name,
        purpose=body.purpose,
        uses=body.uses,
        valid=timedelta(seconds=body.valid_seconds),
        approval=body.approval,
    )
    made = await desk_of(request).reception.invite(actor_of(request), invitation)
    return _TOKEN.answer(made, status=201)


async def end_enrol_token(request: Request, number: Number) -> Response:
    """Let nothing new be asked for with it."""
    return _TOKEN.answer(await desk_of(request).reception.end_token(actor_of(request), number))


DOORS = (
    Door("GET", "/ca/requests", list_requests, Page[RequestView]),
    Door("GET", "/ca/requests/{number}", read_request, RequestView),
    Door("POST", "/ca/requests/{number}/approve", approve, CertifiedView | ForeseenView),
    Door("POST", "/ca/requests/{number}/deny", deny, RequestView),
    Door("GET", "/ca/tokens", list_enrol_tokens, tuple[EnrolTokenView, ...]),
    Door("POST", "/ca/tokens", make_enrol_token, EnrolTokenView, status=201),
    Door("DELETE", "/ca/tokens/{number}", end_enrol_token, EnrolTokenView),
)
