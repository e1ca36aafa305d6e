"""The folders of a gateway. Commands look here too, so nothing else is imported with it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where the gateway keeps what it must remember."""

    state: Path

    @property
    def run(self) -> Path:
        """Sockets and the link to the engine's configuration."""
        return self.state / "run"

    @property
    def intermediates(self) -> Path:
        """Verified intermediates, so that resumed sessions can be judged after a restart."""
        return self.state / "intermediates.pem"

    @property
    def ocsp(self) -> Path:
        """OCSP answers, so that a restart needn't ask for all of them again."""
        return self.state / "ocsp-answers"

    @property
    def lists(self) -> Path:
        """Last good copies of revocation lists."""
        return self.state / "lists"
