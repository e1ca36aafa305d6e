"""What the agent is asked in the middle of a pipeline, request by request.

A condition or a value that the engine can't work out by itself is an ``Ask``. Its rules stand in
the listener, since SPOE's filter does, so a pipeline that asks anything has all its rules there
(``pipelines``). They set the ask's id, send the message ``step`` (or ``step-body``, after the body
was waited for), and read three variables: an ``Outcome``, and a text with it where one is wanted.
No outcome is a 503, a failed one a 500: nobody goes on without an answer. The agent finds the ask
by its id (``asks_of``), which says all that the answer depends on beside the request, so workers
that drain are answered by what they were compiled from.

To have something else asked: make it a member of ``config.asked.What``; yield it where ``whats_in``
or ``conditions.translate`` meets it; answer it in ``wiring.evaluating``.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import TypeAlias

from ostiary.compiler import names
from ostiary.compiler.facts import Fact
from ostiary.compiler.routes import RouteTable, route_table
from ostiary.config.asked import What, asked_by, asked_by_step
from ostiary.config.model.condition import Condition
from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import Pipeline
from ostiary.config.model.scripts import Scripts
from ostiary.scripts.model import BodySchema, Script
from ostiary.scripts.vocabulary import reads_body, reads_parameters

ASK = "txn.ost.ask"
"""Id of what is asked just now."""
OUTCOME = "txn.ost.aout"
"""``Outcome`` of the latest ask."""
TEXT = "txn.ost.atext"
"""Text that came with it."""
STATUS = "txn.ost.astatus"
"""Of a plug-in that refuses: with which status."""
HEADER, REMOVED = "txn.ost.ah", "txn.ost.ax"
"""Of a script that changes headers: the new value of each, by its place among
``Script.headers``, and whether it was removed."""
VARIABLES = "txn.ost.avars"
"""What scripts have left for later ones of the pipeline, as JSON."""


class Outcome(IntEnum):
    """What came of an ask; without any, nobody answered."""

    TRUE = 1
    """The condition holds."""
    FALSE = 2
    DONE = 3
    """A text, or a script's changes."""
    FAILED = 4
    """500: it threw, took too long, or gave what can't be used."""
    BODY = 5
    """400: the body isn't what its Content-Type says, or the request can be read in two ways."""
    REFUSED = 6
    """A plug-in refuses, with STATUS and TEXT."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Something the agent is asked about requests of one pipeline."""

    what: What
    pipeline: str
    """Its name, for people."""
    body_limit: int
    """Bytes of the request's body; a larger one is refused."""
    endpoints: Mapping[int, Mapping[str, object]] = field(default_factory=dict, hash=False)
    """``apiEndpoint`` of scripts, by the rank of the route."""
    paths: Mapping[int, str] = field(default_factory=dict, hash=False)
    """Where parameters of the path are wanted: the endpoint's path, likewise."""

    @property
    def id(self) -> str:
        """16 hex digits that depend on the rest, and on nothing else."""
        told: list[object] = [type(self.what).__name__, asdict(self.what), self.pipeline]
        told += [dict(self.endpoints), dict(self.paths)]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def reads_body(self) -> bool:
        """Whether the request's body is waited for and sent along."""
        return wants_body(self.what)


Asks: TypeAlias = Mapping[What, Ask]
NOTHING_ASKED: Asks = MappingProxyType({})


def asks_of(document: Document) -> dict[str, Ask]:
    """Everything a document has asked, by id."""
    table = route_table(document.api_endpoints)
    found = (
        asks_of_pipeline(name, pipeline, table, document.scripts)
        for name, pipeline in document.pipelines.items()
    )
    return {ask.id: ask for asks in found for ask in asks.values()}


def asks_of_pipeline(name: str, pipeline: Pipeline, table: RouteTable, scripts: Scripts) -> Asks:
    """What one pipeline has asked."""
    whats = dict.fromkeys(whats_of(pipeline))
    if not whats:
        return NOTHING_ASKED
    limit = scripts.body_limit_kb * 1024
    bound = frozenset(pipeline.api_endpoints)
    endpoints = {
        route.rank: {"apiEndpointName": route.endpoint, "scopes": sorted(route.scopes)}
        for route in table.routes
        if route.endpoint in bound
    }
    paths = {route.rank: route.path for route in table.routes if route.endpoint in bound}
    return MappingProxyType(
        {
            what: Ask(what, name, limit, endpoints, paths if wants_parameters(what) else {})
            for what in whats
        }
    )


def whats_of(pipeline: Pipeline) -> Iterator[What]:
    """What the steps of a pipeline have asked, in order."""
    for use in pipeline.policies:
        for step in use.steps:
            yield from (script for _, script in asked_by_step(step))


def whats_in(condition: Condition) -> Iterator[What]:
    """What a condition has asked."""
    yield from (script for _, script in asked_by(condition))


def wants_body(what: What) -> bool:
    """Whether it looks at the request's body."""
    return reads_body(what.source) if isinstance(what, Script) else isinstance(what, BodySchema)


def wants_parameters(what: What) -> bool:
    """Whether it looks at what the endpoint's path found."""
    return isinstance(what, Script) and reads_parameters(what.source)


def reads_bodies(document: Document) -> bool:
    """Whether anything that is asked looks at bodies of requests."""
    pipelines = document.pipelines.values()
    return any(wants_body(what) for one in pipelines for what in whats_of(one))


def step_arguments(*, body: bool, in_header: bool) -> str:
    """What the agent is told of a request it is asked about."""
    certificate = Fact.CERTIFICATE.value if in_header else "ssl_c_der"
    told = {
        "ask": f"var({ASK})",
        "method": "method",
        "secure": "ssl_fc",
        "url": "pathq",
        "original": f"var({names.ORIGINAL_URL})",
        "headers": "req.hdrs",
        "client": "src",
        "consumer": f"var({names.CONSUMER})",
        "id": "unique-id",
        "code": f"var({names.CODE})",
        "cert": certificate,
        "route": f"var({names.ROUTE})",
        "variables": f"var({VARIABLES})",
    }
    if body:
        told["body"] = "req.body"
    return " ".join(f"{name}={value}" for name, value in told.items())
