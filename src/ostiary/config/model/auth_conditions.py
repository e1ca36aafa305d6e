"""Conditions about the consumer that an earlier step of the pipeline has found."""

from typing import Annotated, Literal

from pydantic import Field

from ostiary.config.model.base import Listed, Model, Some


class Authenticated(Model):
    """True when an earlier policy, such as key-auth, has found the request's consumer."""

    name: Literal["authenticated"] = "authenticated"


class Anonymous(Model):
    """True when no earlier policy has found a consumer."""

    name: Literal["anonymous"] = "anonymous"


class ConsumerIs(Model):
    """True when the request's consumer is one of these."""

    name: Literal["consumer"] = "consumer"
    consumers: Annotated[tuple[str, ...], Listed, Some] = Field(
        description="Usernames, or ids of users and apps. Apps go by their id alone: two users may "
        "have apps of one name."
    )


class ScopeHeld(Model):
    """True when the request's credential has every one of these scopes."""

    name: Literal["scope"] = "scope"
    scopes: Annotated[tuple[str, ...], Listed, Some] = Field(description="The scopes.")
