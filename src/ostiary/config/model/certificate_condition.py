"""The condition about the client's certificate: which one, or which names."""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from ostiary.config.model.base import Listed, Model, Some, Unfit, Wrong
from ostiary.config.model.name_rule import Text
from ostiary.config.model.network import Network


def _fingerprint(value: str) -> str:
    digits = value.replace(":", "").upper()
    if not re.fullmatch("[0-9A-F]{64}", digits):
        raise Unfit("isn't a SHA-256", "write its 64 hexadecimal digits")
    return digits


_Texts = Annotated[tuple[Text, ...] | None, Listed, Some]


class ClientCertificate(Model):
    """True when the client is admitted by a certificate, and it is one of these.

    All that is given must hold, each for one of its list. Patterns are those of
    `trustedDistinguishedNames`, and of `allow` and `deny`.
    """

    example: ClassVar[str] = (
        "{name: clientCertificate, subject: 'CN=*,O=Example,**', dns: '*.devices.example'}"
    )
    name: Literal["clientCertificate"] = "clientCertificate"
    subject: _Texts = Field(default=None, description="Patterns of the subject.")
    issuer: _Texts = Field(default=None, description="Patterns of the issuer's name.")
    dns: _Texts = Field(default=None, description="Patterns of a DNS name in the certificate.")
    uri: _Texts = Field(
        default=None, description="Patterns of a URI in the certificate, such as a SPIFFE ID."
    )
    email: _Texts = Field(
        default=None, description="Patterns of an email address in the certificate."
    )
    ip: Annotated[tuple[Network, ...] | None, Listed, Some] = Field(
        default=None, description="Networks that hold an IP address in the certificate."
    )
    serial: _Texts = Field(default=None, description="Serial numbers, hexadecimal.")
    fingerprint: Annotated[
        tuple[Annotated[str, AfterValidator(_fingerprint)], ...] | None, Listed, Some
    ] = Field(default=None, description="SHA-256 of the certificate, hexadecimal.")

    @property
    def given(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What is asked for, by the names that ``trust`` has for it."""
        asked = (
            ("distinguished_name", self.subject),
            ("issuer", self.issuer),
            ("dns", self.dns),
            ("uri", self.uri),
            ("email", self.email),
            ("ip", self.ip),
            ("serial", self.serial),
            ("fingerprint", self.fingerprint),
        )
        return tuple((name, texts) for name, texts in asked if texts)

    @model_validator(mode="before")
    @classmethod
    def _other_words(cls, value: object) -> object:
        for key, way_out in (
            ("san", "alternative names have their kinds: dns, uri, email, ip"),
            ("distinguishedName", "write subject"),
        ):
            if isinstance(value, dict) and key in value:
                raise Wrong(f"{key} isn't asked for by this name", way_out)
        return value

    @model_validator(mode="after")
    def _says_something(self) -> "ClientCertificate":
        if not self.given:
            way_out = "give subject, issuer, dns, uri, email, ip, serial or fingerprint; for any "
            raise Wrong(
                "it asks for nothing of the certificate", f"{way_out}use tlsClientAuthenticated"
            )
        return self
