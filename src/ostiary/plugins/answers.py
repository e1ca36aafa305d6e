"""A plug-in's answer, held against what it may say. What doesn't fit is an error, never guessed."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeGuard

from ostiary.plugins.interface import (
    REFUSALS,
    Condition,
    Continue,
    Identity,
    PerCredential,
    Plugin,
    Policy,
    Refuse,
    Request,
)

LONGEST_VALUE = 4096
LONGEST_REASON = 200
_PRINTABLE = re.compile(r"[ -~]*")


class BadAnswer(Exception):
    """The plug-in said what it may not."""


@dataclass(frozen=True, slots=True)
class Holds:
    """Of a condition."""

    value: bool


@dataclass(frozen=True, slots=True)
class Goes:
    """Of a policy: new values of headers by name, lower case; None: removed."""

    headers: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """Of a policy."""

    status: int
    reason: str


Checked: TypeAlias = Holds | Goes | Refused


class Withheld:
    """In the place of the request, for plug-ins whose answers are remembered."""

    def __getattr__(self, name: str) -> Any:
        """Raises LookupError, whatever is asked for."""
        raise LookupError(
            f"request.{name}: answers are remembered for the credential, so no request is shown"
        )


def call_of(plugin: Plugin, request: Request, identity: Identity) -> Any:
    """What the plug-in returns: an answer, or something to await."""
    shown: Any = Withheld() if isinstance(plugin.lifetime, PerCredential) else request
    if isinstance(plugin, Condition):
        return plugin.holds(shown, identity)
    if isinstance(plugin, Policy):
        return plugin.decide(shown, identity)
    raise BadAnswer(f"{type(plugin).__name__} is neither a Condition nor a Policy")


def checked(plugin: Plugin, answer: object) -> Checked:
    """The answer, if it is one. Raises BadAnswer."""
    if isinstance(plugin, Condition):
        if not isinstance(answer, bool):
            raise BadAnswer(f"holds() gave {type(answer).__name__}, not True or False")
        return Holds(answer)
    match answer:
        case Continue():
            changes: dict[str, str | None] = {name.lower(): None for name in answer.remove_headers}
            changes |= {name.lower(): value for name, value in answer.set_headers.items()}
            return checked_changes(changes, header_names(plugin))
        case Refuse():
            return checked_refusal(answer.status, answer.reason)
        case _:
            raise BadAnswer(f"decide() gave {type(answer).__name__}, not Continue or Refuse")


def header_names(plugin: Plugin) -> tuple[str, ...]:
    """The headers that a policy declares, lower case, each once. Raises BadAnswer."""
    if not isinstance(plugin, Policy):
        return ()
    names = plugin.headers()
    if isinstance(names, str) or not isinstance(names, Collection):
        raise BadAnswer("headers() must give a list of names")
    if not all(isinstance(name, str) for name in names):
        raise BadAnswer("headers() must give texts")
    return tuple(dict.fromkeys(name.lower() for name in names))


def checked_changes(changes: Mapping[str, object], allowed: Collection[str]) -> Goes:
    """Values by header, lower case, None: removed; if they may be set. Raises BadAnswer."""
    found: dict[str, str | None] = {}
    for name, value in changes.items():
        if name not in allowed:
            raise BadAnswer(f"the header {name[:80]!r} isn't among headers()")
        if value is not None and not _is_printable(value, LONGEST_VALUE):
            raise BadAnswer(f"the value for {name[:80]!r} isn't printable ASCII, or too long")
        found[name] = value
    return Goes(found)


def checked_refusal(status: object, reason: object) -> Refused:
    """A refusal as it may be. Raises BadAnswer."""
    if not isinstance(status, int) or status not in REFUSALS:
        raise BadAnswer(f"the status {status!r} is none of {REFUSALS}")
    if not _is_printable(reason, LONGEST_REASON):
        raise BadAnswer(f"the reason isn't printable ASCII of at most {LONGEST_REASON} characters")
    return Refused(status, reason)


def _is_printable(text: object, longest: int) -> TypeGuard[str]:
    """Whether it fits a header, or a problem document, whatever is around it."""
    return isinstance(text, str) and len(text) <= longest and bool(_PRINTABLE.fullmatch(text))
