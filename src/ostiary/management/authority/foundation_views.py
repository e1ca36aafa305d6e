"""What is shown of an authority that was made, or followed up, just now."""

from dataclasses import dataclass

from ostiary.management.authority.views import IssuedView
from ostiary.management.views import View


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundedView(View):
    """A new authority."""

    root: IssuedView
    issuing: IssuedView
    certificate: str
    """The root's, PEM."""
    folder: str
    """The authority's: keys, ledger, profile."""
    profile: str
    """The file that says what may be issued."""
    passphrase: str
    """The file that opens the keys."""
    lists: tuple[str, ...]
    """Files the first revocation lists were written to."""
    publish: str | None
    component: int | None
    """Of the certificate library; None where the gateway does not have the root."""
    trusted: bool
    """Whether the gateway trusts the root from now on."""
    warnings: tuple[str, ...]
    next_steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RotatedView(View):
    """The issuing authority that took over."""

    issued: IssuedView
    before: str
    """Name of the one that issued until now; empty where none was good any more."""
    chain: str
    """PEM: it and the root, as everybody gets it from now on to verify with."""
    lists: tuple[str, ...]
    """Files the new revocation lists were written to."""
    warnings: tuple[str, ...]
    next_steps: tuple[str, ...]
