"""What the gateway knows of plug-ins without ever importing one."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

GROUPS = {"condition": "ostiary.conditions", "policy": "ostiary.policies"}
"""Entry-point groups by kind."""


def normal(package: str) -> str:
    """A package's name in its one form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", package).lower()


class Kind(StrEnum):
    """What a plug-in is."""

    CONDITION = "condition"
    POLICY = "policy"

    @property
    def group(self) -> str:
        """The entry-point group that it is found in."""
        return GROUPS[self.value]


@dataclass(frozen=True, slots=True)
class Use:
    """A step that names a plug-in."""

    kind: Kind
    name: str
    parameters: str = field(repr=False)
    """JSON, keys sorted; there may be secrets among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginCall:
    """A use that is in order: all that the answer depends on beside the request."""

    kind: Kind
    name: str
    package: str
    version: str
    parameters: str = field(repr=False)
    headers: tuple[str, ...] = ()
    """Lower case: what a policy may set or remove."""
    lifetime: float = 0.0
    """Seconds that an answer is remembered for a credential; 0: asked at each request."""
    time_limit: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A plug-in that a package has."""

    kind: Kind
    name: str
    package: str
    version: str
    told: str = ""
    """What it says it is for."""
    lifetime: float = 0.0
    time_limit: float = 1.0
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """JSON Schema."""
    fault: str = ""
    """Why it can't be used; then the rest is as good as unknown."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a use, at a place below its parameters."""

    path: tuple[str | int, ...]
    message: str
    way_out: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What was found out about the packages that a configuration names."""

    offers: tuple[Offer, ...] = ()
    faults: Mapping[str, str] = field(default_factory=dict)
    """Why a package can't be used."""
    calls: Mapping[Use, PluginCall] = field(default_factory=dict)
    wrong: Mapping[Use, tuple[Fault, ...]] = field(default_factory=dict)


Inspect: TypeAlias = Callable[[tuple[str, ...], tuple[Use, ...]], Inspected]
"""Looks at packages, and at uses of what they have."""


def not_looked_at(packages: tuple[str, ...], _uses: tuple[Use, ...]) -> Inspected:
    """Where nobody can look: each package is refused."""
    return Inspected(faults=dict.fromkeys(packages, "plug-ins can't be looked at here"))
