"""Pipelines as they are drawn: each step in words, whatever comes."""

from collections.abc import Iterator
from dataclasses import dataclass

from ostiary.config.asked import asked_by_step
from ostiary.config.model.condition import Always
from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import PolicyUse, ProxyAction, Step, answers
from ostiary.services.pipeline_walk import pipeline_of, steps_of
from ostiary.services.requests import told
from ostiary.services.step_words import words_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A step."""

    number: int
    """From 1, over all policies of the pipeline; as in explanations."""
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
    """Where a request goes on from here."""
    addresses: tuple[str, ...]
    """One of them gets it."""


def drawn(document: Document, pipeline: str) -> tuple[Drawn, ...]:
    """The steps of a pipeline."""
    return tuple(_step(document, *one) for one in steps_of(document, pipeline))


def _step(document: Document, number: int, use: PolicyUse, step: Step) -> Drawn:
    words = words_of(step.action)
    service = step.action.service_endpoint if isinstance(step.action, ProxyAction) else None
    found = document.service_endpoints[service] if service else None
    urls = ((found.url,) if found.url else found.urls or ()) if found else ()
    return Drawn(
        number=number,
        policy=use.name,
        condition="" if isinstance(step.condition, Always) else told(step.condition),
        sentence=words.sentence,
        ends=answers(step.action),
        refuses=words.refuses,
        asks=words.asks or any(asked_by_step(step)),
        service=service,
        addresses=tuple(dict.fromkeys(urls)),
    )


def services_of(document: Document, api: str) -> tuple[str, ...]:
    """The services that requests of an API may go on to, in the order of the steps."""
    return tuple(dict.fromkeys(_services(document, api)))


def _services(document: Document, api: str) -> Iterator[str]:
    pipeline = pipeline_of(document, api)
    for _, _, step in steps_of(document, pipeline) if pipeline else ():
        if isinstance(step.action, ProxyAction):
            yield step.action.service_endpoint
