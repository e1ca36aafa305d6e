"""The compiler's one verb: a document and its materials become the engine's files."""

import json
from collections.abc import Callable, Mapping

from ostiary.compiler import decision, names, upstreams
from ostiary.compiler.answers import problem
from ostiary.compiler.backends import backend_sections
from ostiary.compiler.bundle import Bundle, Materials, Place
from ostiary.compiler.engine import defaults_section, global_section
from ostiary.compiler.listeners import http_section, https_files, https_sections
from ostiary.compiler.pipelines import CompiledPipeline, compile_pipeline
from ostiary.compiler.reasons import reason_files
from ostiary.compiler.routes import RouteTable, route_table
from ostiary.compiler.routing import route_files, route_rules
from ostiary.config.model.document import Document
from ostiary.haproxy.files import Section, render_map, render_sections

PathOf = Callable[[str], str]


def compile_document(document: Document, materials: Materials, place: Place) -> Bundle:
    """All files of one revision; the same input gives the same bytes."""

    def path_of(name: str) -> str:
        return f"{place.folder}/{name}"

    table = route_table(document.api_endpoints)
    pipelines = {
        name: compile_pipeline(number, name, pipeline)
        for number, (name, pipeline) in enumerate(document.pipelines.items(), 1)
    }
    routing = _routing(table, pipelines, path_of)
    sections = [global_section(document, place), defaults_section(document)]
    if document.http:
        sections.append(http_section(document, document.http, place, routing))
    if document.https:
        sections += https_sections(document, document.https, place, path_of, routing)
    sections += backend_sections(document, materials, place, pipelines, table)
    sections += [*upstreams.resolvers_sections(document), *_fixed(place)]
    files = {
        "haproxy.cfg": render_sections(sections),
        decision.SPOE_FILE: decision.spoe_config(decision.question_of(document)),
        **reason_files(),
        **route_files(table),
        **_pipeline_files(document, table, pipelines),
        **upstreams.upstream_files(materials),
    }
    if document.https:
        files |= https_files(document.https, materials.entries, path_of)
    return Bundle(files=files)


def _routing(
    table: RouteTable, pipelines: Mapping[str, CompiledPipeline], path_of: PathOf
) -> list[str]:
    rules = route_rules(table, path_of)
    choosing = [rule for one in pipelines.values() for rule in one.choosing]
    if choosing:
        number = f"var({names.ROUTE}),map_str_int({path_of('pipelines.map')},0)"
        rules.append(f"http-request set-var({names.PIPELINE}) {number}")
    rules += [rule for rule in choosing if rule.startswith("http-request")]
    rules += [rule for rule in choosing if rule.startswith("use_backend")]
    backend = f"%[var({names.ROUTE}),map_str({path_of('backends.map')},{names.NOWHERE})]"
    return [*rules, f"use_backend {backend}"]


def _pipeline_files(
    document: Document, table: RouteTable, pipelines: Mapping[str, CompiledPipeline]
) -> dict[str, bytes]:
    of_endpoint = {
        endpoint: pipelines[name]
        for name, pipeline in document.pipelines.items()
        for endpoint in pipeline.api_endpoints
    }
    bound = [
        (route, of_endpoint[route.endpoint])
        for route in table.routes
        if route.endpoint in of_endpoint
    ]
    return {
        "backends.map": render_map({str(route.rank): one.default for route, one in bound}),
        "pipelines.map": render_map({str(route.rank): str(one.number) for route, one in bound}),
        "strips.map": render_map({str(route.rank): str(route.strip) for route in table.routes}),
        "apis.map": render_map(
            {str(one.rank): _json(one.endpoint.strip()) for one in table.routes}
        ),
    }


def _fixed(place: Place) -> list[Section]:
    nowhere = (f"http-request return {problem(404)}",)
    return [
        Section(f"backend {names.NOWHERE}", nowhere),
        decision.table_section(),
        decision.agent_section(place.agent_socket),
    ]


def _json(text: str) -> str:
    """The text as it stands inside the quotes of JSON, for the log: escaped once, not each time."""
    return json.dumps(text)[1:-1]
