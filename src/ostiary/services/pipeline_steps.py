"""What one step of a pipeline does to a request, told without the engine."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from ostiary.compiler.authentication import CONSUMER_HEADER, status_of
from ostiary.compiler.guards import AMBIGUOUS_PATH
from ostiary.compiler.profiles import Authenticating
from ostiary.config.expression.scripts import acting_script, read_template
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
from ostiary.config.model.policies.tokens import IntrospectAction, JwtAction
from ostiary.config.model.policies.transformers import (
    RequestTransformerAction,
    ResponseTransformerAction,
)
from ostiary.config.rewriting import replacement_of
from ostiary.consumers.judging import Bad, Good
from ostiary.consumers.model import Known
from ostiary.consumers.reason import CredentialReason
from ostiary.services.credentials import Judged
from ostiary.services.explanation import Answer
from ostiary.services.expressions import UNKNOWN_TEXT, text_of
from ostiary.services.requests import Request
from ostiary.services.step_words import filtering, urls, words_of
from ostiary.services.transforming import passes, set_headers, transformed

_LONGEST_MESSAGE = 1000

_REFERENCE = re.compile(r"\\([0-9])")
"""Of a ``Replacement.text``; Python's own spelling is unmistakable, and knows group 0."""


@dataclass(frozen=True, slots=True)
class Went:
    """The request went on: what the step did, and what it made of the request."""

    sentence: str
    request: Request
    unknown: bool = False
    """What the step does isn't decided here."""


Asking: TypeAlias = Callable[[Authenticating], Judged | None]
"""Judges the credential that a step asks for; None: only somebody else could tell."""


OfCertificate: TypeAlias = Callable[[ClientCertAction, Request], Answer | Went]
"""What a step does that asks whose the certificate is."""


def act(  # noqa: C901, PLR0911, PLR0912 - a closed union
    action: Action,
    condition: Condition,
    request: Request,
    document: Document,
    *,
    asking: Asking,
    of_certificate: OfCertificate,
) -> Answer | Went:
    """Let a step act whose condition holds.

    Steps that depend on earlier requests, or on an address that isn't known, go on and say so.
    """
    match action:
        case ClientCertAction():
            return of_certificate(action, request)
        case TerminateAction(status_code=status):
            return _answers(status)
        case ProxyAction(service_endpoint=name):
            where = urls(document, name)
            return Answer(served=True, sentence=f"passed on to the service {name!r} at {where}")
        case RedirectAction():
            return _redirects(action.status_code, text_of(read_template(action.location), request))
        case RewriteAction():
            return _rewrite(action, condition, request)
        case CorsAction():
            if request.method == "OPTIONS" and action.origin is not False:
                return _answers(action.options_success_status)
            return Went("adds headers for browsers to the answer", request)
        case ExpressionAction():
            for name in acting_script(action.jscode).headers:
                request = request.with_header(name, UNKNOWN_TEXT)
            return Went("runs a script, which isn't done here", request)
        case HeadersAction():
            return Went(words_of(action).sentence, set_headers(action.named, request))
        case RequestTransformerAction():
            return Went(words_of(action).sentence, transformed(action, request))
        case RateLimitAction() | ResponseTransformerAction():
            return Went(words_of(action).sentence, request)
        case IpFilterAction():
            return _filter(action, request)
        case LogAction():
            message = text_of(read_template(action.message), request)[:_LONGEST_MESSAGE]
            return Went(f"adds {message!r} to the access log", request)
        case BasicAuthAction() | KeyAuthAction() | JwtAction() | IntrospectAction():
            return _authenticate(action, request, asking(action))
        case _:
            assert_never(action)


def _authenticate(action: Authenticating, request: Request, found: Judged | None) -> Answer | Went:
    """As ``compiler.authentication.authentication_rules``."""
    if found is None:
        return Went("asks the authorization server about the token", request, unknown=True)
    match found.verdict:
        case Good(known=known):
            request = replace(request, known=known)
            request = request.with_header(CONSUMER_HEADER, str(known.consumer.id))
            return Went(f"{found.shown} is good: {_told(known)}", request)
        case Bad(reason=reason, known=whose):
            status = status_of(action, reason)
        case _:
            assert_never(found.verdict)
    if reason is CredentialReason.MISSING and action.pass_through:
        return Went("finds no credential, and passThrough goes on", request)
    if reason is CredentialReason.MISSING:
        sentence = f"answers {status} to requests without a good credential"
    else:
        of = f" ({_told(whose)})" if whose else ""
        if action.pass_through and not reason.unjudged:
            return Went(f"{reason.sentence}{of}; passThrough goes on without a consumer", request)
        sentence = f"{reason.sentence}{of}: answers {status}"
    return Answer(served=False, sentence=sentence, status=status)


def _told(known: Known) -> str:
    scopes = ", ".join(sorted(known.credential.scopes)) or "no scopes"
    consumer = known.consumer
    return f"{known.credential.id!r} of {consumer.kind.value} {consumer.name!r}, {scopes}"


def _filter(action: IpFilterAction, request: Request) -> Answer | Went:
    """As ``compiler.policy_answers.ip_filter_rules``."""
    looks = f"looks at the client's address: {filtering(action)}"
    if not request.client:
        return Went(looks, request)
    if passes(action, request.client):
        return Went(f"{looks}; {request.client} may come", request)
    status = action.status_code
    sentence = f"{request.client} may not come: answers {status}"
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
