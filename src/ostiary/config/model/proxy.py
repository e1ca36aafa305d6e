"""How requests are passed on: options of the proxy policy and of a service endpoint."""

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from ostiary.config.model.base import FileName, Flag, HeaderName, Milliseconds, Model, Unfit, Wrong


def _header_value(value: str) -> str:
    if value != value.strip() or not value.isascii():
        raise Unfit("isn't a header value (RFC 9110)", "use ASCII without spaces at the ends")
    return value


class Target(Model):
    """Mutual TLS to the service."""

    key_file: FileName | None = Field(default=None, description="File with our private key, PEM.")
    cert_file: FileName | None = Field(
        default=None, description="File with our certificate and chain, PEM."
    )
    ca_file: FileName | None = Field(
        default=None, description="File with the authorities the service's certificate may have."
    )

    @model_validator(mode="after")
    def _key_with_certificate(self) -> "Target":
        if (self.key_file is None) != (self.cert_file is None):
            raise Wrong("keyFile and certFile are needed together", "give both or neither")
        return self


class ProxyOptions(Model):
    """Options of proxying, under the names Express Gateway gives them."""

    change_origin: Flag = Field(
        default=True, description="Send the service's own host name as Host, not the client's."
    )
    strip_path: Flag = Field(
        default=False, description="Drop the endpoint's path, up to its first ':' or '*'."
    )
    ignore_path: Flag = Field(
        default=False, description="Drop the request's path: only the service's own is used."
    )
    prepend_path: Flag = Field(
        default=True, description="Put the path of the service's URL before the request's."
    )
    secure: Flag = Field(default=True, description="Verify the certificate of an https service.")
    xfwd: Flag = Field(
        default=False, description="Accepted; X-Forwarded-* headers are always sent."
    )
    timeout: Milliseconds | None = Field(
        default=None, description="Longest silence of the client, milliseconds."
    )
    proxy_timeout: Milliseconds | None = Field(
        default=None, description="Longest wait for the service, milliseconds."
    )
    target: Target | None = Field(default=None, description="Mutual TLS to the service.")
    headers: dict[HeaderName, Annotated[str, AfterValidator(_header_value)]] = Field(
        default_factory=dict, description="Headers set on each request, by name."
    )
