"""``clientCertificateAuth.revocation.ocsp``: which OCSP responders are asked, and how."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from ostiary.config.model.base import Duration, FileName, Flag, Model, Unfit, Wrong
from ostiary.config.model.url import parse_url

NonceName = Literal["off", "optional", "required"]

_LONGEST_TIMEOUT = timedelta(seconds=30)
_OFTEN = timedelta(seconds=1)


def _url(value: str) -> str:
    return str(parse_url(value, query=True))


def _text(value: str) -> str:
    if not value.strip():
        raise Unfit("is empty")
    return value


def _timeout(value: timedelta | None) -> timedelta | None:
    if value is not None and not timedelta() < value <= _LONGEST_TIMEOUT:
        raise Wrong("the timeout must be between 1s and 30s", "write 5s")
    return value


def _some_time(value: timedelta | None) -> timedelta | None:
    if value is not None and value < _OFTEN:
        raise Wrong("0s is no time", "write 1s or more, or remove the key")
    return value


def _responders(value: object) -> object:
    # An address alone is a responder for everybody.
    if not isinstance(value, list | tuple):
        value = [value]
    return [{"url": one} if isinstance(one, str) else one for one in value]


Time = Annotated[Duration, AfterValidator(_some_time)]


class OcspResponder(Model):
    """A responder that is asked before those that certificates name."""

    url: Annotated[str, AfterValidator(_url)] = Field(
        description="Where it is: http://ocsp.example.com/; a private address is allowed by being "
        "written out."
    )
    issuer: Annotated[str, AfterValidator(_text)] | None = Field(
        default=None,
        description="For whose certificates it is asked: a pattern of the authority's name. For "
        "all when left out.",
    )
    certificate: FileName | None = Field(
        default=None,
        description="File with the certificate that signs its answers, PEM; only where it is "
        "neither the authority's own nor issued by it for OCSP signing.",
    )


class Ocsp(Model):
    """Who is asked whether a client's certificate is revoked, and the authorities' above it."""

    responders: Annotated[tuple[OcspResponder, ...], BeforeValidator(_responders)] = Field(
        default=(), description="Responders, in this order; or their addresses alone."
    )
    aia: Flag = Field(
        default=True,
        description="Ask the responder that a certificate names (authority information access), "
        "if its host is among revocation.fetch.hosts.",
    )
    timeout: Annotated[Duration, AfterValidator(_timeout)] = Field(
        default=None, description="How long one responder may take; 5s when left out."
    )
    nonce: NonceName = Field(
        default="optional",
        description="Whether questions have a nonce. optional: an answer must have the same one, "
        "or none. required: the same one. off: none is sent.",
    )
    maximum_age: Time = Field(
        default=None,
        description="How long an answer counts at most after its thisUpdate. When left out: until "
        "its nextUpdate, or for 1h where it has none.",
    )
    refresh: Time = Field(
        default=None,
        description="How often answers about certificates in use are asked for anew; when left "
        "out, before they end.",
    )
