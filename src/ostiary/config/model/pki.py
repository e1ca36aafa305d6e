"""``pki``: where the certificate authority's public side is served."""

from pydantic import Field

from ostiary.config.model.base import Model, Port
from ostiary.config.model.listeners import Hostname


class Pki(Model):
    """A public listener, plain HTTP: revocation lists, OCSP, the authorities' certificates."""

    port: Port = Field(description="TCP port, 1 to 65535.")
    host: Hostname = Field(
        default="127.0.0.1", description="Address to listen on; 0.0.0.0 for all of IPv4."
    )
