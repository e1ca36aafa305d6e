"""Trust anchors as a set: each once, and hashed once however many policies share them."""

import hashlib
from collections.abc import Iterable
from functools import cached_property
from typing import Self

from ostiary.x509.certificate import Certificate


class AnchorSet(tuple[Certificate, ...]):
    """Certificates that end a path. A thousand APIs may trust ten thousand of them: policies hold
    the same set, and ask it for its ``id`` instead of hashing every certificate again."""

    def __new__(cls, anchors: Iterable[Certificate] = ()) -> Self:
        """Keep the order, leave out repetitions; a set is returned as it is."""
        if type(anchors) is cls:
            return anchors
        return super().__new__(cls, dict.fromkeys(anchors))

    @cached_property
    def id(self) -> str:
        """Hash of the content, 64 hex digits; the order does not matter."""
        digest = hashlib.sha256()
        for fingerprint in sorted(anchor.sha256 for anchor in self):
            digest.update(fingerprint)
        return digest.hexdigest()
