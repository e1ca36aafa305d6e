"""The policy ``expression``: JavaScript that does something with the request."""

import inspect
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from ostiary.config.expression.parsing import NotSupported
from ostiary.config.expression.scripts import ABOUT_SCRIPTS, acting_script
from ostiary.config.model.base import FRAMING, Model, Wrong


def _code(value: str) -> str:
    try:
        script = acting_script(value)
    except NotSupported as error:
        raise Wrong(f"{value[:80]!r}: {error}", ABOUT_SCRIPTS) from error
    for name in script.headers:
        if name in FRAMING:
            raise Wrong(f"the header {name[:80]!r} can't be changed, since HTTP itself uses it")
    return value


class ExpressionAction(Model):
    """Run JavaScript for what it does: it may set headers of the request, and variables.

    What it leaves in variables of its own, or of `req`, is there for later scripts of the pipeline.
    """

    example: ClassVar[str] = inspect.cleandoc(
        """
        - expression:
            action:
              jscode: |
                kind = req.query.kind || "none";
                req.headers["x-kind"] = kind.toLowerCase();
                delete req.headers["x-debug"];
        """
    )
    policy: Literal["expression"] = "expression"
    jscode: Annotated[str, AfterValidator(_code)] = Field(
        min_length=1,
        description="The script; headers that it changes stand in it as `req.headers['name']`.",
    )
