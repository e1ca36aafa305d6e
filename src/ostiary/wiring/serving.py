"""What serves, and whether something else would be served by the same files."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ostiary.compiler.bundle import Bundle, Place
from ostiary.services.prepare import Prepared
from ostiary.trust.policy import TrustPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A configuration is in force."""

    revision: int
    """The engine's files that serve it."""
    reloaded: bool
    """False: only the agent's judgement changed; no worker was started."""


@dataclass(frozen=True, slots=True)
class Serving:
    """The engine's files that serve; their digest alone, since private keys are among them."""

    place: Place
    digest: bytes
    policies: Mapping[str, TrustPolicy]
    engine: object


async def same_files(prepared: Prepared, serving: Serving) -> bool:
    """Whether these would be the engine's files; without a look where only lists or who is blocked
    changed, which shall act at once however much there is to compile."""
    if prepared.engine is serving.engine:
        return True
    bundle = await asyncio.to_thread(prepared.bundle, serving.place)
    return digest_of(bundle) == serving.digest


def digest_of(bundle: Bundle) -> bytes:
    """SHA-256 of all files and their names."""
    digest = hashlib.sha256()
    for name, content in sorted(bundle.files.items()):
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.digest()
