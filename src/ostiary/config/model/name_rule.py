"""One rule of ``allow`` or ``deny``: tests on a certificate beside its distinguished name."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from ostiary.config.model.base import Model, Unfit, Wrong
from ostiary.config.model.network import Network

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _text(value: str) -> str:
    if not value.strip():
        raise Unfit("is empty")
    if _CONTROL.search(value):
        raise Unfit("holds a control character")
    return value


Text = Annotated[str, AfterValidator(_text)]
"""Not blank, and without control characters."""


class NameRule(Model):
    """Tests on a certificate beside its distinguished name; all that are given must hold."""

    distinguished_name: Text | None = Field(
        default=None, description="Pattern of the subject, as in trustedDistinguishedNames."
    )
    dns: Text | None = Field(default=None, description="Pattern of a DNS name in the certificate.")
    uri: Text | None = Field(
        default=None, description="Pattern of a URI in the certificate, such as a SPIFFE ID."
    )
    email: Text | None = Field(
        default=None, description="Pattern of an email address in the certificate."
    )
    ip: Network | None = Field(
        default=None, description="Network that holds an IP address in the certificate."
    )
    issuer: Text | None = Field(default=None, description="Pattern of the issuer's name.")
    serial: Text | None = Field(default=None, description="Serial number, hexadecimal.")
    fingerprint: Text | None = Field(
        default=None, description="SHA-256 of the certificate, hexadecimal."
    )
    policy: Text | None = Field(
        default=None, description="Object identifier of a certificate policy."
    )

    @model_validator(mode="after")
    def _says_something(self) -> "NameRule":
        if not self.model_fields_set:
            raise Wrong("a rule without a test", f"give one of: {', '.join(_KEYS)}")
        return self


_KEYS = (
    "distinguishedName",
    "dns",
    "uri",
    "email",
    "ip",
    "issuer",
    "serial",
    "fingerprint",
    "policy",
)
