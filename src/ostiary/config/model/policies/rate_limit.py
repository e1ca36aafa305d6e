"""The policy ``rate-limit``: so many requests in a window of time, for each client."""

import inspect
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from ostiary.config.model.base import Flag, Milliseconds, Model, Number, Wrong
from ostiary.config.model.policies.values import Template


class RateLimitAction(Model):
    """Refuse requests above a number in a window, which begins with a client's first request."""

    example: ClassVar[str] = inspect.cleandoc(
        """
        - rate-limit:
            - condition: {name: method, methods: [POST, PUT]}
              action: {max: 10, windowMs: 1000, rateLimitBy: "${req.ip}"}
            - action: {max: 1000, windowMs: 3600000, rateLimitBy: "${req.ip}"}
        """
    )
    policy: Literal["rate-limit"] = "rate-limit"
    rate_limit_by: Template = Field(
        default="${req.ip}", description="Who counts as one client, with `${…}` in it."
    )
    window_ms: Milliseconds = Field(default=60_000, description="The window, milliseconds.")
    max: Annotated[Number, Field(ge=0, le=2**31 - 1)] = Field(
        default=5, description="Requests in a window; 0: any number."
    )
    status_code: Annotated[Number, Field(ge=400, le=599)] = Field(
        default=429, description="Status of the refusal."
    )
    message: str = Field(
        default="Too many requests, please try again later.", description="Body of the refusal."
    )
    headers: Flag = Field(
        default=True, description="Tell clients in `X-RateLimit-…` and `Retry-After`."
    )
    delay_after: Annotated[Number, Field(ge=0)] | None = Field(
        default=None, description="Only 0, or with delayMs 0: requests are never delayed."
    )
    delay_ms: Annotated[Number, Field(ge=0)] | None = Field(
        default=None, description="Only 0, or with delayAfter 0: requests are never delayed."
    )

    @model_validator(mode="after")
    def _no_delay(self) -> "RateLimitAction":
        given = (self.delay_ms, self.delay_after)
        if given != (None, None) and 0 not in given:
            raise Wrong(
                "requests can't be delayed, only refused",
                "write delayMs: 0, and choose max for what may pass",
            )
        return self
