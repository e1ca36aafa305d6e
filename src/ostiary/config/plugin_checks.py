"""Checks of plug-ins' steps: what can be told of them only within their document."""

from collections.abc import Iterator

from ostiary.config.model.base import RESERVED_HEADERS, TOKEN
from ostiary.config.model.document import Document
from ostiary.config.model.plugins import PluginAction
from ostiary.config.route_checks import check_headers
from ostiary.config.text.tree import PathPart, Places
from ostiary.kernel.problems import Problem


def check_plugins(document: Document, places: Places) -> Iterator[Problem]:
    """Yield headers that plug-ins would change and may not."""
    for name, pipeline in document.pipelines.items():
        for use_number, use in enumerate(pipeline.policies):
            for number, step in enumerate(use.steps):
                if isinstance(step.action, PluginAction) and step.action.call is not None:
                    at = ("pipelines", name, "policies", use_number, "steps", number, "action")
                    headers = step.action.call.headers
                    yield from _headers(document, use.name, headers, at, places)


def _headers(
    document: Document,
    plugin: str,
    headers: tuple[str, ...],
    path: tuple[PathPart, ...],
    places: Places,
) -> Iterator[Problem]:
    for header in headers:
        if not TOKEN.fullmatch(header) or header.replace("_", "-") in RESERVED_HEADERS:
            message = f"the plug-in {plugin[:80]!r} would set the header {header[:80]!r}"
            yield places.problem(path, f"{message}, which it may not", "choose another name")
    yield from check_headers(document, dict.fromkeys(headers, ""), path, places)
