"""What the gateway answers for: hosts, paths and methods (``apiEndpoints``)."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ostiary.config.model.base import Listed, Model, Regex, Some, Unfit, Wrong
from ostiary.config.model.client_auth import ApiAuth

# RFC 9110 section 9, RFC 5789 and the methods Node.js knows; CONNECT can't be
# routed by path, and TRACE would show a client what the gateway adds (section 9.3.8).
METHODS = (
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "ACL",
    "BIND",
    "CHECKOUT",
    "COPY",
    "LINK",
    "LOCK",
    "M-SEARCH",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MOVE",
    "NOTIFY",
    "PROPFIND",
    "PROPPATCH",
    "PURGE",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "SOURCE",
    "SUBSCRIBE",
    "UNBIND",
    "UNLINK",
    "UNLOCK",
    "UNSUBSCRIBE",
)
_HOST = re.compile(r"[A-Za-z0-9_.*-]{1,253}|\[[0-9A-Fa-f:.]+\]")
_HOST_WITH_PORT = re.compile(r"([^:]+|\[[^\]]*\]):[0-9]+")
# RFC 3986 section 3.3: a path is ASCII without blanks; the rest is percent-encoded.
_REQUESTED = re.compile(r"[!-~]+")
# path-to-regexp 0.1 passes these on as parts of a regular expression.
_PATTERN_SIGNS = re.compile(r"[][(){}?+|^$\\#]")


def _host(value: str) -> str:
    if _HOST_WITH_PORT.fullmatch(value):
        raise Wrong(f"{value[:80]!r} has a port, so it would never match", "write the name alone")
    if not _HOST.fullmatch(value):
        raise Unfit("isn't a host name", "use letters, digits, '.', '-', and '*' for one label")
    return value


def _path(value: str) -> str:
    if value != "*" and not value.startswith("/"):
        raise Unfit("must start with '/'", f"write {'/' + value[:78]!r}")
    if not _REQUESTED.fullmatch(value):
        raise Unfit("holds what no request's path holds", "percent-encode it")
    found = _PATTERN_SIGNS.search(value)
    if found:
        raise Wrong(f"{found.group()!r} isn't supported in a path", "use pathRegex")
    return value


def _methods(value: object) -> object:
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list | tuple):
        return value
    names = [item.strip().upper() if isinstance(item, str) else item for item in value]
    return None if names == ["*"] else names


def _method(value: str) -> str:
    if value not in METHODS:
        raise Wrong.among("method", value, METHODS)
    return value


def _scope(value: str) -> str:
    if not value.strip():
        raise Unfit("is an empty scope", "name the scope, or remove it")
    return value


Methods = Annotated[tuple[Annotated[str, AfterValidator(_method)], ...], Some]


class ApiEndpoint(Model):
    """One way requests come to an API; an API may have several."""

    host: Annotated[str, AfterValidator(_host)] | None = Field(
        default=None,
        description="Host name, any case; '*' stands for one label. Any host when left out.",
    )
    host_regex: Regex | None = Field(
        default=None, description="Expression the whole host must match, any case."
    )
    paths: Annotated[tuple[Annotated[str, AfterValidator(_path)], ...], Listed, Some] = Field(
        default=("*",),
        description="Paths: ':name' stands for one segment, '*' for anything. Also written path.",
    )
    path_regex: Regex | None = Field(
        default=None, description="Expression found anywhere in the path; wins over paths."
    )
    methods: Annotated[Methods | None, BeforeValidator(_methods)] = Field(
        default=None,
        description="Methods, as a list or separated by commas; '*' or left out: all.",
    )

    scopes: Annotated[tuple[Annotated[str, AfterValidator(_scope)], ...], Listed] = Field(
        default=(),
        description="Scopes that a consumer's credential must have, all of them; asked for by the "
        "policies that authenticate.",
    )
    client_certificate_auth: ApiAuth | None = Field(
        default=None,
        description="Client certificate authentication of this API, where it differs from the "
        "gateway's. For an API with several entries, give it in one of them.",
    )

    @model_validator(mode="after")
    def _one_host(self) -> "ApiEndpoint":
        if self.host is not None and self.host_regex is not None:
            raise Wrong("host and hostRegex are both given", "keep one of the two")
        return self
