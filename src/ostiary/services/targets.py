"""Whom the document has the gateway speak to, with TLS files of its own."""

from collections.abc import Iterator

from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import ProxyAction
from ostiary.config.model.proxy import Target

Path = tuple[str | int, ...]


def upstreams_of(document: Document) -> Iterator[tuple[Path, Target]]:
    """All of them, each with its place in the document."""
    for name, service in document.service_endpoints.items():
        if service.proxy_options.target:
            yield ("serviceEndpoints", name, "proxyOptions", "target"), service.proxy_options.target
    for where, action in _proxies(document):
        if action.target:
            yield (*where, "target"), action.target
        if action.proxy_options and action.proxy_options.target:
            yield (*where, "proxyOptions", "target"), action.proxy_options.target


def _proxies(document: Document) -> Iterator[tuple[Path, ProxyAction]]:
    for name, pipeline in document.pipelines.items():
        for at, policy in enumerate(pipeline.policies):
            for number, step in enumerate(policy.steps):
                if isinstance(step.action, ProxyAction):
                    yield (
                        ("pipelines", name, "policies", at, "steps", number, "action"),
                        step.action,
                    )
