"""The policy ``redirect``: another address for the client to go to."""

import inspect
from typing import ClassVar, Literal

from pydantic import Field

from ostiary.config.model.base import Model
from ostiary.config.model.policies.values import Address


class RedirectAction(Model):
    """Answer with another address (RFC 9110 section 15.4)."""

    example: ClassVar[str] = inspect.cleandoc(
        """
        - redirect:
            condition: {name: pathMatch, pattern: ^/docs/}
            action: {location: "https://docs.example.com${req.url}", statusCode: 301}
        """
    )
    policy: Literal["redirect"] = "redirect"
    location: Address = Field(
        min_length=1,
        description="The address, with `${…}` in it: `https://${req.hostname}${req.url}`.",
    )
    status_code: Literal[301, 302, 303, 307, 308] = Field(
        default=302, description="Status of the answer."
    )
