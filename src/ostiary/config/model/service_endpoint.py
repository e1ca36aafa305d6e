"""Where requests go: addresses of services (``serviceEndpoints``)."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from ostiary.config.model.base import Milliseconds, Model, Number, Unfit, Wrong
from ostiary.config.model.proxy import ProxyOptions
from ostiary.config.model.url import Url, parse_url

# RFC 9112 section 3.2.1: origin-form, without what a request line can't hold.
_TARGET = re.compile(r"/[!-~]*")


def _url(value: str) -> str:
    parse_url(value)
    return value


def _request_target(value: str) -> str:
    if not _TARGET.fullmatch(value):
        raise Unfit("isn't a path that can be requested", "start it with '/', without spaces")
    return value


class HealthCheck(Model):
    """Asking each address of a service whether it is well; any 2xx or 3xx answer is."""

    path: Annotated[str, AfterValidator(_request_target)] = Field(
        description="Path (and query) to GET."
    )
    interval_ms: Milliseconds = Field(default=2000, description="Pause between two checks.")
    timeout_ms: Milliseconds = Field(default=2000, description="Longest wait for the answer.")
    unhealthy_after: Annotated[Number, Field(ge=1, le=100)] = Field(
        default=3, description="Failures in a row until the address is left out."
    )
    healthy_after: Annotated[Number, Field(ge=1, le=100)] = Field(
        default=2, description="Successes in a row until it is used again."
    )


class ServiceEndpoint(Model):
    """A service: one address in ``url``, or several in ``urls`` taken in turn."""

    url: Annotated[str, AfterValidator(_url)] | None = Field(
        default=None, description="Address, http or https; xor urls."
    )
    urls: tuple[Annotated[str, AfterValidator(_url)], ...] | None = Field(
        default=None, description="Addresses with the same scheme and path; xor url."
    )
    proxy_options: ProxyOptions = Field(
        default_factory=ProxyOptions, description="Options that win over the proxy policy's own."
    )
    health_check: HealthCheck | None = Field(
        default=None, description="Active health checks; none when left out."
    )

    @model_validator(mode="after")
    def _one_kind_of_address(self) -> "ServiceEndpoint":
        if self.url is not None and self.urls is not None:
            raise Wrong("url and urls are both given", "keep one of the two")
        if not self.targets:
            raise Wrong("has no address", "give url, or urls with at least one")
        if len({(target.scheme, target.path) for target in self.targets}) > 1:
            raise Wrong(
                "its urls differ in scheme or path", "make one serviceEndpoint for each kind"
            )
        return self

    @property
    def targets(self) -> tuple[Url, ...]:
        """Every address, taken apart, in file order; all share scheme and path."""
        written = (self.url,) if self.url is not None else self.urls or ()
        return tuple(parse_url(url) for url in written)
