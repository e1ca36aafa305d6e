"""A whole run as data: what is kept as JSON, and read again to print the page."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.extras import FirstSight, Memory
from bench.samples import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """A gateway as it took part."""

    key: str
    title: str
    rule: str
    version: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """A gateway that did not take part, and why."""

    key: str
    title: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What was measured of this gateway alone; None where it could not be, with the reason in
    `troubles`.
    """

    ready: list[float]
    first_sight: FirstSight | None
    memory: Memory | None
    troubles: list[str]
    policy_sight: FirstSight | None = None
    """First sight with 1,000 names and 1,000 trusted certificates."""
    large_ready: list[float] = field(default_factory=list)
    """Starts with 10,000 trusted certificates and 1,000 APIs with policies of their own."""
    crowd_ready: list[float] = field(default_factory=list)
    """Starts with many consumers in the store."""
    crowd_memory: Memory | None = None
    """Of such a gateway, after the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One run of `make bench`. `measure` is the key of the gateway all ratios are to."""

    when: str
    command: str
    seconds: float
    rounds: int
    machine: dict[str, str]
    measure: str
    entrants: list[Entrant]
    absent: list[Absent]
    samples: list[Sample]
    extras: Extras | None


def save(outcome: Outcome, path: Path) -> None:
    """As indented JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(dataclasses.asdict(outcome), indent=1) + "\n")


def load(path: Path) -> Outcome:
    """What save() wrote. Raises KeyError or TypeError for another shape."""
    raw: dict[str, Any] = json.loads(path.read_text())
    return Outcome(
        **{
            **raw,
            "entrants": [Entrant(**one) for one in raw["entrants"]],
            "absent": [Absent(**one) for one in raw["absent"]],
            "samples": [Sample(**one) for one in raw["samples"]],
            "extras": None if raw["extras"] is None else _extras(raw["extras"]),
        }
    )


def _extras(raw: dict[str, Any]) -> Extras:
    sight, policy, memory = raw["first_sight"], raw.get("policy_sight"), raw["memory"]
    crowd = raw.get("crowd_memory")
    return Extras(
        ready=raw["ready"],
        first_sight=None if sight is None else FirstSight(**sight),
        policy_sight=None if policy is None else FirstSight(**policy),
        large_ready=raw.get("large_ready", []),
        crowd_ready=raw.get("crowd_ready", []),
        crowd_memory=None if crowd is None else Memory(**crowd),
        memory=None if memory is None else Memory(**memory),
        troubles=raw["troubles"],
    )
