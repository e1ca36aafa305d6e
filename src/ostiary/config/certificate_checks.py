"""Conditions about certificates: where they stand, and how many there may be."""

from collections.abc import Iterator

from ostiary.config.model.certificate_condition import ClientCertificate
from ostiary.config.model.condition import AllOf, Condition, Not, OneOf
from ostiary.config.model.document import Document
from ostiary.config.text.tree import PathPart, Places
from ostiary.kernel.problems import Problem

MOST_ASKED = 248
"""Different conditions about certificates: their outcomes are bits in each verdict's row, eight
numbers of 31."""

_Path = tuple[PathPart, ...]


def certificate_conditions(document: Document) -> Iterator[tuple[_Path, ClientCertificate]]:
    """All of a document, nested ones too, each with its place."""
    for name, pipeline in document.pipelines.items():
        for use_number, use in enumerate(pipeline.policies):
            for step_number, step in enumerate(use.steps):
                at = ("pipelines", name, "policies", use_number, "steps", step_number)
                yield from _within(step.condition, (*at, "condition"))


def check_certificates(document: Document, places: Places) -> Iterator[Problem]:
    """Yield a problem where there are more than can be told."""
    found: dict[object, _Path] = {}
    for path, condition in certificate_conditions(document):
        found.setdefault(condition.given, path)
    if len(found) > MOST_ASKED:
        message = f"{len(found)} different conditions about certificates; {MOST_ASKED} are possible"
        way_out = "give APIs clientCertificateAuth of their own, or lists to conditions"
        yield places.problem(tuple(found.values())[MOST_ASKED], message, way_out)


def _within(condition: Condition, path: _Path) -> Iterator[tuple[_Path, ClientCertificate]]:
    match condition:
        case ClientCertificate():
            yield path, condition
        case Not():
            yield from _within(condition.condition, (*path, "condition"))
        case AllOf() | OneOf():
            for number, one in enumerate(condition.conditions):
                yield from _within(one, (*path, "conditions", number))
        case _:
            pass
