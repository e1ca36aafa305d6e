"""Policies that ask for a token: ``jwt``, and ``oauth2-introspect``."""

import inspect
import re
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from ostiary.config.model.auth_policies import AuthAction
from ostiary.config.model.base import (
    TOKEN,
    Duration,
    FileName,
    Flag,
    Listed,
    Milliseconds,
    Number,
    Some,
    Unfit,
    Wrong,
)
from ostiary.config.model.notifications import checked_address

Extractor = Literal["authBearer", "authScheme", "header", "query"]
AlgorithmName = Literal[
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512", "EdDSA",
]  # fmt: skip
# RFC 9110 section 5.5: what stands in a header.
_HEADER_VALUE = re.compile(r"[\x21-\x7e]+(?: [\x21-\x7e]+)*")
_FIELD = re.compile(r"[A-Za-z0-9._~-]{1,64}")
HIDDEN = "(not shown)"
"""In place of a secret."""
_WAYS = {
    "body": "no body is read before the request is judged; have clients send the token in a header",
}


def _extractor(value: object) -> object:
    if isinstance(value, str) and value in _WAYS:
        raise Unfit(f"can't be {value!r}", _WAYS[value])
    return value


def _between(least: timedelta, most: timedelta, said: str) -> AfterValidator:
    def check(value: timedelta | None) -> timedelta | None:
        if value is not None and not least <= value <= most:
            raise Unfit(f"is not between {said}")
        return value

    return AfterValidator(check)


def _header_value(value: str) -> str:
    if not _HEADER_VALUE.fullmatch(value):
        raise Wrong("authorization_value can't stand in a header", "give it as: Basic Y2xpZW50…")
    return value


def _hidden(_: str) -> str:
    return HIDDEN


def _known(value: str) -> str:
    if value == HIDDEN:
        raise Wrong(f"{HIDDEN!r} is what is shown of a secret", "write the secret itself")
    return value


Secret = Annotated[
    str, AfterValidator(_known), PlainSerializer(_hidden, when_used="json-unless-none")
]
"""Shown to nobody, whoever asks what is in force."""
Text = Annotated[str, Field(min_length=1, max_length=1_000)]
Texts = Annotated[tuple[Text, ...], Listed, Some]


class TokenAction(AuthAction):
    """What both share: what is asked of a token whoever vouches for it."""

    audience: Texts | None = Field(
        default=None, description="The token must be for one of these (its claim aud)."
    )
    issuer: Texts | None = Field(
        default=None, description="The token must be by one of these (its claim iss)."
    )
    leeway: Annotated[Duration, _between(timedelta(0), timedelta(minutes=5), "0s and 5m")] = Field(
        default=None, description="How far clocks may differ, for exp and nbf. 0s when left out."
    )
    require_bound_certificate: Flag = Field(
        default=False,
        description="Refuse tokens that aren't bound to a certificate (RFC 8705). One that is "
        "bound is refused without that certificate in any case.",
    )

    @property
    def leeway_seconds(self) -> int:
        """``leeway`` as it acts."""
        return int((self.leeway or timedelta()).total_seconds())


class JwtAction(TokenAction):
    """Ask for a JSON Web Token (RFC 7519) that one of the named keys has signed."""

    example: ClassVar[str] = inspect.cleandoc(
        """
        - jwt:
            action:
              jwksUrl: https://issuer.example/.well-known/jwks.json
              issuer: https://issuer.example/
              audience: orders
              checkCredentialExistence: false
        """
    )
    policy: Literal["jwt"] = "jwt"
    jwt_extractor: Annotated[Extractor, BeforeValidator(_extractor)] = Field(
        default="authBearer",
        description="Where the token is: authBearer (Authorization: Bearer …), authScheme (the "
        "same with the scheme of jwtExtractorField), header, query.",
    )
    jwt_extractor_field: str | None = Field(
        default=None, description="Name of that scheme, header or query parameter."
    )
    secret_or_public_key: Secret | None = Field(
        default=None,
        repr=False,
        description="A secret for HS…, or a PEM public key or certificate for the others. What "
        "looks like a key is never taken for a secret.",
    )
    secret_or_public_key_file: FileName | None = Field(
        default=None, description="File with it instead, to the last byte; or with a JWK set."
    )
    jwks_url: Annotated[str, AfterValidator(checked_address)] | None = Field(
        default=None,
        description="Where the issuer publishes its keys (RFC 7517): https, or http. Redirects are "
        "not followed.",
    )
    jwks_ca_file: FileName | None = Field(
        default=None,
        description="Authorities of that server's certificate, PEM; the system's when left out.",
    )
    jwks_refresh: Annotated[
        Duration, _between(timedelta(seconds=10), timedelta(days=1), "10s and 1d")
    ] = Field(
        default=None,
        description="How often they are fetched anew; 15m when left out. An unknown key id has "
        "them fetched at once, every 10 seconds at most.",
    )
    jwks_max_age: Annotated[
        Duration, _between(timedelta(minutes=1), timedelta(days=30), "1m and 30d")
    ] = Field(
        default=None,
        description="How long fetched keys count when no newer ones can be had; 1d when left out. "
        "After that requests are answered 503.",
    )
    algorithms: Annotated[tuple[AlgorithmName, ...], Listed, Some] | None = Field(
        default=None, description="The only algorithms that may be; all that fit the kind of key."
    )
    check_credential_existence: Flag = Field(
        default=True,
        description="The subject (sub) must be the id of an active jwt credential of a consumer. "
        "If not, whoever the issuer vouches for is let in.",
    )

    @model_validator(mode="after")
    def _has_one_source(self) -> "JwtAction":
        given = {
            "secretOrPublicKey": self.secret_or_public_key,
            "secretOrPublicKeyFile": self.secret_or_public_key_file,
            "jwksUrl": self.jwks_url,
        }
        named = [name for name, value in given.items() if value is not None]
        if len(named) != 1:
            said = f"{' and '.join(named)} given" if named else "no key given"
            raise Wrong(said, f"give one of {', '.join(given)}")
        for name in ("jwks_ca_file", "jwks_refresh", "jwks_max_age"):
            if self.jwks_url is None and getattr(self, name) is not None:
                raise Wrong("options of jwksUrl without jwksUrl", "remove them")
        return self

    @model_validator(mode="after")
    def _has_a_field(self) -> "JwtAction":
        given = self.jwt_extractor_field
        if self.jwt_extractor == "authBearer":
            return self
        if given is None:
            said = f"jwtExtractor {self.jwt_extractor} without jwtExtractorField"
            raise Wrong(said, "name the scheme, header or query parameter")
        shape, noun = (
            (_FIELD, "a query parameter") if self.jwt_extractor == "query" else (TOKEN, "a name")
        )
        if not shape.fullmatch(given) or len(given) > 64:
            raise Wrong(f"jwtExtractorField {given[:80]!r} can't be {noun} here")
        return self

    @property
    def scheme(self) -> str:
        """The word before the token in ``Authorization``; empty where it stands elsewhere."""
        if self.jwt_extractor == "authScheme":
            return self.jwt_extractor_field or ""
        return "Bearer" if self.jwt_extractor == "authBearer" else ""

    @property
    def refresh(self) -> timedelta:
        """``jwks_refresh`` as it acts."""
        return self.jwks_refresh or timedelta(minutes=15)

    @property
    def max_age(self) -> timedelta:
        """``jwks_max_age`` as it acts."""
        return self.jwks_max_age or timedelta(days=1)


class IntrospectAction(TokenAction):
    """Ask for a bearer token, and the authorization server about it (RFC 7662)."""

    example: ClassVar[str] = inspect.cleandoc(
        """
        - oauth2-introspect:
            action:
              endpoint: https://issuer.example/introspect
              authorization_value: Basic Z2F0ZXdheTpzZWNyZXQ=
              ttl: 60
        """
    )
    policy: Literal["oauth2-introspect"] = "oauth2-introspect"
    endpoint: Annotated[str, AfterValidator(checked_address)] = Field(
        repr=False,
        description="Whom to ask: https, or http. Redirects are not followed.",
    )
    authorization_value: Annotated[Secret, AfterValidator(_header_value)] | None = Field(
        default=None,
        repr=False,
        alias="authorization_value",
        description="The header Authorization of the question: who asks.",
    )
    timeout: Annotated[Milliseconds, Field(ge=100, le=60_000)] = Field(
        default=10_000,
        description="How long the answer may take, milliseconds. A request waits 1.5 s at most, "
        "and is answered 503 then; the answer counts when it is tried again.",
    )
    ttl: Annotated[Number, Field(ge=1, le=3_600)] = Field(
        default=60,
        description="Seconds that an answer counts, unless the token expires before.",
    )
    ca_file: FileName | None = Field(
        default=None,
        description="Authorities of that server's certificate, PEM; the system's when left out.",
    )
