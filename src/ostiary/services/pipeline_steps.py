"""What one step of a pipeline does to a request, told without the engine."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import assert_never

from ostiary.compiler.authentication import status_of
from ostiary.compiler.guards import AMBIGUOUS_PATH
from ostiary.config.model.auth_policies import BasicAuthAction, KeyAuthAction
from ostiary.config.model.client_cert import ClientCertAction
from ostiary.config.model.condition import Condition
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
from ostiary.config.model.policies.transformers import (
    HeaderChange,
    QueryChange,
    RequestTransformerAction,
    ResponseTransformerAction,
)
from ostiary.config.rewriting import replacement_of
from ostiary.consumers.reason import CredentialReason
from ostiary.services.explanation import Answer
from ostiary.services.requests import Request

_REFERENCE = re.compile(r"\\([0-9])")
"""Of a ``Replacement.text``; Python's own spelling is unmistakable, and knows group 0."""


@dataclass(frozen=True, slots=True)
class Went:
    """The request went on: what the step did, and what it made of the request."""

    sentence: str
    request: Request


OfCertificate = Callable[[ClientCertAction, Request], Answer | Went]
"""What a step does that asks whose the certificate is."""


def act(  # noqa: C901, PLR0911, PLR0912 - a closed union
    action: Action,
    condition: Condition,
    request: Request,
    document: Document,
    of_certificate: OfCertificate,
) -> Answer | Went:
    """Let a step act whose condition holds.

    Nothing is known of the client's address and of earlier requests: steps that depend on these go
    on, and say what they look at. The request has no credential but a certificate.
    """
    match action:
        case ClientCertAction():
            return of_certificate(action, request)
        case TerminateAction(status_code=status):
            return _answers(status)
        case ProxyAction(service_endpoint=name):
            service = document.service_endpoints[name]
            urls = service.url or ", ".join(service.urls or ())
            return Answer(served=True, sentence=f"passed on to the service {name!r} at {urls}")
        case RedirectAction():
            return _redirects(action.status_code, action.location)
        case RewriteAction():
            return _rewrite(action, condition, request)
        case CorsAction():
            if request.method == "OPTIONS" and action.origin is not False:
                return _answers(action.options_success_status)
            return Went("adds headers for browsers to the answer", request)
        case ExpressionAction():
            return Went("runs a script, which isn't done here", request)
        case HeadersAction():
            return Went(f"sets {_listed(action.named)}", request)
        case RequestTransformerAction():
            changes = (_change(one) for one in (action.headers, action.query) if one)
            return Went(f"changes the request: {'; '.join(changes)}", request)
        case ResponseTransformerAction():
            return Went(f"changes the answer: {_change(action.headers)}", request)
        case RateLimitAction():
            limit = f"{action.max} in {action.window_ms} ms by {action.rate_limit_by}"
            return Went(f"counts the request; more than {limit} are refused", request)
        case IpFilterAction():
            return Went(f"looks at the client's address: {_filter(action)}", request)
        case LogAction():
            return Went("adds a message to the access log", request)
        case BasicAuthAction() | KeyAuthAction():
            return _authenticate(action, request)
        case _:
            assert_never(action)


def _authenticate(action: BasicAuthAction | KeyAuthAction, request: Request) -> Answer | Went:
    if action.pass_through:
        return Went("finds no credential, and passThrough goes on", request)
    status = status_of(action, CredentialReason.MISSING)
    sentence = f"answers {status} to requests without a good credential"
    return Answer(served=False, sentence=sentence, status=status)


def _answers(status: int) -> Answer:
    return Answer(served=status < 400, sentence=f"answers {status}", status=status)


def _redirects(status: int, location: str) -> Answer:
    return Answer(served=True, sentence=f"redirects to {location!r} ({status})", status=status)


def _rewrite(action: RewriteAction, condition: Condition, request: Request) -> Answer | Went:
    """As ``compiler.policy_answers.rewrite_rules``."""
    found = replacement_of(condition, action.rewrite)
    old = request.path if found.fetch == "path" else request.pathq
    text = _REFERENCE.sub(r"\\g<\1>", found.text)
    flags = re.IGNORECASE if found.ignores_case else re.NOFLAG
    new = re.sub(found.source, text, old, count=1, flags=flags)
    query = request.query
    if found.fetch == "pathq":
        new, _, query = new.partition("?")
    if action.redirect:
        return _redirects(action.redirect, replace(request, path=new, query=query).pathq)
    changed = replace(request, path=re.sub("/{2,}", "/", new), query=query)
    if re.search(AMBIGUOUS_PATH, changed.path, re.IGNORECASE):
        return Answer(served=False, sentence="answers 400: the new path is no path", status=400)
    return Went(f"rewrites {request.pathq!r} to {changed.pathq!r}", changed)


def _change(change: HeaderChange | QueryChange) -> str:
    said = [f"sets {_listed(change.add)}"] if change.add else []
    said += [f"removes {_listed(change.remove)}"] if change.remove else []
    return ", ".join(said)


def _filter(action: IpFilterAction) -> str:
    said = [f"denies {_listed(action.deny)}"] if action.deny else []
    said += [f"allows only {_listed(action.allow)}"] if action.allow else []
    return ", ".join(said)


def _listed(names: Iterable[str]) -> str:
    words = list(names)
    return ", ".join(words[:5]) + (f" and {len(words) - 5} more" if len(words) > 5 else "")
