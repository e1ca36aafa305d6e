"""Checks of scripts: what can be told of them only within their pipeline and document."""

from collections.abc import Iterator

from ostiary.config.asked import What, asked_by_step
from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import Pipeline
from ostiary.config.model.policies.expression import ExpressionAction
from ostiary.config.path_parameters import has_parameters
from ostiary.config.route_checks import check_headers
from ostiary.config.text.tree import PathPart, Places
from ostiary.kernel.problems import Problem
from ostiary.plugins.call import PluginCall
from ostiary.scripts.model import Script, Wanted
from ostiary.scripts.syntax import undeclared_names
from ostiary.scripts.vocabulary import reads_parameters

_Path = tuple[PathPart, ...]


def check_scripts(document: Document, places: Places) -> Iterator[Problem]:
    """Yield problems of what pipelines have asked for each request."""
    for name, pipeline in document.pipelines.items():
        # What a script sets is there for those behind it, whatever its name.
        free = any(
            isinstance(step.action, ExpressionAction)
            for use in pipeline.policies
            for step in use.steps
        )
        for path, what in asked_by_pipeline(name, pipeline):
            if not document.scripts.allowed and not isinstance(what, PluginCall):
                message = "this is asked at each request, and scripts.allowed is false"
                yield places.problem(path, message, "use what HAProxy can work out, or allow it")
            if isinstance(what, Script):
                yield from _script(document, what, path, places, free=free)
                yield from _parameters(document, pipeline, what, path, places)


def _script(
    document: Document, script: Script, path: _Path, places: Places, *, free: bool
) -> Iterator[Problem]:
    unknown = () if free else undeclared_names(script)
    if unknown:
        message = f"nothing is known by the name {', '.join(unknown)[:80]!r}"
        yield places.problem(path, message, "declare it, or write text in quotes")
    if script.wanted is Wanted.CHANGES:
        names = dict.fromkeys(script.headers, "")
        yield from check_headers(document, names, path, places)


def _parameters(
    document: Document, pipeline: Pipeline, script: Script, path: _Path, places: Places
) -> Iterator[Problem]:
    """``req.params`` must be known for each path that leads to the script."""
    if not reads_parameters(script.source):
        return
    for name in pipeline.api_endpoints:
        for entry in document.api_endpoints.get(name, ()):
            paths = ("",) if entry.path_regex else entry.paths or ("*",)
            odd = next((one for one in paths if not has_parameters(one)), None)
            if odd is not None:
                of = repr(odd[:80]) if odd else "a regular expression"
                message = f"req.params can't be known here: the path of {name!r} is {of}"
                way_out = "use whole segments, as '/users/:id', or take req.path apart"
                yield places.problem(path, message, way_out)


def asked_by_pipeline(name: str, pipeline: Pipeline) -> Iterator[tuple[_Path, What]]:
    """Yield what a pipeline has asked, with its place in the document."""
    for use_number, use in enumerate(pipeline.policies):
        for number, step in enumerate(use.steps):
            for path, script in asked_by_step(step):
                yield ("pipelines", name, "policies", use_number, "steps", number, *path), script
