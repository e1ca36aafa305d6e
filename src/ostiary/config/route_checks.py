"""Checks of endpoints and pipelines: names that lead nowhere, and what can never happen."""

import re
from collections.abc import Iterator

from ostiary.config.model.api_endpoint import ApiEndpoint
from ostiary.config.model.condition import AllOf, Always, Condition, Never, Not, OneOf
from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import Pipeline, ProxyAction, answers
from ostiary.config.proxying import effective_proxy
from ostiary.config.text.tree import PathPart, Places
from ostiary.config.text.words import did_you_mean
from ostiary.kernel.problems import Problem

_CONSUMER_HEADER = "eg-consumer-id"
"""Express Gateway's: by it services are told of consumers."""


def check_routes(document: Document, places: Places) -> Iterator[Problem]:
    """Yield problems of apiEndpoints, serviceEndpoints and pipelines."""
    yield from _bindings(document, places)
    for name, pipeline in document.pipelines.items():
        yield from _steps(name, pipeline, places)
        yield from _proxies(document, name, pipeline, places)
    for name, entries in document.api_endpoints.items():
        yield from _entries(name, entries, places)
    yield from _shadows(document, places)
    yield from _service_headers(document, places)


def _bindings(document: Document, places: Places) -> Iterator[Problem]:
    """Each endpoint belongs to exactly one pipeline."""
    bound: dict[str, str] = {}
    for name, pipeline in document.pipelines.items():
        for number, endpoint in enumerate(pipeline.api_endpoints):
            path = ("pipelines", name, "apiEndpoints", number)
            if endpoint not in document.api_endpoints:
                message = f"no apiEndpoint named {endpoint[:80]!r}"
                yield places.problem(path, message, did_you_mean(endpoint, document.api_endpoints))
            elif bound.setdefault(endpoint, name) != name:
                message = f"{endpoint[:80]!r} already belongs to the pipeline {bound[endpoint]!r}"
                yield places.problem(path, message, "keep it in one pipeline")
    for endpoint in document.api_endpoints:
        if endpoint not in bound:
            message = "is in no pipeline, so its requests are answered 404"
            yield places.warning(("apiEndpoints", endpoint), message, "name it in a pipeline")


def _steps(name: str, pipeline: Pipeline, places: Places) -> Iterator[Problem]:
    """Warn about steps behind one that always answers."""
    answered = False
    answering = 0
    for use_number, use in enumerate(pipeline.policies):
        for step_number, step in enumerate(use.steps):
            path = ("pipelines", name, "policies", use_number, "steps", step_number)
            if answered:
                message = "is never reached: an earlier step answers every request"
                yield places.warning(
                    path, message, "remove it, or give the earlier one a condition"
                )
                return
            answering += answers(step.action)
            answered = answers(step.action) and certainly(step.condition) is True
    if not answering:
        message = "has no policy that answers, so its requests are answered 404"
        yield places.warning(("pipelines", name), message, "add a proxy policy")


def certainly(condition: Condition) -> bool | None:
    """Tell what a condition is for every request; None when that depends on the request."""
    match condition:
        case Always():
            return True
        case Never():
            return False
        case Not():
            inner = certainly(condition.condition)
            return None if inner is None else not inner
        case AllOf():
            found = {certainly(inner) for inner in condition.conditions}
            return False if False in found else None if None in found else True
        case OneOf():
            found = {certainly(inner) for inner in condition.conditions}
            return True if True in found else None if None in found else False
        case _:
            return None


def _proxies(
    document: Document, name: str, pipeline: Pipeline, places: Places
) -> Iterator[Problem]:
    for use_number, use in enumerate(pipeline.policies):
        for step_number, step in enumerate(use.steps):
            path = ("pipelines", name, "policies", use_number, "steps", step_number, "action")
            if isinstance(step.action, ProxyAction):
                yield from _proxy(document, step.action, path, places)


def _proxy(
    document: Document, action: ProxyAction, path: tuple[PathPart, ...], places: Places
) -> Iterator[Problem]:
    service = document.service_endpoints.get(action.service_endpoint)
    if service is None:
        message = f"no serviceEndpoint named {action.service_endpoint[:80]!r}"
        way_out = did_you_mean(action.service_endpoint, document.service_endpoints)
        yield places.problem((*path, "serviceEndpoint"), message, way_out)
        return
    options = effective_proxy(document, action)
    yield from check_headers(document, options.headers, (*path, "headers"), places)
    is_https = service.targets[0].scheme == "https"
    if options.target is not None and not is_https:
        message = f"target can't be honoured: {action.service_endpoint[:80]!r} isn't https"
        yield places.problem((*path, "target"), message, "use an https url, or remove target")
    if not options.secure and is_https:
        message = "the certificate of the service isn't verified"
        yield places.warning((*path, "secure"), message, "use target.caFile instead")


def _service_headers(document: Document, places: Places) -> Iterator[Problem]:
    for name, service in document.service_endpoints.items():
        path = ("serviceEndpoints", name, "proxyOptions", "headers")
        yield from check_headers(document, service.proxy_options.headers, path, places)


def check_headers(
    document: Document, headers: dict[str, str], path: tuple[PathPart, ...], places: Places
) -> Iterator[Problem]:
    """Refuse headers by which a request would pose as a client or a consumer."""
    told = (*document.identity.headers.names, _CONSUMER_HEADER)
    identity = {header.lower().replace("_", "-") for header in told}
    for header in headers:
        if header.lower().replace("_", "-") in identity:
            message = f"{header[:80]!r} is a header that tells who the client is"
            yield places.problem((*path, header), message, "choose another name")


def _entries(name: str, entries: tuple[ApiEndpoint, ...], places: Places) -> Iterator[Problem]:
    if not entries:
        message = "has no entry, so it matches nothing"
        yield places.problem(("apiEndpoints", name), message, "add an entry, or remove it")
    for number, entry in enumerate(entries):
        if entry.path_regex is not None and "paths" in entry.model_fields_set:
            message = "is ignored, since pathRegex is given"
            yield places.warning(("apiEndpoints", name, number, "paths"), message, "keep one")


def _shadows(document: Document, places: Places) -> Iterator[Problem]:
    """Warn about an exact host that an earlier, wider one takes whole.

    Express Gateway tries hosts in order of first appearance, not by how exact they are.
    """
    wide: list[tuple[re.Pattern[str], str, str]] = []
    seen: set[str] = set()
    for name, entries in document.api_endpoints.items():
        for number, entry in enumerate(entries):
            host = (entry.host or "*").lower()
            taker = next(
                (w for w in wide if host not in seen and "*" not in host and w[0].fullmatch(host)),
                None,
            )
            if taker is not None and entry.host_regex is None:
                path: tuple[PathPart, ...] = ("apiEndpoints", name, number, "host")
                message = f"is never reached: {taker[1]!r} of {taker[2][:80]!r} comes first"
                yield places.warning(path, message, "move it before the wider one")
            if entry.host_regex is None:
                seen.add(host)
                if "*" in host and _takes_every_request(entry):
                    wide.append((_pattern(host), host, name))


def _pattern(host: str) -> re.Pattern[str]:
    # vhost 3.0: '*' is one label part; '*' alone is no check at all.
    return re.compile(".*" if host == "*" else re.escape(host).replace(r"\*", "[^.]+"))


def _takes_every_request(entry: ApiEndpoint) -> bool:
    return entry.path_regex is None and "*" in entry.paths and entry.methods is None
