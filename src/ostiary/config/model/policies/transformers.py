"""``request-transformer`` and ``response-transformer``: headers and query, added and removed."""

import inspect
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from ostiary.config.model.base import Listed, Model, Wrong
from ostiary.config.model.policies.values import FieldName, ParameterName, Script


class HeaderChange(Model):
    """Headers to set and to remove; what is in both is removed."""

    add: dict[FieldName, Script] = Field(
        default_factory=dict,
        description="Values by name, each a JavaScript expression: texts are in inner quotes.",
    )
    remove: Annotated[tuple[FieldName, ...], Listed] = Field(
        default=(), description="Names; case doesn't matter."
    )

    @model_validator(mode="after")
    def _something(self) -> "HeaderChange":
        _refuse_nothing(self.add, self.remove)
        return self


class QueryChange(Model):
    """Parameters of the query to set and to remove; what is in both is removed."""

    add: dict[ParameterName, Script] = Field(
        default_factory=dict,
        description="Values by name, each a JavaScript expression: texts are in inner quotes.",
    )
    remove: Annotated[tuple[ParameterName, ...], Listed] = Field(
        default=(), description="Names; case matters."
    )

    @model_validator(mode="after")
    def _something(self) -> "QueryChange":
        _refuse_nothing(self.add, self.remove)
        return self


def _refuse_nothing(add: dict[str, str], remove: tuple[str, ...]) -> None:
    if not add and not remove:
        raise Wrong("neither add nor remove is given", "give one of them")


class RequestTransformerAction(Model):
    """Change headers and query of the request before it is passed on."""

    example: ClassVar[str] = inspect.cleandoc(
        """
        - request-transformer:
            action:
              headers:
                add: {X-Client: 'req.ip + " by " + req.protocol', Authorization: '"Basic eDp5"'}
                remove: [cookie]
              query:
                add: {tenant: "req.get('X-Tenant')"}
                remove: [debug]
        """
    )
    policy: Literal["request-transformer"] = "request-transformer"
    headers: HeaderChange | None = Field(default=None, description="Headers of the request.")
    query: QueryChange | None = Field(default=None, description="Parameters of the query.")

    @model_validator(mode="after")
    def _something(self) -> "RequestTransformerAction":
        if self.headers is None and self.query is None:
            raise Wrong("it changes nothing", "give headers or query")
        return self


class ResponseTransformerAction(Model):
    """Change headers of the answer, whoever gives it."""

    example: ClassVar[str] = inspect.cleandoc(
        """
        - response-transformer:
            action:
              headers:
                add: {Strict-Transport-Security: '"max-age=31536000"'}
                remove: [server, x-powered-by]
        """
    )
    policy: Literal["response-transformer"] = "response-transformer"
    headers: HeaderChange = Field(description="Headers of the answer.")
