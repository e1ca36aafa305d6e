"""Secrets in the configuration file: shown to nobody, and kept where what is around them stays."""

from collections.abc import Iterator
from typing import Final

from ostiary.config.model.policies.tokens import HIDDEN
from ostiary.config.text.tree import Plain

_SECRETS: Final = frozenset(
    {"secretOrPublicKey", "secret_or_public_key", "authorization_value", "authorizationValue"}
)


def without_secrets(value: Plain) -> Plain:
    """The same with ``HIDDEN`` in place of each secret."""
    if isinstance(value, dict):
        return {
            key: HIDDEN if key in _SECRETS and one is not None else without_secrets(one)
            for key, one in value.items()
        }
    return [without_secrets(one) for one in value] if isinstance(value, list) else value


def with_secrets(value: Plain, before: Plain) -> Plain:
    """What somebody sends who was shown ``before`` without its secrets: these are put back.

    Only where nothing else of the same object was changed: a secret must not get to another
    purpose unseen. What is left of ``HIDDEN`` is refused by the model.
    """
    if isinstance(value, dict):
        if any(value.get(key) == HIDDEN for key in _SECRETS):
            meant = [one for one in _holders(before) if without_secrets(one) == value]
            return meant[0] if meant and all(one == meant[0] for one in meant) else value
        return {key: with_secrets(one, before) for key, one in value.items()}
    return [with_secrets(one, before) for one in value] if isinstance(value, list) else value


def _holders(value: Plain) -> Iterator[Plain]:
    """The objects that have a secret."""
    if isinstance(value, dict):
        if _SECRETS & value.keys():
            yield value
        for one in value.values():
            yield from _holders(one)
    elif isinstance(value, list):
        for one in value:
            yield from _holders(one)
