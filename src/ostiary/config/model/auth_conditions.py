"""Conditions about the consumer that an earlier step of the pipeline has found."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ostiary.config.model.base import Listed, Model, Some


class Authenticated(Model):
    """True when an earlier policy, such as key-auth, has found the request's consumer."""

    example: ClassVar[str] = "{name: authenticated}"
    name: Literal["authenticated"] = "authenticated"


class Anonymous(Model):
    """True when no earlier policy has found a consumer."""

    example: ClassVar[str] = "{name: anonymous}"
    name: Literal["anonymous"] = "anonymous"


class ConsumerIs(Model):
    """True when the request's consumer is one of these."""

    example: ClassVar[str] = "{name: consumer, consumers: [ada, bob]}"
    name: Literal["consumer"] = "consumer"
    consumers: Annotated[tuple[str, ...], Listed, Some] = Field(
        description="Usernames, or ids of users and apps. Apps go by their id alone: two users may "
        "have apps of one name."
    )


class ScopeHeld(Model):
    """True when the request's credential has every one of these scopes."""

    example: ClassVar[str] = "{name: scope, scopes: [orders]}"
    name: Literal["scope"] = "scope"
    scopes: Annotated[tuple[str, ...], Listed, Some] = Field(description="The scopes.")
