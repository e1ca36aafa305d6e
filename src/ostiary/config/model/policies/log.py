"""The policy ``log``: a sentence of the operator's in the access log."""

import inspect
from typing import ClassVar, Literal

from pydantic import Field

from ostiary.config.model.base import Model
from ostiary.config.model.policies.values import Template


class LogAction(Model):
    """Write a message into the request's line of the access log."""

    example: ClassVar[str] = inspect.cleandoc(
        """
        - log:
            action: {message: "${req.method} ${req.originalUrl} from ${req.ip}"}
        """
    )
    policy: Literal["log"] = "log"
    message: Template = Field(
        description="The message, with `${…}` in it; its first 1000 bytes count."
    )
