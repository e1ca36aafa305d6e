"""What a running gateway is told when consumers or credentials change."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from ostiary.consumers.model import CredentialType

Named: TypeAlias = tuple[CredentialType, str]
"""A credential by its type and what clients name it by, as ``Directory.find`` is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Whatever was decided about these before must not be believed any more."""

    consumers: frozenset[UUID] = frozenset()
    """All of a consumer's credentials are meant, also those that went with it."""
    credentials: frozenset[Named] = frozenset()
    """Also new ones: a client may have been refused that used it too early."""
    everybody: bool = False
    """It isn't known who has changed."""
    only_new: bool = False
    """Nobody can have been let in by any of these. What was refused before counts for 10 s more
    where it isn't known to whom it was told: for an import, not all is taken back from all."""


Listener: TypeAlias = Callable[[Changed], None]
"""Told after the change is kept and before it is acknowledged, in a thread that is not the
loop's; must not raise. When it returns, the change acts on traffic."""


def nobody(changed: Changed) -> None:
    """No gateway runs: nothing is remembered that would have to be withdrawn."""
