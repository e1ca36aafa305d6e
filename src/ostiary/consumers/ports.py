"""What a decision about a credential asks of whoever keeps them."""

from collections.abc import Iterable
from typing import Protocol

from ostiary.consumers.certificates import CertificateCredential, CertificateRule
from ostiary.consumers.model import CredentialType, Known


class Directory(Protocol):
    """Credentials by what clients name. Asked at first sight of a credential, never per request."""

    def find(self, kind: CredentialType, name: str) -> Known | None:
        """The credential of this type with this id, inactive ones too; None if there is none.

        For basic-auth ``name`` is the user's username or the app's id.
        Raises OSError when the directory can't be asked: nobody is let in then.
        """


class Certificates(Protocol):
    """Credentials of type certificate. Asked likewise; each may raise OSError likewise."""

    def certificate(self, name: str) -> CertificateCredential | None:
        """The one of this name, inactive ones too, as it is now."""

    def rules(self) -> Iterable[tuple[str, tuple[CertificateRule, ...]]]:
        """The names of all, the oldest first, each with its rules: for an index."""
