"""Where requests of an API go: its endpoints, its pipeline, its services."""

from dataclasses import dataclass

from ostiary.compiler.routes import route_table
from ostiary.compiler.tls import entries_of
from ostiary.config.model.document import Document
from ostiary.management.changes import Changes
from ostiary.management.errors import NotThere
from ostiary.management.pages import after, checked_limit, offset_of
from ostiary.management.policy_views import endpoint_words
from ostiary.management.views import Page, View
from ostiary.services.drawing import drawn, services_of
from ostiary.services.pipeline_walk import pipeline_of
from ostiary.services.visits import visit_of_api


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowView(View):
    """An API: from where to where."""

    api: str
    endpoints: tuple[str, ...]
    """Each way requests come, in words: ``GET api.example.com /orders/*``."""
    pipeline: str | None
    """None: nobody answers (404)."""
    services: tuple[str, ...]
    """In the order of the steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStep(View):
    """A step of a pipeline."""

    number: int
    """From 1, over all policies; as in explanations."""
    policy: str
    condition: str
    """In words; empty: it always acts."""
    sentence: str
    ends: bool
    """Whether every request that it acts on ends here."""
    refuses: int | None
    """The status of its refusal, where it goes on otherwise."""
    asks: bool
    """Whether the agent is asked about what the engine doesn't know yet."""
    service: str | None
    addresses: tuple[str, ...]
    """Of the service; one of them gets the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineView(View):
    """An API with its pipeline, step by step."""

    flow: FlowView
    steps: tuple[FlowStep, ...]
    scopes: tuple[str, ...]
    """What a credential must have at one of the endpoints, where steps ask for one."""
    also: tuple[str, ...]
    """Other APIs of the same pipeline."""
    sample: str
    """A URL that the API is meant for; empty where none is surely so."""
    sample_method: str


class Flows:
    """The configuration in force, as pictures show it."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def page(
        self, *, search: str = "", cursor: str | None = None, limit: int = 50
    ) -> Page[FlowView]:
        """In the order of the file; ``search``: part of an API's, pipeline's or service's name.
        Raises Unacceptable."""
        offset, wanted = offset_of(cursor), checked_limit(limit)
        document = self._document
        flows = (_flow(document, name) for name in document.api_endpoints)
        found = [one for one in flows if _fits(one, search.lower())]
        items = tuple(found[offset : offset + wanted])
        return Page(items=items, next=after(offset, len(items), len(found)), total=len(found))

    def one(self, api: str) -> PipelineView:
        """One API. Raises NotThere."""
        document = self._document
        if api not in document.api_endpoints:
            raise NotThere("API", api)
        flow = _flow(document, api)
        bound = document.pipelines[flow.pipeline].api_endpoints if flow.pipeline else ()
        method, sample = self._sample(api)
        return PipelineView(
            flow=flow,
            steps=tuple(
                FlowStep(
                    number=one.number,
                    policy=one.policy,
                    condition=one.condition,
                    sentence=one.sentence,
                    ends=one.ends,
                    refuses=one.refuses,
                    asks=one.asks,
                    service=one.service,
                    addresses=one.addresses,
                )
                for one in (drawn(document, flow.pipeline) if flow.pipeline else ())
            ),
            scopes=tuple(
                dict.fromkeys(scope for one in document.api_endpoints[api] for scope in one.scopes)
            ),
            also=tuple(one for one in bound if one != api),
            sample=sample,
            sample_method=method,
        )

    @property
    def _document(self) -> Document:
        return self._changes.gatekeeper.prepared.document

    def _sample(self, api: str) -> tuple[str, str]:
        document, acts = self._document, self._changes.gatekeeper.prepared.effective
        https = document.https
        entries = entries_of(https, acts.type.value) if https else ()
        visit = visit_of_api(document, route_table(document.api_endpoints), entries, api)
        if visit.pinned is not None:
            return visit.method, ""
        return visit.method, f"{visit.scheme.value}://{visit.host}{visit.path}"


def _flow(document: Document, api: str) -> FlowView:
    return FlowView(
        api=api,
        endpoints=endpoint_words(document, api),
        pipeline=pipeline_of(document, api),
        services=services_of(document, api),
    )


def _fits(flow: FlowView, search: str) -> bool:
    return any(search in one.lower() for one in (flow.api, flow.pipeline or "", *flow.services))
