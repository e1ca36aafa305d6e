"""The condition ``json-schema``: what a request's body is like."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from ostiary.config.model.base import Flag, Model, OptionalFlag, Unfit, Wrong
from ostiary.scripts.schema import schema_fault


def _schema(value: dict[str, Any]) -> dict[str, Any]:
    fault = schema_fault(value)
    if fault:
        raise Unfit(f"isn't a JSON Schema that can be used: {fault}", "see JSON Schema, draft 7")
    return value


class BodyFits(Model):
    """True when the request's JSON body, or its form, is as the schema (draft 7) says.

    A body of another type counts as `{}`. One that isn't what its Content-Type says is a 400, one
    larger than `scripts.bodyLimitKb` a 413. Express Gateway takes `"1"` for a number and 1 for a
    text; here types are what they are, so `coerceTypes: false` must be written.
    """

    example: ClassVar[str] = (
        "{name: json-schema, coerceTypes: false, logErrors: true, "
        "schema: {type: object, required: [name], properties: {name: {type: string}}}}"
    )
    name: Literal["json-schema"] = "json-schema"
    body_schema: Annotated[dict[str, Any], AfterValidator(_schema)] = Field(
        alias="schema", description="The schema; it can refer to its own parts only."
    )
    log_errors: Flag = Field(
        default=False, description="Log where a body doesn't fit, and by which rule."
    )
    coerce_types: OptionalFlag = Field(default=None, description="Only false.")

    @model_validator(mode="after")
    def _no_coercion(self) -> "BodyFits":
        if self.coerce_types is not False:
            raise Wrong(
                "Express Gateway takes '1' for a number and 1 for a text, which isn't done here",
                "write coerceTypes: false",
            )
        return self
