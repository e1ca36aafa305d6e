"""What is done with a request: pipelines of policies, each with steps."""

from typing import Annotated, Literal

from pydantic import Field

from ostiary.config.model.auth_policies import BasicAuthAction, KeyAuthAction
from ostiary.config.model.base import Listed, Model, Number
from ostiary.config.model.condition import Always, Condition
from ostiary.config.model.proxy import ProxyOptions


class TerminateAction(Model):
    """Answer the request here."""

    policy: Literal["terminate"] = "terminate"
    status_code: Annotated[Number, Field(ge=200, le=599)] = Field(
        default=400, description="Status of the answer, 200 to 599."
    )
    message: str = Field(default="Terminated", description="Body of the answer.")


class ProxyAction(ProxyOptions):
    """Pass the request to a service; the options of proxying may be given as well."""

    # What is in force tells effective_proxy(), not this: a service endpoint has its say.

    policy: Literal["proxy"] = "proxy"
    service_endpoint: str = Field(description="Name of the serviceEndpoint.")
    strategy: Literal["round-robin"] = Field(
        default="round-robin", description="How one of several addresses is chosen."
    )
    proxy_options: ProxyOptions | None = Field(
        default=None, description="Deprecated: options that win over all others."
    )


Action = Annotated[
    TerminateAction | ProxyAction | KeyAuthAction | BasicAuthAction, Field(discriminator="policy")
]


class Step(Model):
    """One condition and what is done when it is true."""

    condition: Condition = Field(
        default_factory=Always, description="When to do it; always when left out."
    )
    action: Action = Field(description="What to do.")


class PolicyUse(Model):
    """A policy in a pipeline. In the file its name is the key, and its steps are the value."""

    name: Literal["terminate", "proxy", "key-auth", "basic-auth"] = Field(description="The policy.")
    steps: tuple[Step, ...] = Field(description="Every step whose condition is true is done.")


class Pipeline(Model):
    """Policies, in order, for the requests of some API endpoints."""

    api_endpoints: Annotated[tuple[str, ...], Listed] = Field(
        description="Names of apiEndpoints. Also written apiEndpoint."
    )
    policies: tuple[PolicyUse, ...] = Field(description="Policies, one in each list item.")
