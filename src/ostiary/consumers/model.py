"""What is known of a consumer and of a credential, as far as a decision needs it."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class ConsumerKind(StrEnum):
    """A consumer is a user, or an app that a user owns."""

    USER = "user"
    APP = "app"


class CredentialType(StrEnum):
    """How a consumer shows who it is. The names are those of Express Gateway's policies."""

    KEY_AUTH = "key-auth"
    BASIC_AUTH = "basic-auth"
    JWT = "jwt"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """Who a credential belongs to."""

    id: UUID
    kind: ConsumerKind
    name: str
    """A user's username, an app's name."""
    active: bool
    """An app of a user who is not active isn't either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One credential of a consumer."""

    type: CredentialType
    id: str
    """What the client names: a key's id, a JWT's subject, a consumer's name for basic-auth."""
    secret: str = ""
    """How the secret is kept (``consumers.secrets``); empty where the type has none."""
    scopes: frozenset[str] = frozenset()
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A credential together with its consumer. Either may be inactive."""

    consumer: Consumer
    credential: Credential
