"""One step of a pipeline as rules: which policy is written by whom."""

from typing import assert_never

from ostiary.compiler.authentication import authentication_rules
from ostiary.compiler.client_cert_steps import client_cert_rules
from ostiary.compiler.policy_answers import (
    ip_filter_rules,
    log_rules,
    redirect_rules,
    rewrite_rules,
)
from ostiary.compiler.policy_cors import cors_rules
from ostiary.compiler.policy_expression import expression_rules
from ostiary.compiler.policy_headers import headers_rules, request_rules, response_rules
from ostiary.compiler.policy_rate_limit import rate_limit_rules
from ostiary.compiler.stage import Acting
from ostiary.config.model.auth_policies import BasicAuthAction, KeyAuthAction
from ostiary.config.model.client_cert import ClientCertAction
from ostiary.config.model.condition import Condition
from ostiary.config.model.pipeline import Acts
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


def write_step(action: Acts, condition: Condition, number: int, acting: Acting) -> None:  # noqa: C901, PLR0912 - a closed union
    """Write the rules of any step but ``terminate`` and ``proxy``.

    ``condition`` is for the steps that use what it found; ``number`` is the step's, from 1.
    """
    match action:
        case BasicAuthAction() | KeyAuthAction() | JwtAction() | IntrospectAction():
            authentication_rules(action, acting)
        case ClientCertAction():
            client_cert_rules(action, acting)
        case CorsAction():
            cors_rules(action, acting)
        case ExpressionAction():
            expression_rules(action, acting)
        case HeadersAction():
            headers_rules(action, acting)
        case IpFilterAction():
            ip_filter_rules(action, acting)
        case LogAction():
            log_rules(action, acting)
        case RateLimitAction():
            rate_limit_rules(action, acting.stage.setting.slots.get(number), acting)
        case RedirectAction():
            redirect_rules(action, acting)
        case RequestTransformerAction():
            request_rules(action, acting)
        case ResponseTransformerAction():
            response_rules(action, acting)
        case RewriteAction():
            rewrite_rules(action, condition, acting)
        case _:
            assert_never(action)
