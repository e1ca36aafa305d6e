"""Express Gateway's routing and conditions, written as plainly as can be: a model to compare with.

Nothing here is clever or shared with the compiler: lists are walked in order and the first match
wins. Without fall-through, which Ostiary leaves out on purpose.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ostiary.config.model.api_endpoint import ApiEndpoint
from ostiary.config.model.condition import (
    AllOf,
    Always,
    Condition,
    HostMatch,
    Method,
    Never,
    Not,
    OneOf,
    PathExact,
    PathMatch,
    TlsClientAuthenticated,
)
from ostiary.config.model.pipeline import Pipeline, ProxyAction, TerminateAction

RECORDED = json.loads((Path(__file__).parents[1] / "vectors/express/routes.json").read_text())
"""What path-to-regexp 0.1.13 and vhost 3.0.2 match: see ``make.cjs`` beside it."""


@dataclass(frozen=True)
class Request:
    method: str
    host: str
    """The Host header, as sent."""
    url: str
    """Path and query, already in one form."""

    @property
    def path(self) -> str:
        return self.url.partition("?")[0]


def endpoint_of(endpoints: Mapping[str, tuple[ApiEndpoint, ...]], request: Request) -> str | None:
    """The endpoint that answers: hosts by first appearance, entries in file order."""
    everything = [(name, entry) for name, entries in endpoints.items() for entry in entries]
    groups: list[tuple[str | None, str | None]] = []
    for _, entry in everything:
        if _group(entry) not in groups:
            groups.append(_group(entry))
    for group in groups:
        for name, entry in everything:
            if _group(entry) == group and _fits(entry, request):
                return name
    return None


def _group(entry: ApiEndpoint) -> tuple[str | None, str | None]:
    host = None if entry.host in (None, "", "*") else entry.host.lower()
    return (entry.host_regex, None) if entry.host_regex else (None, host)


def _fits(entry: ApiEndpoint, request: Request) -> bool:
    return (
        _host_fits(entry, request.host)
        and _method_fits(entry, request.method)
        and _path_fits(entry, request.path)
    )


def _method_fits(entry: ApiEndpoint, method: str) -> bool:
    if entry.methods is None:
        return True
    return method in entry.methods or (method == "HEAD" and "GET" in entry.methods)


def _host_fits(entry: ApiEndpoint, host: str) -> bool:
    name = re.sub(r":[0-9]+$", "", host).rstrip(".")
    if entry.host_regex:
        return re.fullmatch(entry.host_regex, name, re.IGNORECASE) is not None
    return entry.host in (None, "", "*") or vhost_matches(entry.host, name)


def vhost_matches(pattern: str, name: str) -> bool:
    source = "".join("[^.]+" if char == "*" else re.escape(char) for char in pattern)
    return re.fullmatch(source, name, re.IGNORECASE) is not None


def _path_fits(entry: ApiEndpoint, path: str) -> bool:
    if entry.path_regex:
        return re.search(entry.path_regex, path) is not None
    return any(express_matches(pattern, path) for pattern in entry.paths)


def express_matches(pattern: str, path: str) -> bool:
    """``*`` is any text, ``:name`` as many characters as it takes of one segment."""
    source = ""
    rest = pattern.rstrip("/")
    while rest:
        if name := re.match(r":\w+", rest):
            source += "[^/]+"
            rest = rest[name.end() :]
        else:
            source += ".*" if rest[0] == "*" else re.escape(rest[0])
            rest = rest[1:]
    return re.fullmatch(source + "/?", path, re.IGNORECASE) is not None


def holds(condition: Condition, request: Request) -> bool:  # noqa: C901 - a closed union
    """Whether a condition is true of a request over plain HTTP."""
    match condition:
        case Always():
            return True
        case Never() | TlsClientAuthenticated():
            return False
        case AllOf():
            return all(holds(one, request) for one in condition.conditions)
        case OneOf():
            return any(holds(one, request) for one in condition.conditions)
        case Not():
            return not holds(condition.condition, request)
        case PathExact():
            return request.url == condition.path
        case PathMatch():
            return re.search(condition.pattern, request.url) is not None
        case Method():
            return request.method in condition.methods
        case HostMatch():
            parts = {"*": ".*", "?": "."}
            source = "".join(parts.get(char, re.escape(char)) for char in condition.pattern)
            return re.fullmatch(source, request.host) is not None


def outcome(pipeline: Pipeline, request: Request) -> str:
    """``service NAME``, ``answer STATUS MESSAGE``, or ``answer 404`` where nothing answers."""
    for policy in pipeline.policies:
        for step in policy.steps:
            if not holds(step.condition, request):
                continue
            match step.action:
                case ProxyAction():
                    return f"service {step.action.service_endpoint}"
                case TerminateAction():
                    return f"answer {step.action.status_code} {step.action.message}"
    return "answer 404"
