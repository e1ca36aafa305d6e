"""The policy ``headers``: headers for the service; ``request-transformer`` does the same."""

import inspect
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from ostiary.config.model.base import FRAMING, TOKEN, Model, Wrong
from ostiary.config.model.policies.values import Script


class HeadersAction(Model):
    """Set headers of the request. Deprecated by Express Gateway: use request-transformer."""

    example: ClassVar[str] = inspect.cleandoc(
        """
        - headers:
            action:
              headersPrefix: X-Gateway-
              forwardHeaders: {Client: req.ip, Name: '"Ostiary"'}
        """
    )
    policy: Literal["headers"] = "headers"
    headers_prefix: str = Field(default="", description="Put before every name.")
    forward_headers: dict[str, Script] = Field(
        description="Values by name, each a JavaScript expression: texts are in inner quotes."
    )

    @model_validator(mode="after")
    def _names(self) -> "HeadersAction":
        for name in self.named:
            if not TOKEN.fullmatch(name):
                raise Wrong(f"{name[:80]!r} isn't a header name (RFC 9110)", "use letters and '-'")
            if name.lower().replace("_", "-") in FRAMING:
                raise Wrong(f"{name[:80]!r} can't be changed here, since HTTP itself uses it")
        return self

    @property
    def named(self) -> dict[str, str]:
        """The expressions by whole name."""
        return {self.headers_prefix + name: one for name, one in self.forward_headers.items()}
