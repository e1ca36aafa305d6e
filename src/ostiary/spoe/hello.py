"""The handshake: what HAProxy offers, and what of it is taken (doc/SPOE.txt, section 3.2.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ostiary.spoe.frames import MIN_FRAME_SIZE
from ostiary.spoe.status import Malformed, Status
from ostiary.spoe.values import Value

VERSION: Final = "2.0"
"""The only SPOP version that HAProxy 1.8 to 3.x speaks."""

CAPABILITIES: Final = frozenset({"pipelining"})
"""What we can do. Not "async": an answer goes back where its question came from. Not
"fragmentation": HAProxy 3.1 dropped it, and a frame of
tune.bufsize holds a chain of certificates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What both sides keep to until the connection ends."""

    max_frame_size: int
    capabilities: frozenset[str]
    engine_id: str
    healthcheck: bool


def agree(offer: Mapping[str, Value], max_frame_size: int) -> Agreement:
    """Take from HAProxy's offer what we can do; raises Malformed with the status to tell it."""
    _require_version(offer.get("supported-versions"))
    offered_size = offer.get("max-frame-size")
    if not isinstance(offered_size, int) or isinstance(offered_size, bool):
        raise Malformed("max-frame-size is missing", Status.NO_MAX_FRAME_SIZE)
    if offered_size < MIN_FRAME_SIZE:
        raise Malformed(
            f"max-frame-size {offered_size} is below {MIN_FRAME_SIZE}", Status.BAD_MAX_FRAME_SIZE
        )
    capabilities = offer.get("capabilities")
    if not isinstance(capabilities, str):
        raise Malformed("capabilities are missing", Status.NO_CAPABILITIES)
    engine_id = offer.get("engine-id")
    return Agreement(
        max_frame_size=min(offered_size, max_frame_size),
        capabilities=CAPABILITIES.intersection(_words(capabilities)),
        engine_id=engine_id if isinstance(engine_id, str) else "",
        healthcheck=offer.get("healthcheck") is True,
    )


def _require_version(versions: Value) -> None:
    if not isinstance(versions, str):
        raise Malformed("supported-versions is missing", Status.NO_VERSION)
    majors = {word.partition(".")[0] for word in _words(versions)}
    # "When a major version is announced ... it also supports all previous minor versions."
    if VERSION.partition(".")[0] not in majors:
        raise Malformed(f"no version of {versions!r} is {VERSION}", Status.UNSUPPORTED_VERSION)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]
