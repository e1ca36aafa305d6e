"""The compiler's one verb: a document and its materials become the engine's files."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from ostiary.compiler import decision, names, upstreams
from ostiary.compiler.answers import problem
from ostiary.compiler.asks import step_arguments
from ostiary.compiler.backends import backend_sections
from ostiary.compiler.bundle import Bundle, Materials, Place
from ostiary.compiler.calling import calling_files, calling_section
from ostiary.compiler.client_cert_rules import consumer_arguments
from ostiary.compiler.counting import counting_sections, counting_settings
from ostiary.compiler.credentials import (
    credential_arguments,
    credential_files,
    credential_sections,
)
from ostiary.compiler.enforcement import Gate
from ostiary.compiler.engine import defaults_section, global_section
from ostiary.compiler.enrolment import enrolment_files, enrolment_sections
from ostiary.compiler.facts import CERTIFICATES_FILE, FACTS_FILE
from ostiary.compiler.forwarding import PROXIES_FILE, proxies_file
from ostiary.compiler.judging import Plan, gate_of
from ostiary.compiler.listeners import addresses, http_section, https_files, https_sections
from ostiary.compiler.marks import mark_arguments, marks_of
from ostiary.compiler.pipelines import CompiledPipeline, compile_pipeline
from ostiary.compiler.profiles import Profiles, profiles_of
from ostiary.compiler.questions import (
    SPOE_FILE,
    Question,
    handshake_arguments,
    header_arguments,
    header_question_of,
    question_of,
    spoe_config,
)
from ostiary.compiler.reasons import reason_files
from ostiary.compiler.routes import RouteTable, route_table
from ostiary.compiler.routing import route_files, route_rules
from ostiary.compiler.scopes import Scheme, mode_of, scheme_of, scope_expression, scope_files
from ostiary.compiler.stage import Setting
from ostiary.compiler.tls import Asking, entries_of
from ostiary.config.effective import AuthType, Effective
from ostiary.config.model.client_cert import ClientCertAction
from ostiary.config.model.document import Document
from ostiary.config.model.policies.log import LogAction
from ostiary.haproxy.files import Section, render_map, render_sections

PathOf = Callable[[str], str]


def compile_document(
    document: Document, materials: Materials, place: Place, effective: Effective
) -> Bundle:
    """All files of one revision; the same input gives the same bytes.

    ``effective``: client certificate authentication, from the document and what is managed.
    """

    def path_of(name: str) -> str:
        return f"{place.folder}/{name}"

    scheme = scheme_of(effective)
    table = route_table(document.api_endpoints)
    profiles = profiles_of(document, table)
    marks = marks_of(document)
    setting = replace(_setting(document, scheme, path_of, profiles), marks=marks, table=table)
    pipelines = {
        name: compile_pipeline(number, name, pipeline, setting)
        for number, (name, pipeline) in enumerate(document.pipelines.items(), 1)
    }
    plan = Plan(
        scheme=scheme,
        routes=route_rules(table, path_of),
        gate=gate_of(document, scheme, path_of),
        choices=partial(_choices, pipelines, path_of),
        path_of=path_of,
        profiles=profiles,
        messages=_says_something(document),
        asks=any(one.asks for one in pipelines.values()),
        marks=marks,
    )
    sections = _sections(document, place, plan, counting_settings(pipelines.values()))
    sections += backend_sections(document, materials, place, pipelines, table)
    sections += [*upstreams.resolvers_sections(document), *_fixed(place, plan)]
    sections += credential_sections() if profiles else []
    sections += counting_sections(pipelines.values(), place)
    files = {
        "haproxy.cfg": render_sections(sections),
        SPOE_FILE: spoe_config([*_messages(document, plan), *_steps(scheme, pipelines)]),
        **reason_files(),
        **route_files(table),
        **scope_files(scheme, table),
        **calling_files(scheme, table),
        **_pipeline_files(document, table, pipelines),
        **{name: text for one in pipelines.values() for name, text in one.files.items()},
        **upstreams.upstream_files(materials),
        **(credential_files(profiles) if profiles else {}),
    }
    return Bundle(files={**files, **_listener_files(document, materials, plan)})


def _listener_files(document: Document, materials: Materials, plan: Plan) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    if plan.scheme.type is AuthType.HEADER:
        files[PROXIES_FILE] = proxies_file(plan.scheme.header.trusted_proxies.value)
        files |= {FACTS_FILE: b"", CERTIFICATES_FILE: b""}  # the worker's copies are added to
    if document.https:
        files |= https_files(document.https, materials, plan)
    if document.pki and document.pki.est and materials.enrolment:
        files |= enrolment_files(materials.enrolment)
    return files


def _says_something(document: Document) -> bool:
    return any(
        isinstance(step.action, LogAction)
        for pipeline in document.pipelines.values()
        for policy in pipeline.policies
        for step in policy.steps
    )


def _setting(document: Document, scheme: Scheme, path_of: PathOf, profiles: Profiles) -> Setting:
    """What pipelines build on. Verdicts take the counters 0 and 1, and ``calling`` takes 2."""
    in_header = scheme.type is AuthType.HEADER
    entries = entries_of(document.https, scheme.type) if document.https else ()
    strict = any(entry.asking is Asking.TRUSTED for entry in entries)
    free = () if in_header and strict else (0,) if in_header else (1,)
    return Setting(
        path_of=path_of,
        profiles=profiles,
        in_header=in_header,
        counters=(*free, 3),
        scripts=document.scripts,
    )


def _sections(
    document: Document, place: Place, plan: Plan, counting: tuple[str, ...]
) -> list[Section]:
    """The process as a whole, and its listeners."""
    whole = global_section(document, place, plan.scheme.type)
    sections = [replace(whole, lines=(*whole.lines, *counting)), defaults_section(document)]
    if document.http:
        sections.append(http_section(document, document.http, place, plan))
    if document.https:
        sections += https_sections(document, document.https, place, plan)
    est = document.pki.est if document.pki else None
    if est:
        sections += enrolment_sections(place, addresses(est.host, est.port, place))
    return sections


def _messages(document: Document, plan: Plan) -> list[tuple[Question, str]]:
    """The questions that the rules ask, with their arguments."""
    about = [(Question.CREDENTIAL, credential_arguments())] if plan.profiles else []
    if any(isinstance(profile.action, ClientCertAction) for profile in plan.profiles):
        about.append((Question.CONSUMER, consumer_arguments(in_header=plan.in_header)))
    return [*_about_certificates(document, plan.scheme, mark_arguments(plan.marks)), *about]


def _steps(scheme: Scheme, pipelines: Mapping[str, CompiledPipeline]) -> list[tuple[Question, str]]:
    """The questions in the middle of pipelines."""
    bodies = {ask.reads_body for one in pipelines.values() for ask in one.asks.values()}
    in_header = scheme.type is AuthType.HEADER
    return [
        (
            Question.STEP_WITH_BODY if body else Question.STEP,
            step_arguments(body=body, in_header=in_header),
        )
        for body in sorted(bodies)
    ]


def _about_certificates(
    document: Document, scheme: Scheme, more: str
) -> list[tuple[Question, str]]:
    scope = scope_expression(scheme)
    if scheme.type is AuthType.NONE:
        return [(question_of(document), handshake_arguments(scope, more=more))]
    mode = mode_of(scheme)
    if scheme.type is AuthType.CERTIFICATE:
        return [(question_of(document), handshake_arguments(scope, mode, more))]
    told, written = scheme.header.name.value or "", scheme.header.format.value.value
    return [
        (Question.VERDICT, handshake_arguments(f"var({names.ENTRY})")),
        (header_question_of(document), header_arguments(scope, mode, told, written, more)),
    ]


def _choices(
    pipelines: Mapping[str, CompiledPipeline], path_of: PathOf, gate: Gate | None
) -> list[str]:
    """Who may not go on is sent away first, and costs no look-up of a pipeline."""
    rules: list[str] = []
    choosing = [rule for one in pipelines.values() for rule in one.choosing]
    if choosing:
        number = f"var({names.ROUTE}),map_str_int({path_of('pipelines.map')},0)"
        passes = f" {gate.passes}" if gate else ""
        rules.append(f"http-request set-var({names.PIPELINE}) {number}{passes}")
    rules += [rule for rule in choosing if not rule.startswith("use_backend")]
    rules += [f"use_backend {names.REFUSED} {gate.stops}"] if gate else []
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


def _fixed(place: Place, plan: Plan) -> list[Section]:
    nowhere = (f"http-request return {problem(404)}",)
    return [
        Section(f"backend {names.NOWHERE}", nowhere),
        *([plan.gate.section()] if plan.gate else []),
        decision.table_section(reports=plan.scheme.reports, marks=plan.marks.numbers),
        calling_section(),
        decision.agent_section(place.agent_socket),
    ]


def _json(text: str) -> str:
    """The text as it stands inside the quotes of JSON, for the log: escaped once, not each time."""
    return json.dumps(text)[1:-1]
