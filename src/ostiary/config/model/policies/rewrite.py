"""The policy ``rewrite``, as the plug-in express-gateway-plugin-rewrite has it."""

from typing import Literal

from pydantic import Field

from ostiary.config.model.base import Model


class RewriteAction(Model):
    """Change the request's path by what the step's ``pathmatch`` or ``regexpmatch`` found."""

    policy: Literal["rewrite"] = "rewrite"
    rewrite: str = Field(
        min_length=1,
        description="The new path: `:name` with pathmatch, `$1` to `$9` and `$&` with regexpmatch.",
    )
    redirect: Literal[301, 302, 303, 307, 308] | None = Field(
        default=None, description="Status to redirect with, instead of passing on."
    )
