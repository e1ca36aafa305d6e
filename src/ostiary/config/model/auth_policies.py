"""Policies that ask who the client is: API keys, and names with passwords."""

import inspect
import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from ostiary.config.model.base import Flag, Model, Unfit, Wrong

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
# RFC 3986 section 2.3: what stands in a query as it is, whoever wrote it.
_FIELD = re.compile(r"[A-Za-z0-9._~-]{1,64}")


def _header(value: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise Unfit("isn't a header name (RFC 9110)", "use letters, digits and '-'")
    return value


def _scheme(value: str) -> str:
    if value and not _TOKEN.fullmatch(value):
        raise Unfit("isn't an authentication scheme (RFC 9110)", "use letters, digits and '-'")
    return value


def _field(value: str) -> str:
    if not _FIELD.fullmatch(value):
        raise Unfit("can't be the name of a query parameter here", "use letters, digits and '_'")
    return value


class AuthAction(Model):
    """What all of these policies share."""

    pass_through: Flag = Field(
        default=False,
        description="Go on without a consumer where the credential is missing or refused; the "
        "response then has eg-consumer-id: anonymous. Who can't be judged is refused all the same.",
    )


class KeyAuthAction(AuthAction):
    """Ask for an API key, written ``keyId:keySecret``: in a header, else in the query."""

    example: ClassVar[str] = inspect.cleandoc(
        """
        - key-auth:
            action: {apiKeyHeader: X-Api-Key, disableHeadersScheme: true, disableQueryParam: true}
        """
    )
    policy: Literal["key-auth"] = "key-auth"
    api_key_header: Annotated[str, AfterValidator(_header)] = Field(
        default="Authorization", description="The header with the key."
    )
    api_key_header_scheme: Annotated[str, AfterValidator(_scheme)] = Field(
        default="apiKey",
        description="The word before the key in the header, in any case; empty: none.",
    )
    api_key_field: Annotated[str, AfterValidator(_field)] = Field(
        default="apiKey", description="The query parameter with the key; also in lower case."
    )
    disable_headers: Flag = Field(default=False, description="Don't look for a header.")
    disable_headers_scheme: Flag = Field(
        default=False, description="The header holds the key alone, without a scheme."
    )
    disable_query_param: Flag = Field(default=False, description="Don't look into the query.")

    @property
    def scheme(self) -> str:
        """The word before the key in the header; empty: the header holds the key alone."""
        return "" if self.disable_headers_scheme else self.api_key_header_scheme

    @model_validator(mode="after")
    def _somewhere(self) -> "KeyAuthAction":
        if self.disable_headers and self.disable_query_param:
            raise Wrong(
                "disableHeaders and disableQueryParam leave no place for the key",
                "remove one of the two",
            )
        return self


class BasicAuthAction(AuthAction):
    """Ask for a username (or an app's id) and password, by HTTP's Basic scheme (RFC 7617)."""

    example: ClassVar[str] = inspect.cleandoc(
        """
        - basic-auth:
            action: {passThrough: true}
        """
    )
    policy: Literal["basic-auth"] = "basic-auth"
