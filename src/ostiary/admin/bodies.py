"""Bodies of requests: small JSON by models, uploads raw or as forms."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from ostiary.admin.problems import NoBody
from ostiary.management.described import Described
from ostiary.management.errors import Unacceptable
from ostiary.store.database.records import Role

_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")

Pattern = Annotated[str, Field(max_length=10_000)]


class Body(BaseModel):
    """What all bodies share: nothing unknown is taken."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=False
    )


class Trust(Body):
    """Which certificates to trust."""

    component: int = Field(ge=1, le=2**53)
    version: int | None = Field(default=None, ge=1, le=2**53)


class Description(Body):
    """What people read of a component."""

    name: str | None = Field(default=None, max_length=1_000)
    description: str | None = Field(default=None, max_length=10_000)


class Retirement(Body):
    """Whether a version is offered."""

    retired: bool


class Patterns(Body):
    """Distinguished-name patterns."""

    patterns: tuple[Pattern, ...] = Field(min_length=1, max_length=100_000)
    note: str = Field(default="", max_length=1_000)


class PatternList(Body):
    """A whole list; an API's may be empty."""

    patterns: tuple[Pattern, ...] = Field(max_length=100_000)


class Trial(Body):
    """Whom to try names on."""

    subjects: tuple[Pattern, ...] = Field(default=(), max_length=1_000)
    certificate: str | None = Field(default=None, description="Certificates, PEM.")
    patterns: tuple[Pattern, ...] | None = Field(
        default=None, max_length=1_000, description="Try these instead of those in force."
    )


class Question(Body):
    """What is to be explained."""

    certificate: str | None = Field(
        default=None, description="PEM, with its chain after it; left out: a client without one."
    )
    api: str | None = Field(default=None, max_length=1_000)
    url: str | None = Field(default=None, max_length=10_000)
    method: str = Field(default="GET", pattern=r"^[A-Za-z]{1,20}$")
    at: AwareDatetime | None = None
    headers: tuple[Annotated[str, Field(max_length=10_000)], ...] = Field(
        default=(), max_length=100, description="Such as `X-Tenant: acme`; the URL tells the host."
    )
    client: str = Field(
        default="", max_length=100, description="The client's address; left out: any."
    )
    key: str = Field(
        default="",
        max_length=10_000,
        description="An API key, `keyId:keySecret`, shown wherever a step looks for one. To try a "
        "secret, wherever it stands, needs the role operator. It is not kept.",
    )
    user: str = Field(default="", max_length=10_000, description="`name:password`, likewise.")
    token: str = Field(
        default="",
        max_length=20_000,
        description="A token for `jwt`, likewise. It is judged by the keys at hand; authorization "
        "servers are not asked.",
    )
    consumer: str = Field(
        default="",
        max_length=1_000,
        description="As if credentials of this consumer were shown: a user by name or id, an app.",
    )

    def described(self) -> Described:
        """What is said beside the address."""
        return Described(
            headers=self.headers,
            client=self.client,
            key=self.key,
            user=self.user,
            token=self.token,
            consumer=self.consumer,
        )


class FetchLists(Body):
    """Which lists to fetch."""

    source: str | None = Field(
        default=None, max_length=2_000, description="A URL or file as it is listed; left out: all."
    )


class NewBlocks(Body):
    """Certificates to be blocked: by fingerprints, or one by itself or by issuer and serial."""

    fingerprints: tuple[Annotated[str, Field(max_length=200)], ...] = Field(
        default=(), max_length=10_000, description="SHA-256 in hex."
    )
    certificate: str | None = Field(default=None, description="PEM; the first certificate in it.")
    issuer: str = Field(default="", max_length=10_000, description="RFC 4514.")
    serial: str = Field(default="", max_length=200, description="Hex.")
    note: str = Field(default="", max_length=1_000, description="Why.")
    until: AwareDatetime | None = Field(default=None, description="When it ends; left out: never.")


class NewToken(Body):
    """A credential to be made."""

    name: str = Field(min_length=1, max_length=1_000)
    role: Role
    expires: AwareDatetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """What came with a form, or as a raw body."""

    content: bytes
    name: str | None = None
    description: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewComponent:
    """An upload that becomes a component of the library."""

    name: str
    description: str
    content: bytes
    password: str | None


UPLOAD_SCHEMA: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Certificates: PEM, DER, PKCS#7 or PKCS#12 without a key; raw, or a form "
        "with `file` (or `text` for what was pasted), `name`, `description`, `password`.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "contentMediaType": "application/octet-stream"},
                        "text": {"type": "string"},
                        "name": {"type": "string"},
                        "description": {"type": "string"},
                        "password": {"type": "string"},
                    },
                }
            },
            "application/x-pem-file": {"schema": {"type": "string"}},
            "application/octet-stream": {"schema": {"type": "string"}},
        },
    }
}
TEXT_SCHEMA: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
}


async def read_uploaded(request: Request) -> Uploaded:
    """A form or a raw body. Raises NoBody, TooLarge."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _FORMS:
        return Uploaded(content=await request.body())
    try:
        async with request.form(max_files=1, max_fields=10, max_part_size=2**24) as form:
            fields = {key: value for key, value in form.items() if isinstance(value, str)}
            file = form.get("file")
            content = await file.read() if isinstance(file, UploadFile) else b""
    except (MultiPartException, FormParserError, HTTPException, UnicodeError) as error:
        raise NoBody(f"the form can't be read: {error}") from error
    return Uploaded(
        content=content or fields.get("text", "").encode("utf-8", "surrogatepass"),
        name=fields.get("name"),
        description=fields.get("description"),
        password=fields.get("password") or None,
    )


async def read_new_component(
    request: Request, name: str | None, description: str | None
) -> NewComponent:
    """Of a form with its name and description, or of a raw body with those given.

    Raises NoBody, TooLarge, and Unacceptable where there is no name.
    """
    sent = await read_uploaded(request)
    called = sent.name if sent.name is not None else name
    if called is None:
        raise Unacceptable.one("the component has no name", "give one", "/name")
    return NewComponent(
        name=called,
        description=(sent.description if sent.description is not None else description) or "",
        content=sent.content,
        password=sent.password,
    )


async def read_text(request: Request) -> str:
    """A text file. Raises NoBody for what isn't UTF-8."""
    try:
        return (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NoBody(f"this isn't UTF-8 text: {error.reason}") from error
