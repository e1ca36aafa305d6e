"""What a decision about a credential asks of whoever keeps them."""

from typing import Protocol

from ostiary.consumers.model import CredentialType, Known


class Directory(Protocol):
    """Credentials by what clients name. Asked at first sight of a credential, never per request."""

    def find(self, kind: CredentialType, name: str) -> Known | None:
        """The credential of this type with this id, inactive ones too; None if there is none.

        For basic-auth ``name`` is the user's username or the app's id.
        Raises OSError when the directory can't be asked: nobody is let in then.
        """
