"""What Express Gateway's admin API takes and gives, in its own words."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from starlette.requests import Request

from ostiary.admin.problems import NoBody
from ostiary.config.text.tree import Plain
from ostiary.consumers.model import ConsumerKind, CredentialType
from ostiary.management.consumers.views import ConsumerView, CredentialView
from ostiary.management.errors import Fault, Unacceptable

Words = Annotated[
    tuple[str, ...], BeforeValidator(lambda sent: (sent,) if isinstance(sent, str) else sent or ())
]


class Sent(BaseModel):
    """Bodies: nothing unknown is taken; numbers become text, as its validator has them."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=False,
        coerce_numbers_to_str=True,
    )


class NewUser(Sent):
    """``POST /users``."""

    username: str
    firstname: str
    lastname: str
    email: str = ""
    redirect_uri: str = ""


class UserUpdate(Sent):
    """``PUT /users/:id``; a username is read and left as it is."""

    username: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    email: str | None = None
    redirect_uri: str | None = None


class NewApp(Sent):
    """``POST /apps``."""

    user_id: str
    name: str
    redirect_uri: str = ""


class AppUpdate(Sent):
    """``PUT /apps/:id``."""

    name: str | None = None
    redirect_uri: str | None = None


class Status(Sent):
    """``PUT …/status``."""

    status: bool


class NewScopes(Sent):
    """``POST /scopes``, and ``PUT …/scopes``."""

    scopes: Words


class Details(Sent):
    """The credential within ``POST /credentials``."""

    key_id: str | None = None
    key_secret: str | None = None
    password: str | None = None
    password_key: Literal["password"] = "password"  # noqa: S105 - a name
    auto_generate_password: bool = True
    scopes: Words = ()
    rules: tuple[dict[str, str], ...] = ()
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None


class NewCredential(Sent):
    """``POST /credentials``."""

    consumer_id: str
    type: str
    credential: Details | None = None


S = TypeVar("S", bound=Sent)


async def read(request: Request, model: type[S]) -> S:
    """The body. Raises NoBody, Unacceptable with every fault."""
    content = await request.body()
    try:
        return model.model_validate_json(content or b"{}")
    except ValidationError as error:
        found = error.errors(include_url=False)[:100]
        if any(one["type"] == "json_invalid" for one in found):
            raise NoBody("the body is no JSON") from error
        raise Unacceptable(
            Fault(where="".join(f"/{part}" for part in one["loc"])[:200], message=one["msg"])
            for one in found
        ) from error


async def read_value(request: Request) -> Plain:
    """The body as it is, an object or a list. Raises NoBody, Unacceptable."""
    try:
        found: Plain = json.loads(
            await request.body(), object_pairs_hook=_object, parse_constant=_no_number
        )
    except (ValueError, RecursionError) as error:
        raise NoBody("the body is no JSON") from error
    if not isinstance(found, dict | list):
        raise Unacceptable.one("the body is neither an object nor a list")
    return found


def _object(pairs: list[tuple[str, Plain]]) -> Plain:
    """Raises Unacceptable where one key could hide another."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unacceptable.one("an object of the body has a key twice", "keep one of the two")
    return found


def _no_number(word: str) -> Plain:
    raise ValueError(word)


def user_or_app(one: ConsumerView) -> Mapping[str, Any]:
    """A user, or an app; what is empty is left out."""
    if one.kind is ConsumerKind.USER:
        names = {"username": one.name, "firstname": one.firstname, "lastname": one.lastname}
        more = {**names, "email": one.email}
    else:
        more = {"name": one.name, "userId": str(one.user)}
    told = {**more, "redirectUri": one.redirect_uri}
    return {
        "isActive": one.active,
        "id": str(one.id),
        **{name: value for name, value in told.items() if value},
        **_times(one.created, one.updated),
    }


def credential(one: CredentialView) -> Mapping[str, Any]:
    """A credential; its secret is in it once, when it was made."""
    told: dict[str, Any] = {
        "isActive": one.active,
        "type": one.type.value,
        "consumerId": str(one.consumer),
        "scopes": list(one.scopes),
        **_times(one.created, one.updated),
    }
    match one.type:
        case CredentialType.BASIC_AUTH:
            # There it is called by its consumer's id.
            secret = {"password": one.secret} if one.secret else {}
            return {**told, "id": str(one.consumer), **secret}
        case CredentialType.CERTIFICATE:
            dates = {
                name: date.isoformat()
                for name, date in (("validFrom", one.valid_from), ("validUntil", one.valid_until))
                if date
            }
            return {**told, "id": one.name, "rules": list(one.rules), **dates}
        case CredentialType.KEY_AUTH | CredentialType.JWT:
            secret = {"keySecret": one.secret} if one.secret else {}
            return {**told, "id": one.name, "keyId": one.name, **secret}


def _times(created: datetime, updated: datetime) -> dict[str, str]:
    return {"createdAt": _date(created), "updatedAt": _date(updated)}


def _date(at: datetime) -> str:
    """As JavaScript writes a Date."""
    return f"{at.astimezone(UTC):%a %b %d %Y %H:%M:%S} GMT+0000 (Coordinated Universal Time)"
