"""An authority is made, and its issuing part replaced."""

from typing import Annotated, Literal

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from ostiary.admin.api.doors import Door
from ostiary.admin.bodies import Body
from ostiary.admin.lock import actor_of
from ostiary.admin.replies import Shape, desk_of
from ostiary.management.authority.foundation import Beginning
from ostiary.management.authority.foundation_views import FoundedView, RotatedView
from ostiary.management.authority.founding import ISSUING_DAYS
from ostiary.management.authority.profile import Allowed
from ostiary.x509.keys import KeyKind

_FOUNDED = Shape[FoundedView](FoundedView)
_ROTATED = Shape[RotatedView](RotatedView)

Key = Annotated[Literal["ec", "rsa", "ed25519"], Field(description="P-256, RSA 3072 or Ed25519.")]
Days = Annotated[int, Field(ge=1, le=36_500)]


class NewAuthority(Body):
    """A certificate authority to be made."""

    name: str = Field(min_length=1, max_length=64, description="As in Example devices.")
    key: Key = "ec"
    days: Days = Field(default=7300, description="How long the root is valid.")
    allowed: Allowed = Field(
        default=Allowed(), description="Patterns of names it may issue; left out: all."
    )
    list_files: tuple[Annotated[str, Field(max_length=200)], ...] = Field(
        default=(),
        max_length=10,
        description="Keep the revocation lists in these files of its folder: clients.crl.",
    )
    list_days: Days = Field(default=7, description="Until the next list is due.")
    publish: str = Field(
        default="",
        max_length=1_000,
        description="Where the pki listener is reached, as http://pki.example: told in all that "
        "is issued.",
    )
    trust: bool = Field(
        default=True, description="Have the gateway trust the root; else only in its library."
    )


class NewRotation(Body):
    """How the next issuing authority is wanted."""

    name: str = Field(
        default="", max_length=64, description="Left out: the root's name, and a number."
    )
    key: Key = "ec"
    days: Days = Field(default=ISSUING_DAYS, description="How long it is valid.")


async def init(request: Request, body: NewAuthority) -> Response:
    """Make a root and an issuing authority, and have the gateway trust them: it works with them at
    once. Needs the role admin. Keys are encrypted; what opens them is in the file that
    `OSTIARY_CA_PASSPHRASE_FILE` names where the gateway runs, else made, in `ca/passphrase` of the
    state folder; no passphrase is taken here, and none is answered. 409 where there is one."""
    wanted = Beginning(
        name=body.name,
        kind=KeyKind(body.key),
        days=body.days,
        allowed=body.allowed,
        list_files=body.list_files,
        list_days=body.list_days,
        publish=body.publish,
        trust=body.trust,
    )
    done = await desk_of(request).foundation.begin(actor_of(request), wanted)
    return _FOUNDED.answer(done, status=201, headers={"Location": "/api/v1/ca"})


async def rotate(request: Request, body: NewRotation) -> Response:
    """Have a new issuing authority take over. Needs the role admin, and the root's key. What the
    one before issued stays good, and it goes on to list what is revoked of that."""
    done = await desk_of(request).foundation.rotate(
        actor_of(request), name=body.name, kind=KeyKind(body.key), days=body.days
    )
    where = {"Location": f"/api/v1/ca/certificates/{done.issued.serial}"}
    return _ROTATED.answer(done, status=201, headers=where)


DOORS = (
    Door("POST", "/ca/init", init, FoundedView, status=201),
    Door("POST", "/ca/rotate", rotate, RotatedView, status=201),
)
