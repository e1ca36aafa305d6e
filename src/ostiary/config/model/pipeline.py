"""What is done with a request: pipelines of policies, each with steps."""

import inspect
from typing import Annotated, ClassVar, Literal, assert_never, get_args

from pydantic import AfterValidator, Field

from ostiary.config.model.auth_policies import BasicAuthAction, KeyAuthAction
from ostiary.config.model.base import Listed, Model, Number, Wrong
from ostiary.config.model.client_cert import ClientCertAction
from ostiary.config.model.condition import Always, Condition
from ostiary.config.model.policies.cors import CorsAction
from ostiary.config.model.policies.expression import ExpressionAction
from ostiary.config.model.policies.headers import HeadersAction
from ostiary.config.model.policies.ip_filter import IpFilterAction
from ostiary.config.model.policies.log import LogAction
from ostiary.config.model.policies.rate_limit import RateLimitAction
from ostiary.config.model.policies.redirect import RedirectAction
from ostiary.config.model.policies.rewrite import RewriteAction
from ostiary.config.model.policies.tokens import IntrospectAction, JwtAction
from ostiary.config.model.policies.transformers import (
    RequestTransformerAction,
    ResponseTransformerAction,
)
from ostiary.config.model.proxy import ProxyOptions


class TerminateAction(Model):
    """Answer the request here."""

    example: ClassVar[str] = inspect.cleandoc(
        """
        - terminate:
            condition: {name: not, condition: {name: tlsClientAuthenticated}}
            action: {statusCode: 403, message: "Show a certificate."}
        """
    )
    policy: Literal["terminate"] = "terminate"
    status_code: Annotated[Number, Field(ge=200, le=599)] = Field(
        default=400, description="Status of the answer, 200 to 599."
    )
    message: str = Field(default="Terminated", description="Body of the answer.")


class ProxyAction(ProxyOptions):
    """Pass the request to a service; the options of proxying may be given as well."""

    # What is in force tells effective_proxy(), not this: a service endpoint has its say.

    example: ClassVar[str] = inspect.cleandoc(
        """
        - proxy:
            action: {serviceEndpoint: backend, stripPath: true}
        """
    )
    policy: Literal["proxy"] = "proxy"
    service_endpoint: str = Field(description="Name of the serviceEndpoint.")
    strategy: Literal["round-robin"] = Field(
        default="round-robin", description="How one of several addresses is chosen."
    )
    proxy_options: ProxyOptions | None = Field(
        default=None, description="Deprecated: options that win over all others."
    )


Acts = (
    BasicAuthAction
    | ClientCertAction
    | CorsAction
    | ExpressionAction
    | HeadersAction
    | IntrospectAction
    | IpFilterAction
    | JwtAction
    | KeyAuthAction
    | LogAction
    | RateLimitAction
    | RedirectAction
    | RequestTransformerAction
    | ResponseTransformerAction
    | RewriteAction
)
"""All but those that end every pipeline."""
Action = Annotated[TerminateAction | ProxyAction | Acts, Field(discriminator="policy")]
ACTIONS: tuple[type[Model], ...] = (TerminateAction, ProxyAction, *get_args(Acts))
"""The models of all policies."""
POLICIES: tuple[str, ...] = tuple(sorted(one.model_fields["policy"].default for one in ACTIONS))
"""Names of all policies."""


def answers(action: Action) -> bool:
    """Tell whether this step ends the pipeline for every request it acts on."""
    match action:
        case TerminateAction() | ProxyAction() | RedirectAction():
            return True
        case RewriteAction():
            return action.redirect is not None
        case (
            BasicAuthAction()
            | ClientCertAction()
            | CorsAction()
            | ExpressionAction()
            | HeadersAction()
            | IntrospectAction()
            | IpFilterAction()
            | JwtAction()
            | KeyAuthAction()
            | LogAction()
            | RateLimitAction()
            | RequestTransformerAction()
            | ResponseTransformerAction()
        ):
            return False
        case _:
            assert_never(action)


def _policy(name: str) -> str:
    if name not in POLICIES:
        raise Wrong.among("policy", name, POLICIES)
    return name


class Step(Model):
    """One condition and what is done when it is true."""

    condition: Condition = Field(
        default_factory=Always, description="When to do it; always when left out."
    )
    action: Action = Field(description="What to do.")


class PolicyUse(Model):
    """A policy in a pipeline. In the file its name is the key, and its steps are the value."""

    name: Annotated[str, AfterValidator(_policy)] = Field(description="The policy.")
    steps: tuple[Step, ...] = Field(description="Every step whose condition is true is done.")


class Pipeline(Model):
    """Policies, in order, for the requests of some API endpoints."""

    api_endpoints: Annotated[tuple[str, ...], Listed] = Field(
        description="Names of apiEndpoints. Also written apiEndpoint."
    )
    policies: tuple[PolicyUse, ...] = Field(description="Policies, one in each list item.")
