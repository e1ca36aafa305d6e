"""Checks of policies: what their models can't see alone."""

from collections.abc import Iterator

from ostiary.config.effective import AuthType, Effective
from ostiary.config.expression.parts import Expression, Fact, facts_in
from ostiary.config.expression.scripts import read_expression, read_template
from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import Action, Pipeline, Step
from ostiary.config.model.policies.cors import CorsAction
from ostiary.config.model.policies.headers import HeadersAction
from ostiary.config.model.policies.log import LogAction
from ostiary.config.model.policies.rate_limit import RateLimitAction
from ostiary.config.model.policies.redirect import RedirectAction
from ostiary.config.model.policies.rewrite import RewriteAction
from ostiary.config.model.policies.transformers import (
    RequestTransformerAction,
    ResponseTransformerAction,
)
from ostiary.config.rewriting import NoRewrite, replacement_of
from ostiary.config.route_checks import check_headers
from ostiary.config.text.tree import PathPart, Places
from ostiary.kernel.problems import Problem
from ostiary.scripts.model import Wanted

_Path = tuple[PathPart, ...]
IDENTIFYING = frozenset({"key-auth", "basic-auth", "jwt", "oauth2-introspect", "client-cert"})
"""Policies that say who the consumer is."""


def check_policies(document: Document, places: Places, effective: Effective) -> Iterator[Problem]:
    """Yield problems of the pipelines' policies."""
    for name, pipeline in document.pipelines.items():
        known = False
        for use_number, use in enumerate(pipeline.policies):
            known = known or use.name in IDENTIFYING
            for number, step in enumerate(use.steps):
                path = ("pipelines", name, "policies", use_number, "steps", number, "action")
                yield from _action(document, pipeline, step, path, places)
                yield from _facts(step, path, places, effective.type.value, known=known)


def _action(
    document: Document, pipeline: Pipeline, step: Step, path: _Path, places: Places
) -> Iterator[Problem]:
    match step.action:
        case CorsAction():
            yield from _cors(document, pipeline, step.action, path, places)
        case HeadersAction():
            yield from check_headers(document, step.action.named, (*path, "forwardHeaders"), places)
        case RequestTransformerAction(headers=headers) if headers:
            yield from check_headers(document, headers.add, (*path, "headers", "add"), places)
        case RewriteAction():
            yield from _rewrite(step, step.action, path, places)
        case RateLimitAction(max=0):
            message = "limits nothing: 0 is any number"
            yield places.warning((*path, "max"), message, "remove the step, or give a number")
        case _:
            return


def _rewrite(step: Step, action: RewriteAction, path: _Path, places: Places) -> Iterator[Problem]:
    try:
        replacement_of(step.condition, action.rewrite)
    except NoRewrite as error:
        message = f"{action.rewrite[:80]!r} can't be used: {error}"
        way_out = "condition: {name: regexpmatch, match: ^/old/(.*)$}, rewrite: /new/$1"
        yield places.problem((*path, "rewrite"), message, f"as in {way_out}")


def _cors(
    document: Document, pipeline: Pipeline, action: CorsAction, path: _Path, places: Places
) -> Iterator[Problem]:
    if action.credentials and action.origin == "*":
        message = "browsers take no credentials where the origin is '*'"
        yield places.warning((*path, "credentials"), message, "list the origins")
    if action.credentials and action.origin is True:
        message = "every site may act with its visitors' credentials"
        yield places.warning((*path, "origin"), message, "list the origins")
    for endpoint in pipeline.api_endpoints:
        for entry in document.api_endpoints.get(endpoint, ()):
            if entry.methods is not None and "OPTIONS" not in entry.methods:
                message = f"preflights never come here: {endpoint[:80]!r} has no method OPTIONS"
                yield places.warning(path, message, "add OPTIONS to its methods")
                return


def _facts(
    step: Step, path: _Path, places: Places, auth: AuthType, *, known: bool
) -> Iterator[Problem]:
    for where, expression in expressions_of(step.action):
        facts = facts_in(expression)
        if Fact.CONSUMER_ID in facts and not known:
            message = f"{Fact.CONSUMER_ID.value} isn't known: no policy before says who it is"
            yield places.problem((*path, *where), message, "use another expression")
        if Fact.COMMON_NAME in facts and auth is AuthType.HEADER:
            message = f"{Fact.COMMON_NAME.value} isn't known of certificates in headers"
            yield places.problem((*path, *where), message, f"use {Fact.FINGERPRINT.value}")


def expressions_of(action: Action) -> Iterator[tuple[_Path, Expression]]:  # noqa: C901 - a union
    """Every expression of an action, with its place below it."""
    match action:
        case HeadersAction():
            for name, value in action.forward_headers.items():
                yield ("forwardHeaders", name), read_expression(value)
        case RequestTransformerAction():
            for part in ("headers", "query"):
                change = getattr(action, part)
                for name, value in change.add.items() if change else ():
                    yield (part, "add", name), read_expression(value)
        case ResponseTransformerAction():
            for name, value in action.headers.add.items():
                yield ("headers", "add", name), read_expression(value)
        case LogAction():
            yield ("message",), read_template(action.message)
        case RedirectAction():
            yield ("location",), read_template(action.location, Wanted.TEXT)
        case RateLimitAction():
            yield ("rateLimitBy",), read_template(action.rate_limit_by)
        case _:
            return
