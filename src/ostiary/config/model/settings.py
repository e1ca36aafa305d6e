"""Ostiary's own settings: engine, identity headers, logs, what certificates must be like."""

from typing import Annotated

from pydantic import Field, model_validator

from ostiary.config.model.base import (
    FileName,
    Flag,
    HeaderName,
    Milliseconds,
    Model,
    Number,
    Wrong,
)


class Engine(Model):
    """The HAProxy that carries the traffic."""

    binary: FileName | None = Field(
        default=None, description="HAProxy to run; searched for when left out."
    )
    threads: Annotated[Number, Field(ge=1, le=64)] | None = Field(
        default=None, description="Threads; one for each core when left out."
    )
    max_connections: Annotated[Number, Field(ge=10, le=2_000_000)] | None = Field(
        default=None,
        description="Connections at the same time; by the system's limits if left out.",
    )
    drain_timeout_ms: Milliseconds = Field(
        default=30_000, description="How long old connections may go on after a stop or a change."
    )


class IdentityHeaders(Model):
    """Names of the headers that tell a service who the client is; null switches one off.

    Headers of these names sent by clients are always removed.
    """

    client_cert: HeaderName | None = Field(
        default="Client-Cert", description="The certificate, as RFC 9440 says."
    )
    client_cert_chain: HeaderName | None = Field(
        default=None, description="Its verified chain, as RFC 9440 says (Client-Cert-Chain)."
    )
    subject: HeaderName | None = Field(
        default="X-Client-Cert-Subject-DN", description="Subject, as a distinguished name."
    )
    issuer: HeaderName | None = Field(
        default="X-Client-Cert-Issuer-DN", description="Issuer, as a distinguished name."
    )
    serial: HeaderName | None = Field(
        default="X-Client-Cert-Serial", description="Serial number, hexadecimal."
    )
    fingerprint: HeaderName | None = Field(
        default="X-Client-Cert-SHA256", description="SHA-256 of the certificate, hexadecimal."
    )
    request_id: HeaderName | None = Field(
        default="eg-request-id", description="Identifier of the request."
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The headers that are switched on, in the order above."""
        values = (getattr(self, field) for field in type(self).model_fields)
        return tuple(value for value in values if value is not None)

    @model_validator(mode="after")
    def _distinct(self) -> "IdentityHeaders":
        seen: set[str] = set()
        for name in self.names:
            # CGI-like services read '-' and '_' as the same (RFC 3875 section 4.1.18).
            folded = name.lower().replace("_", "-")
            if folded in seen:
                raise Wrong(f"two headers have the name {name[:80]!r}", "name them differently")
            seen.add(folded)
        return self

    @model_validator(mode="after")
    def _chain_has_its_beginning(self) -> "IdentityHeaders":
        # RFC 9440 section 2.3: the chain must not appear unless the certificate does.
        if self.client_cert_chain and not self.client_cert:
            raise Wrong(
                "clientCertChain needs clientCert, which is null", "give clientCert a name again"
            )
        return self


class Identity(Model):
    """How a service learns who the client is."""

    headers: IdentityHeaders = Field(
        default_factory=IdentityHeaders, description="Names of the headers."
    )


class Logs(Model):
    """Where logs go."""

    access: FileName | None = Field(
        default=None, description="File of the access log; the standard output when left out."
    )


class Store(Model):
    """Where what is managed is kept."""

    url: str | None = Field(
        default=None,
        description="Database, as postgresql+psycopg://user:password@host/name; a SQLite file in "
        "the state folder when left out.",
    )


class CertificatePolicy(Model):
    """What a client's certificates must be like; MD5 is never accepted."""

    minimum_rsa_bits: Annotated[Number, Field(ge=1024, le=16384)] = Field(
        default=2048, description="Shortest RSA key."
    )
    minimum_ec_bits: Annotated[Number, Field(ge=224, le=521)] = Field(
        default=256, description="Shortest elliptic-curve key."
    )
    allow_sha1: Flag = Field(default=False, description="Accept signatures made with SHA-1.")
    maximum_verdict_age_ms: Annotated[Milliseconds, Field(ge=1000, le=86_400_000)] = Field(
        default=3_600_000, description="Longest time until a certificate is judged again."
    )
