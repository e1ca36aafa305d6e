"""The policy ``rewrite``, as the plug-in express-gateway-plugin-rewrite has it."""

import inspect
from typing import ClassVar, Literal

from pydantic import Field

from ostiary.config.model.base import Model


class RewriteAction(Model):
    """Change the request's path by what the step's ``pathmatch`` or ``regexpmatch`` found."""

    example: ClassVar[str] = inspect.cleandoc(
        """
        - rewrite:
            - condition: {name: regexpmatch, match: "^/js/(.*)$"}
              action: {rewrite: /src/js/$1}
            - condition: {name: pathmatch, match: "/old/:id"}
              action: {rewrite: "/new/:id", redirect: 302}
        """
    )
    policy: Literal["rewrite"] = "rewrite"
    rewrite: str = Field(
        min_length=1,
        description="The new path: `:name` with pathmatch, `$1` to `$9` and `$&` with regexpmatch.",
    )
    redirect: Literal[301, 302, 303, 307, 308] | None = Field(
        default=None, description="Status to redirect with, instead of passing on."
    )
