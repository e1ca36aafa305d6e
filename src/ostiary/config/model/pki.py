"""``pki``: where the certificate authority's public side is served."""

from typing import Annotated

from pydantic import Field

from ostiary.config.model.base import FileName, Flag, Listed, Model, Port
from ostiary.config.model.listeners import Hostname


class EstTls(Model):
    """The server certificate of the enrolment listener."""

    key: FileName = Field(description="File with the private key, PEM.")
    cert: FileName = Field(description="File with the certificate, PEM; the chain may follow it.")


class Est(Model):
    """Enrolment over secure transport (RFC 7030), on a TLS listener of its own."""

    port: Port = Field(description="TCP port, 1 to 65535.")
    host: Hostname | None = Field(
        default=None, description="Address to listen on; all interfaces when left out."
    )
    tls: EstTls | None = Field(
        default=None,
        description="Its server certificate; else that of https.tls.default.",
    )
    approval: Flag = Field(
        default=False,
        description="Ask an operator about every first certificate, whatever the token says. "
        "Renewals are not asked about.",
    )
    registrars: Annotated[tuple[str, ...], Listed] = Field(
        default=(),
        description="Patterns of distinguished names: whose certificates of this authority may ask "
        "for certificates of others, without a token. None if left out.",
    )


class Pki(Model):
    """A public listener, plain HTTP: revocation lists, OCSP, the authorities' certificates."""

    port: Port = Field(description="TCP port, 1 to 65535.")
    host: Hostname = Field(
        default="127.0.0.1", description="Address to listen on; 0.0.0.0 for all of IPv4."
    )
    est: Est | None = Field(
        default=None,
        description="Where devices enrol over TLS; nowhere if left out.",
    )
