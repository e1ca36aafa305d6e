"""What a step of a pipeline does, in a sentence, whatever the request."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from ostiary.compiler.authentication import status_of
from ostiary.compiler.profiles import Authenticating
from ostiary.config.expression.scripts import acting_script
from ostiary.config.model.auth_policies import BasicAuthAction, KeyAuthAction
from ostiary.config.model.client_cert import ClientCertAction
from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import Action, ProxyAction, TerminateAction
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
    HeaderChange,
    QueryChange,
    RequestTransformerAction,
    ResponseTransformerAction,
)
from ostiary.consumers.reason import CredentialReason


@dataclass(frozen=True, slots=True)
class Words:
    """A step as it is told."""

    sentence: str
    refuses: int | None = None
    """The status of its refusal, where it goes on otherwise."""
    asks: bool = False
    """Whether the agent is asked about what the engine doesn't know yet."""


def words_of(action: Action) -> Words:  # noqa: C901, PLR0911, PLR0912 - a closed union
    """Say what a step does when its condition is true."""
    match action:
        case TerminateAction(status_code=status, message=message):
            return Words(f"answers {status} {message!r}" if message else f"answers {status}")
        case ProxyAction(service_endpoint=name):
            return Words(f"passes the request on to the service {name!r}")
        case RedirectAction():
            return Words(f"redirects to {action.location!r} ({action.status_code})")
        case RewriteAction():
            ends = f" and redirects there ({action.redirect})" if action.redirect else ""
            return Words(f"makes the path {action.rewrite!r}{ends}")
        case CorsAction():
            return Words("answers browsers' preflights, and adds headers for them to the answer")
        case ExpressionAction():
            headers = acting_script(action.jscode).headers
            changes = f", which may change {listed(headers)}" if headers else ""
            return Words(f"runs a script{changes}")
        case HeadersAction():
            return Words(f"sets {listed(action.named)}")
        case RequestTransformerAction():
            parts = (changing(one) for one in (action.headers, action.query) if one)
            return Words(f"changes the request: {'; '.join(parts)}")
        case ResponseTransformerAction():
            return Words(f"changes the answer: {changing(action.headers)}")
        case RateLimitAction():
            return Words(f"counts the request; {limit(action)}", refuses=action.status_code)
        case IpFilterAction():
            return Words(
                f"looks at the client's address: {filtering(action)}", refuses=action.status_code
            )
        case LogAction():
            return Words(f"adds {action.message!r} to the access log")
        case ClientCertAction():
            return _certificate(action)
        case BasicAuthAction():
            return _asking("asks for a name and a password", action)
        case KeyAuthAction():
            return _asking(f"asks for an API key in {_places(action)}", action)
        case JwtAction():
            return _asking("asks for a JSON Web Token", action)
        case IntrospectAction():
            return _asking("asks for a token, and the authorization server about it", action)
        case _:
            assert_never(action)


def urls(document: Document, service: str) -> str:
    """The addresses of a service."""
    found = document.service_endpoints[service]
    return found.url or ", ".join(found.urls or ())


def limit(action: RateLimitAction) -> str:
    """What a limit allows."""
    if not action.max:
        return "any number may come"
    return f"more than {action.max} in {action.window_ms} ms by {action.rate_limit_by} are refused"


def changing(change: HeaderChange | QueryChange) -> str:
    """What a transformer does."""
    said = [f"sets {listed(change.add)}"] if change.add else []
    said += [f"removes {listed(change.remove)}"] if change.remove else []
    return ", ".join(said)


def filtering(action: IpFilterAction) -> str:
    """Whom a filter lets in."""
    said = [f"denies {listed(action.deny)}"] if action.deny else []
    said += [f"allows only {listed(action.allow)}"] if action.allow else []
    return ", ".join(said)


def listed(names: Iterable[str]) -> str:
    """The first of them, and how many more there are."""
    words = list(names)
    return ", ".join(words[:5]) + (f" and {len(words) - 5} more" if len(words) > 5 else "")


def _asking(what: str, action: Authenticating) -> Words:
    if action.pass_through:
        return Words(f"{what}; who has none goes on without a consumer", asks=True)
    return Words(what, refuses=status_of(action, CredentialReason.MISSING), asks=True)


def _certificate(action: ClientCertAction) -> Words:
    what = "asks for a certificate"
    if action.consumers:
        what += f" of {listed(action.consumers)}"
    elif action.consumer == "required":
        what += " of a consumer"
    names = [*action.trusted_distinguished_names, *action.allow, *action.deny]
    what += " whose names may pass" if names else ""
    if action.report_only:
        return Words(f"{what}; refuses nobody, and tells", asks=True)
    if action.pass_through:
        return Words(f"{what}; who has none goes on without a consumer", asks=True)
    return Words(what, refuses=401 if action.required else 403, asks=True)


def _places(action: KeyAuthAction) -> str:
    scheme = f" after {action.scheme!r}" if action.scheme else ""
    places = [] if action.disable_headers else [f"the header {action.api_key_header}{scheme}"]
    places += [] if action.disable_query_param else [f"the parameter {action.api_key_field}"]
    return " or ".join(places)
