"""Where the gateway listens: ``http``, ``https`` with its names and options, ``admin``."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from ostiary.config.model.base import (
    FileName,
    Flag,
    Listed,
    Milliseconds,
    Model,
    Number,
    OptionalFlag,
    Port,
    Unfit,
    Wrong,
)
from ostiary.config.model.url import is_host

_CIPHERS = re.compile(r"[A-Za-z0-9_:!+@=.-]+")
_CURVES = re.compile(r"[A-Za-z0-9_:.-]+")


def _hostname(value: str) -> str:
    if not is_host(value):
        raise Unfit("isn't a host name or IP address", "write it without port or brackets")
    return value


def _ciphers(value: str) -> str:
    if not _CIPHERS.fullmatch(value):
        raise Unfit("isn't an OpenSSL cipher list", "separate the names with ':'")
    return value


def _curves(value: str) -> str:
    if not _CURVES.fullmatch(value):
        raise Unfit("isn't a list of curves", "separate the names with ':'")
    return value


def _material(value: str) -> str:
    if not value.strip():
        raise Unfit("is empty where PEM text or a file name is expected")
    return value


Hostname = Annotated[str, AfterValidator(_hostname)]
Version = Literal["TLSv1.2", "TLSv1.3"]


class HttpListener(Model):
    """A plain HTTP listener."""

    port: Port = Field(description="TCP port, 1 to 65535.")
    hostname: Hostname | None = Field(
        default=None, description="Address to listen on; all interfaces when left out."
    )


class TlsEntry(Model):
    """The certificate for one name (SNI), and whose clients it trusts."""

    key: FileName = Field(description="File with the private key, PEM.")
    cert: FileName = Field(description="File with the certificate, PEM; the chain may follow it.")
    ca: Annotated[tuple[FileName, ...], Listed] = Field(
        default=(),
        description="Files with the authorities client certificates may come from, PEM. "
        "Without any, no client certificate is trusted; public roots never are.",
    )
    request_cert: OptionalFlag = Field(
        default=None, description="Ask clients of this name for a certificate; else as in options."
    )
    reject_unauthorized: OptionalFlag = Field(
        default=None,
        description="Refuse clients of this name without a trusted certificate in the handshake; "
        "else as in options.",
    )


class TlsOptions(Model):
    """Options of the whole HTTPS listener, under the names Node.js gives them."""

    request_cert: Flag = Field(default=False, description="Ask clients for a certificate.")
    reject_unauthorized: Flag = Field(
        default=True,
        description="With requestCert: refuse clients without a trusted certificate in the "
        "handshake. With false the pipelines decide.",
    )
    min_version: Version = Field(default="TLSv1.2", description="Oldest TLS version.")
    max_version: Version = Field(default="TLSv1.3", description="Newest TLS version.")
    ciphers: Annotated[str, AfterValidator(_ciphers)] | None = Field(
        default=None, description="Cipher list in OpenSSL's syntax."
    )
    honor_cipher_order: OptionalFlag = Field(
        default=None, description="Prefer the server's order of ciphers."
    )
    ecdh_curve: Annotated[str, AfterValidator(_curves)] | None = Field(
        default=None, description="Curves for key exchange, separated by ':'; or auto."
    )
    alpn_protocols: Annotated[tuple[Literal["h2", "http/1.1"], ...], Listed] | None = Field(
        default=None,
        alias="ALPNProtocols",
        description="Protocols to offer, best first; both when left out.",
    )
    crl: Annotated[tuple[Annotated[str, AfterValidator(_material)], ...], Listed] = Field(
        default=(),
        description="Revocation lists: PEM text, or files in PEM or DER. With any, a client is "
        "refused unless the list of every authority in its path is there, valid and without it.",
    )
    keep_alive_timeout: Milliseconds | None = Field(
        default=None, description="Wait for the next request on an open connection, milliseconds."
    )
    handshake_timeout: Milliseconds | None = Field(
        default=None,
        description="Longest silence of a client, milliseconds: in the TLS handshake, and while it "
        "sends a request's body.",
    )
    headers_timeout: Milliseconds | None = Field(
        default=None, description="Time for a request's headers, milliseconds."
    )
    max_header_size: Annotated[Number, Field(ge=1024, le=1024 * 1024)] | None = Field(
        default=None, description="Largest request line and headers together, bytes."
    )

    close_blocked: Flag = Field(
        default=False,
        description="Close the connection of a blocked client at its next request, with everything "
        "under way on it, instead of answering 403.",
    )

    @model_validator(mode="after")
    def _versions_in_order(self) -> "TlsOptions":
        if self.min_version > self.max_version:
            raise Wrong("minVersion is newer than maxVersion", "swap the two")
        return self


class HttpsListener(Model):
    """An HTTPS listener: one port, any number of names."""

    port: Port = Field(description="TCP port, 1 to 65535.")
    hostname: Hostname | None = Field(
        default=None, description="Address to listen on; all interfaces when left out."
    )
    tls: dict[str, TlsEntry] = Field(
        default_factory=dict,
        description="Certificates by name: default, an exact name, or *.name for one more label. "
        "Exact beats wildcard beats default.",
    )
    options: TlsOptions = Field(
        default_factory=TlsOptions, description="Options of the whole listener."
    )

    def requests_certificate(self, name: str) -> bool:
        """Tell whether clients of this tls entry are asked for a certificate."""
        own = self.tls[name].request_cert
        return self.options.request_cert if own is None else own

    def rejects_unauthorized(self, name: str) -> bool:
        """Tell whether the handshake refuses clients of this entry without a trusted certificate.

        Only where a certificate is requested, as in Node.js.
        """
        own = self.tls[name].reject_unauthorized
        wanted = self.options.reject_unauthorized if own is None else own
        return wanted and self.requests_certificate(name)

    def rejects_explicitly(self, name: str) -> bool:
        """Tell whether ``rejectUnauthorized: true`` was written for this entry, not left out.

        Type certificate asks every client; Node's default would then shut the door on whoever
        shows another certificate, before anybody could be told why (docs/decisions/0015).
        """
        own = self.tls[name].reject_unauthorized
        if own is not None:
            return own
        written = "reject_unauthorized" in self.options.model_fields_set
        return written and self.options.reject_unauthorized


class AdminTls(Model):
    """The certificate of the admin listener, and whose client certificates open it."""

    key: FileName = Field(description="File with the private key, PEM.")
    cert: FileName = Field(description="File with the certificate, PEM; the chain may follow it.")
    ca: Annotated[tuple[FileName, ...], Listed] = Field(
        default=(),
        description="Files with the authorities of administrators' certificates, PEM; none: "
        "tokens only.",
    )


class Admin(Model):
    """The admin listener: REST API, metrics and console; nothing without a credential."""

    enabled: Flag = Field(default=True, description="Whether to listen on a TCP port at all.")
    port: Port = Field(default=9876, description="TCP port.")
    host: Hostname | None = Field(default=None, description="Address (Express Gateway's name).")
    hostname: Hostname | None = Field(default=None, description="Address; 127.0.0.1 when left out.")
    tls: AdminTls | None = Field(
        default=None, description="Serve HTTPS; needed on addresses other than loopback."
    )
    allow_plain_http: Flag = Field(
        default=False,
        description="Serve plain HTTP on addresses other than loopback, behind a proxy that you "
        "trust: credentials travel in the open.",
    )

    @property
    def address(self) -> str:
        """Where to listen."""
        return self.hostname or self.host or "127.0.0.1"
