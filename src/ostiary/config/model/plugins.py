"""Conditions and policies of plug-ins: in the file they have names of their own.

``shape`` makes these of names that aren't the gateway's; ``call`` is found in the validation's
context, where ``load`` has put what the packages say. Nothing of it is a key of the file.
"""

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, model_validator

from ostiary.config.model.base import Model
from ostiary.plugins.call import Kind, PluginCall, Use


def use_of(kind: Kind, name: str, parameters: Mapping[str, Any]) -> Use:
    """The use that these parameters make."""
    return Use(kind, name, json.dumps(parameters, sort_keys=True))


class _PluginUse(Model):
    kind: ClassVar[Kind]
    plugin: str = Field(exclude=True)
    parameters: dict[str, Any] = Field(exclude=True)
    call: PluginCall | None = Field(default=None, exclude=True)
    """None where the plug-in can't be used; that was told."""

    @model_validator(mode="before")
    @classmethod
    def _found(cls, told: Any, info: ValidationInfo) -> Any:
        if not isinstance(told, dict) or not info.context:
            return told
        call = info.context.get(use_of(cls.kind, told["plugin"], told["parameters"]))
        return {**told, "call": call}


class PluginCondition(_PluginUse):
    """A plug-in's condition: it is written by the plug-in's name, and its parameters beside."""

    kind = Kind.CONDITION
    name: Literal["plugin"] = Field(default="plugin", exclude=True)


class PluginAction(_PluginUse):
    """A plug-in's policy: it is written by the plug-in's name, with its parameters as action."""

    kind = Kind.POLICY
    policy: Literal["plugin"] = Field(default="plugin", exclude=True)
