"""What of a pipeline has to be worked out for each request, beside the engine."""

import json
from collections.abc import Iterator
from typing import TypeAlias

from ostiary.config.expression.judging import truth_of
from ostiary.config.expression.parts import Computed
from ostiary.config.expression.scripts import acting_script
from ostiary.config.expression.truths import refuses
from ostiary.config.model.body_condition import BodyFits
from ostiary.config.model.condition import AllOf, Condition, ExpressionHolds, Not, OneOf
from ostiary.config.model.pipeline import Step
from ostiary.config.model.plugins import PluginAction, PluginCondition
from ostiary.config.model.policies.expression import ExpressionAction
from ostiary.config.policy_checks import expressions_of
from ostiary.config.text.tree import PathPart
from ostiary.plugins.call import PluginCall
from ostiary.scripts.model import BodySchema, Script, Wanted

What: TypeAlias = Script | BodySchema | PluginCall
"""Everything that can be asked."""

_Path = tuple[PathPart, ...]


def asked_by_step(step: Step) -> Iterator[tuple[_Path, What]]:
    """Yield what a step has asked, in order, with its place below the step."""
    for path, script in asked_by(step.condition):
        yield ("condition", *path), script
    if isinstance(step.action, PluginAction) and step.action.call is not None:
        yield ("action",), step.action.call
    if isinstance(step.action, ExpressionAction):
        yield ("action", "jscode"), acting_script(step.action.jscode)
    for path, expression in expressions_of(step.action):
        for part in expression:
            if isinstance(part, Computed):
                yield ("action", *path), part.script


def asked_by(condition: Condition) -> Iterator[tuple[_Path, What]]:  # noqa: C901 - a union
    """Yield what a condition has asked, likewise."""
    match condition:
        case ExpressionHolds() if truth_of(condition.expression) is None:
            yield ("expression",), Script(condition.expression, Wanted.TRUTH)
        case BodyFits():
            text = json.dumps(condition.body_schema, sort_keys=True)
            yield ("schema",), BodySchema(text, condition.log_errors)
        case PluginCondition():
            if condition.call is not None:
                yield (), condition.call
        case Not():
            for path, script in asked_by(condition.condition):
                yield ("condition", *path), script
        case AllOf() | OneOf():
            for number, one in enumerate(condition.conditions):
                for path, script in asked_by(one):
                    yield ("conditions", number, *path), script
        case _:
            return


def may_refuse(condition: Condition) -> bool:
    """Whether a script in a condition that the engine works out can throw, or not be run."""
    match condition:
        case ExpressionHolds():
            truth = truth_of(condition.expression)
            return truth is not None and refuses(truth)
        case Not():
            return may_refuse(condition.condition)
        case AllOf() | OneOf():
            return any(map(may_refuse, condition.conditions))
        case _:
            return False
