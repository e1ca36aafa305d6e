"""``clientCertificateAuth``: who may come, for the gateway and for single APIs (the fourth seed).

Everywhere here None means "not given": the gateway's value is then inherited by an API, and what
the file leaves open may be set by console, API or command line.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ostiary.config.model.base import (
    Duration,
    FileName,
    HeaderName,
    Listed,
    Model,
    OptionalFlag,
    Unfit,
)
from ostiary.config.model.name_rule import NameRule, Text
from ostiary.config.model.network import Network
from ostiary.config.model.ocsp import Ocsp
from ostiary.config.model.revocation_fetch import Fetch, ListSource

AuthTypeName = Literal["none", "certificate", "header"]
RevocationName = Literal["off", "soft", "strict"]
PreferenceName = Literal["crl-first", "ocsp-first", "ocsp-if-no-crl"]
HeaderFormatName = Literal["auto", "urlencoded-pem", "pem", "base64-der", "xfcc", "rfc9440"]
PresetName = Literal[
    "nginx", "haproxy", "aws-alb", "cloudflare", "traefik", "envoy", "f5", "rfc9440"
]


def _given(value: object) -> object:
    # A list whose items are all commented out is null: whether nobody or everybody was meant must
    # not be guessed at.
    if value is None:
        raise Unfit("is empty", "write a list, [] for an empty one, or remove the key")
    return value


def _said(value: object) -> object:
    if value is None:
        raise Unfit("is empty", "write what is meant, or remove the key")
    return value


_Given = BeforeValidator(_given)
"""None only when left out: an explicit null is refused."""
_Said = BeforeValidator(_said)


class ApiRevocation(Model):
    """Who is refused for what revocation lists and OCSP say, or don't say."""

    mode: Annotated[RevocationName | None, _Said] = Field(
        default=None,
        description="off: nothing is looked up. soft: who is known as revoked is refused. strict: "
        "also whoever can't be looked up. Left out: strict where any list is named or fetched, or "
        "OCSP is asked; else off.",
    )
    preference: Annotated[PreferenceName | None, _Said] = Field(
        default=None,
        description="Lists and OCSP together. crl-first (when left out): OCSP is asked where no "
        "list tells. ocsp-first: a list counts where OCSP doesn't tell. ocsp-if-no-crl: OCSP is "
        "asked where there is no list in the authority's name.",
    )
    grace: Duration = Field(
        default=None,
        description="How long after its end (nextUpdate) a list or OCSP answer still tells that "
        "somebody isn't revoked: 90s, 15m, 24h, 7d. None when left out.",
    )


class GatewayRevocation(ApiRevocation):
    """The same for the gateway, the lists, and who is asked."""

    crl: Annotated[tuple[ListSource, ...] | None, _Given, Listed] = Field(
        default=None,
        description="Revocation lists, PEM or DER: files, or http and https URLs; beside the files "
        "of https.options.crl.",
    )
    fetch: Annotated[Fetch | None, _Said] = Field(
        default=None,
        description="How lists are fetched: from those URLs, or where certificates "
        "say that they are.",
    )
    ocsp: Annotated[Ocsp | None, _Said] = Field(
        default=None, description="Ask OCSP responders; nobody is asked when left out."
    )


class ApiAuth(Model):
    """Client certificate authentication of one API: what it does not give, the gateway gives."""

    required: OptionalFlag = Field(
        default=None, description="Refuse requests without a certificate with 401."
    )
    trusted_distinguished_names: Annotated[tuple[Text, ...] | None, _Given, Listed] = Field(
        default=None,
        description="Patterns of subjects: `?` is one character, `*` any number of them inside "
        "one attribute, `**` any further attributes. None given: every subject of a trusted "
        "certificate passes.",
    )
    allow: Annotated[tuple[NameRule, ...] | None, _Given] = Field(
        default=None,
        description="Further rules; one that holds is enough, as one distinguished name is.",
    )
    deny: Annotated[tuple[NameRule, ...] | None, _Given] = Field(
        default=None,
        description="Rules that refuse, whatever else holds; an API's and the gateway's add up.",
    )
    report_only: OptionalFlag = Field(
        default=None, description="Refuse nobody; log and count who would be refused."
    )
    revocation: Annotated[ApiRevocation | None, _Said] = Field(
        default=None, description="What revocation lists decide; in the file only."
    )


class GatewayAuth(ApiAuth):
    """Client certificate authentication of the whole gateway; APIs may override parts of it."""

    revocation: Annotated[GatewayRevocation | None, _Said] = Field(
        default=None, description="Revocation lists, and what they decide; in the file only."
    )
    type: AuthTypeName | None = Field(
        default=None,
        description="Where certificates come from: none, certificate (the TLS handshake) or "
        "header (a load balancer tells).",
    )
    header_preset: PresetName | None = Field(
        default=None,
        description="Type header: the load balancer in front; gives headerName and headerFormat.",
    )
    header_name: HeaderName | None = Field(
        default=None,
        description="Type header: the header that holds the certificate. HTTP compares names "
        "without case (RFC 9110 section 5.1).",
    )
    header_format: HeaderFormatName | None = Field(
        default=None, description="Type header: how the certificate is written there."
    )
    trusted_proxies: Annotated[tuple[Network, ...] | None, _Given, Listed] = Field(
        default=None,
        description="Type header: addresses that may speak for clients. The header of anybody "
        "else is removed.",
    )
    proxy_protocol: OptionalFlag = Field(
        default=None,
        description="Type header: the trusted proxies begin each connection with a PROXY header.",
    )
    trusted_certificates: Annotated[tuple[FileName, ...] | None, _Given, Listed] = Field(
        default=None,
        description="Files with certificates to trust, PEM: authorities, or single certificates.",
    )


class Truststore(Model):
    """The gateway's memory of trusted certificates."""

    force_recovery: OptionalFlag = Field(
        default=None,
        description="Build the store of trusted certificates anew from the certificate library at "
        "each start.",
    )
