"""The policy ``ip-filter``: which addresses may come."""

import inspect
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from ostiary.config.model.base import Listed, Model, Number, Wrong
from ostiary.config.model.network import Network


class IpFilterAction(Model):
    """Refuse clients by the address of their connection (or the one the PROXY protocol tells)."""

    example: ClassVar[str] = inspect.cleandoc(
        """
        - ip-filter:
            action: {allow: [10.0.0.0/8, "2001:db8::/32"], deny: 10.1.2.3}
        """
    )
    policy: Literal["ip-filter"] = "ip-filter"
    allow: Annotated[tuple[Network, ...], Listed] = Field(
        default=(), description="Addresses and networks that may come; all when left out."
    )
    deny: Annotated[tuple[Network, ...], Listed] = Field(
        default=(), description="Addresses and networks that may not, even if allowed."
    )
    status_code: Annotated[Number, Field(ge=400, le=599)] = Field(
        default=403, description="Status of the refusal."
    )
    message: str = Field(default="Forbidden", description="Body of the refusal.")

    @model_validator(mode="after")
    def _something(self) -> "IpFilterAction":
        if not self.model_fields_set & {"allow", "deny"}:
            raise Wrong("neither allow nor deny is given", "give one of them")
        if "allow" in self.model_fields_set and not self.allow:
            raise Wrong("allow is empty, which could mean all or nobody", "remove it, or name some")
        return self
